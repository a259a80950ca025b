"""Domains on disk while they are drawn: whatever happens to slide and disk, what was drawn is written."""

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from geneglass.data.annotation import Domain
from geneglass.data.cohort import find_section
from geneglass.data.geojson import read_domains
from geneglass.data.section import Section, open_section
from geneglass.errors import InputError
from geneglass.viewer.autosave import Autosave

A, B = Domain("Tumor", shapely.box(20, 30, 220, 190)), Domain("Stroma", shapely.box(250, 30, 400, 190))
A_NAMED = replace(A, name="Nest")


class Disk:
    """A disk that can be full."""

    full = False

    def sync(self, _handle: int) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.sync)
    return disk


@pytest.fixture
def left(small_cohort: Path) -> Iterator[Section]:
    with_slide = open_section(find_section(f"{small_cohort}#left"))
    yield with_slide
    with_slide.close()


@pytest.fixture
def right(small_cohort: Path) -> Iterator[Section]:
    with_slide = open_section(find_section(f"{small_cohort}#right"))
    yield with_slide
    with_slide.close()


def opened(folder: Path, section: Section) -> Autosave:
    """Return the autosave of a new window that has looked for what was left of a section."""
    autosave = Autosave(folder)
    autosave.open(section)
    autosave.wait()
    return autosave


def save(autosave: Autosave, *domains: Domain) -> None:
    autosave.save(domains)
    autosave.wait()


def on_disk(folder: Path) -> tuple[Domain, ...]:
    """Return what all files of the folder hold, of open windows too."""
    return tuple(domain for path in folder.rglob("*.geojson") for domain in read_domains(path)[0])


def offered(folder: Path, section: Section) -> tuple[Domain, ...]:
    """Return what a new window would offer of a section."""
    autosave = opened(folder, section)
    kept = autosave.found()
    autosave.close()
    autosave.wait()
    assert kept is not None
    return kept.domains


def test_only_what_changed_is_written(tmp_path: Path, left: Section) -> None:
    autosave = opened(tmp_path, left)
    kept = autosave.found()
    assert kept is not None
    assert kept.domains == ()
    assert autosave.found() is None
    save(autosave, *left.domains)
    assert not list(tmp_path.rglob("*.geojson"))
    save(autosave, A)
    (file,) = tmp_path.rglob("*.geojson")
    assert read_domains(file)[0] == (A,)
    written = file.stat().st_mtime_ns
    save(autosave, A)
    assert file.stat().st_mtime_ns == written
    save(autosave)
    assert not file.exists(), "what was taken away would be offered again"
    autosave.close()


def test_what_changed_is_written_when_python_goes_and_starts_no_threads(tmp_path: Path, left: Section) -> None:
    autosave = opened(tmp_path, left)
    autosave._worker.shutdown()
    autosave.save((A,))
    autosave.close()
    assert on_disk(tmp_path) == (A,)


def test_what_is_handed_over_before_the_slide_is_left_is_written(tmp_path: Path, left: Section, right: Section) -> None:
    autosave = Autosave(tmp_path)
    autosave.open(left)
    autosave.save((A,))
    autosave.open(right)
    autosave.save((B,))
    autosave.close()
    autosave.wait()
    assert offered(tmp_path, left) == (A,)
    assert offered(tmp_path, right) == (B,)


def test_a_slide_that_is_opened_again_keeps_what_was_drawn_before(tmp_path: Path, left: Section) -> None:
    autosave = opened(tmp_path, left)
    save(autosave, A)
    autosave.open(replace(left, domains=(A,)))
    autosave.wait()
    assert on_disk(tmp_path) == (A,)
    kept = autosave.found()
    assert kept is not None
    assert kept.domains == (), "a window does not offer what it has drawn itself"
    save(autosave, A, B)
    autosave.close()
    autosave.wait()
    assert offered(tmp_path, left) == (A, B)


def test_a_slide_that_is_opened_again_is_written_though_another_window_took_its_file(
    tmp_path: Path, left: Section
) -> None:
    autosave = opened(tmp_path, left)
    save(autosave, A)
    autosave.close()
    autosave.wait()
    other = opened(tmp_path, left)
    assert other.found() is not None
    other.take_over((A,))
    other.save(())
    other.close()
    other.wait()
    assert on_disk(tmp_path) == ()
    autosave.open(replace(left, domains=(A,)))
    save(autosave, A)
    assert on_disk(tmp_path) == (A,)


def test_a_write_that_failed_is_tried_again_until_it_succeeds(tmp_path: Path, left: Section, disk: Disk) -> None:
    autosave = opened(tmp_path, left)
    disk.full = True
    for _ in range(3):
        save(autosave, A)
    autosave.save((A,))
    assert isinstance(autosave.unsaved, InputError)
    assert "the disk is full" in str(autosave.unsaved)
    autosave.wait()
    assert list(tmp_path.rglob("*.geojson")) == []
    disk.full = False
    save(autosave, A)
    save(autosave, A)
    assert autosave.unsaved is None
    assert on_disk(tmp_path) == (A,)
    autosave.close()


def test_a_slide_that_was_left_while_the_disk_was_full_is_written_later(
    tmp_path: Path, left: Section, right: Section, disk: Disk
) -> None:
    autosave = opened(tmp_path, left)
    disk.full = True
    autosave.save((A,))
    autosave.open(right)
    for _ in range(2):
        save(autosave)
    assert autosave.unsaved is not None
    autosave.close()
    disk.full = False
    for _ in range(2):
        save(autosave)
    assert autosave.unsaved is None
    assert offered(tmp_path, left) == (A,)


def test_a_folder_that_can_not_be_made_is_tried_again_and_told_once(tmp_path: Path, left: Section) -> None:
    folder = tmp_path / "recovery"
    folder.write_text("in the way")
    autosave = opened(folder, left)
    with pytest.raises(InputError, match="can not be made"):
        autosave.found()
    autosave.wait()
    assert autosave.found() is None
    save(autosave, A)
    autosave.save((A,))
    assert "can not be made" in str(autosave.unsaved)
    autosave.wait()
    folder.unlink()
    for _ in range(2):
        save(autosave, A)
        kept = autosave.found()
    assert kept is not None
    assert autosave.unsaved is None
    assert on_disk(folder) == (A,)
    autosave.close()


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
