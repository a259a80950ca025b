"""Domains on disk while they are drawn: whatever happens to slide and disk, what was drawn is written."""

from dataclasses import replace
from pathlib import Path

import pytest

from autosaving import A, B, Disk, offered, on_disk, opened, save
from geneglass.data.geojson import read_domains
from geneglass.data.section import Section
from geneglass.errors import InputError
from geneglass.viewer.autosave import Autosave


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
