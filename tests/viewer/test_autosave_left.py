"""What was drawn on slides that were left: written, offered again, and forgotten only then."""

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autosaving import A_NAMED, A, B, Disk, offered, on_disk, opened, save
from geneglass.data.cohort import find_section
from geneglass.data.section import Section, open_section
from geneglass.errors import InputError


def test_what_can_not_be_looked_through_keeps_nothing_from_being_written(
    tmp_path: Path, left: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened(tmp_path, left)
    save(first, A)
    first.close()
    first.wait()
    with monkeypatch.context() as patched:
        patched.setattr("geneglass.data.recovery._is_free", raising(PermissionError(errno.EACCES, "Permission denied")))
        autosave = opened(tmp_path, left)
        with pytest.raises(InputError, match=r"can not be read in .*: Permission denied"):
            autosave.found()
        autosave.wait()
        assert autosave.found() is None, "it is told once"
        save(autosave, B)
        assert set(on_disk(tmp_path)) == {A, B}
        assert autosave.unsaved is None
    autosave.wait()
    assert autosave.found() is None
    autosave.wait()
    kept = autosave.found()
    assert kept is not None
    assert kept.domains == (A,)
    autosave.close()


def test_an_error_that_nobody_foresaw_is_tried_again_too(
    tmp_path: Path, left: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    autosave = opened(tmp_path, left)
    with monkeypatch.context() as patched:
        patched.setattr("geneglass.data.recovery.write_domains", raising(PermissionError(errno.EACCES, "no")))
        save(autosave, A)
        autosave.save((A,))
        assert isinstance(autosave.unsaved, PermissionError)
        autosave.wait()
    save(autosave, A)
    assert on_disk(tmp_path) == (A,)
    autosave.close()


def raising(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def test_what_was_left_is_forgotten_only_when_it_is_written_again(tmp_path: Path, left: Section, disk: Disk) -> None:
    first = opened(tmp_path, left)
    save(first, A)
    first.close()
    first.wait()
    autosave = opened(tmp_path, left)
    kept = autosave.found()
    assert kept is not None
    disk.full = True
    autosave.take_over((A, B))
    autosave.wait()
    assert on_disk(tmp_path) == (A,)
    disk.full = False
    for _ in range(2):
        save(autosave, B)
    assert on_disk(tmp_path) == (B,), "what was taken away meanwhile comes back"
    assert not kept.files[0].exists()
    autosave.close()


def test_what_waits_for_an_answer_is_not_hidden_by_its_own_older_form(tmp_path: Path, left: Section) -> None:
    annotated = replace(left, domains=(A,))
    first = opened(tmp_path, annotated)
    save(first, A_NAMED)
    first.close()
    first.wait()
    autosave = opened(tmp_path, annotated)
    kept = autosave.found()
    assert kept is not None
    assert kept.domains == (A_NAMED,)
    save(autosave, A, B)
    autosave.close()
    autosave.wait()
    assert set(offered(tmp_path, annotated)) == {A_NAMED, B}
    autosave.open(annotated)
    assert autosave.joined((A, B), kept.domains) == (A_NAMED, B)
    autosave.close()


def test_what_was_put_aside_is_in_no_file_that_is_offered(tmp_path: Path, left: Section) -> None:
    first = opened(tmp_path, left)
    save(first, A)
    first.close()
    first.wait()
    autosave = opened(tmp_path, left)
    assert autosave.found() is not None
    save(autosave, B)
    assert set(on_disk(tmp_path)) == {A, B}
    autosave.put_aside()
    autosave.close()
    autosave.wait()
    assert offered(tmp_path, left) == (B,)


def test_a_picture_that_is_closed_before_its_digest_is_known_loses_nothing(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "slide.png")
    source = find_section(tmp_path / "slide.png")
    closed = open_section(replace(source, mpp=0.5))
    closed.close()
    autosave = opened(tmp_path / "recovery", closed)
    save(autosave, A)
    autosave.close()
    autosave.wait()
    section = open_section(replace(source, mpp=0.5))
    again = opened(tmp_path / "recovery", section)
    kept = again.found()
    assert kept is not None
    assert kept.domains == (A,)
    again.take_over((A,))
    again.close()
    again.wait()
    assert on_disk(tmp_path / "recovery") == (A,)
    assert offered(tmp_path / "recovery", section) == (A,)
    section.close()
