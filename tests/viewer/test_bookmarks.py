"""Places that are kept on slides: two windows on one slide, and a file that can not be read."""

from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel

from geneglass.data.bookmark import Bookmark, read_bookmarks
from geneglass.data.cohort import read_cohort
from geneglass.viewer.bookmarks import Bookmarks, bookmarks_of, file_of, slide_of
from geneglass.viewer.session import session_of

pytestmark = pytest.mark.usefixtures("qapp")
ONE, TWO, THREE = (Bookmark((10.0 * n, 20.0), 1.0, f"note {n}") for n in (1, 2, 3))


def places(small_cohort: Path) -> tuple[Any, Bookmarks]:
    """Return a viewer with the section "left" open, and its places; the viewer is to be held."""
    viewer = ViewerModel()
    session, cohort = session_of(viewer), read_cohort(small_cohort)
    session.set_cohort(cohort)
    session.open_section(cohort.sections[0])
    return viewer, bookmarks_of(viewer)


@pytest.fixture
def file(small_cohort: Path) -> Path:
    return file_of(slide_of(read_cohort(small_cohort).sections[0]))


def test_two_windows_on_one_slide_lose_nothing_of_each_other(small_cohort: Path, file: Path) -> None:
    (_a, one), (_b, other) = places(small_cohort), places(small_cohort)
    assert one.here == other.here == ()
    one.add(ONE)
    other.add(TWO)
    assert one.here == other.here == read_bookmarks(file) == (ONE, TWO)
    one.remove(0)
    other.set_note(0, "read")
    assert [item.note for item in read_bookmarks(file)] == ["read"]
    assert one.here == other.here == read_bookmarks(file)


def test_a_file_that_can_not_be_read_is_left_as_it_is(small_cohort: Path, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text('{"places": [{"centre', encoding="utf-8")
    damaged = file.read_bytes()
    viewer, kept = places(small_cohort)
    said: list[str] = []
    session_of(viewer).message.connect(said.append)
    assert kept.here == ()
    kept.add(ONE)
    kept.add(TWO)
    assert file.read_bytes() == damaged
    assert kept.here == (ONE, TWO)
    assert "can not be read" in said[-1]
    file.unlink()
    kept.add(THREE)
    assert kept.here == read_bookmarks(file) == (ONE, TWO, THREE)


def test_what_one_window_could_not_write_is_not_lost_by_the_next_of_another(
    small_cohort: Path, file: Path, disk: Any
) -> None:
    (_a, one), (_b, other) = places(small_cohort), places(small_cohort)
    assert other.here == ()
    disk.full = True
    one.add(ONE)
    assert not file.exists()
    disk.full = False
    other.add(TWO)
    assert read_bookmarks(file) == (TWO,)
    assert set(one.here) == {ONE, TWO}
    one.add(THREE)
    assert set(read_bookmarks(file)) == {ONE, TWO, THREE}
