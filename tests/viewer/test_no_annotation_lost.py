"""Whatever becomes of section, cohort, layer and disk right after something was drawn: it is on disk, and comes back.

Nothing here waits for the autosave's timer: what is left sooner must not be lost.
"""

import errno
import gc
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from napari.components import ViewerModel

from geneglass.data.annotation import Domain
from geneglass.data.cohort import Cohort, read_cohort
from geneglass.data.geojson import write_domains
from geneglass.data.recovery import Recovery
from geneglass.data.section import open_section
from geneglass.viewer.annotating import Annotating, annotating_of
from geneglass.viewer.desk import data_folder
from geneglass.viewer.domains import domains_of
from geneglass.viewer.keeping import SAVED_AGAIN
from geneglass.viewer.session import Session, session_of
from geneglass.viewer.slide_list import badges

pytestmark = pytest.mark.usefixtures("qapp")
SQUARE, OTHER, THIRD = (shapely.box(x, 30, x + 120, 190) for x in (20, 160, 300))
CORNERS_YX = np.array([[200.0, 30], [300, 30], [300, 130]])
TRIANGLE_PX = 100 * 100 / 2


class Window:
    """A viewer with the small cohort, its section "left" open; no window."""

    def __init__(self, cohort: Cohort) -> None:
        self.viewer = ViewerModel()
        self.hand: Annotating = annotating_of(self.viewer)
        self.session: Session = session_of(self.viewer)
        self.session.set_cohort(cohort)
        self.open(0)
        self.hand.keeping.wait()
        self.hand.keep()

    def open(self, index: int) -> None:
        self.session.set_section(open_section(self.session.cohort.sections[index]))

    def draw(self, shape: Any, name: str = "Tumor") -> Domain:
        self.hand.set_name(name)
        self.hand.do((*self.session.domains, self.hand.make(shape)), f"Draw {name}")
        return self.session.domains[-1]

    def half_draw(self) -> None:
        """Set three corners of a polygon that is not finished."""
        view = domains_of(self.viewer)
        view.take_tool("add_polygon", (1, 2, 3))
        view.layer.add(CORNERS_YX, shape_type="path", gui=True)
        assert len(view.unfinished) == 1

    def offered(self, slide: Any) -> tuple[Domain, ...]:
        """Return what a window that opens the slide now would be offered."""
        self.hand.keeping.wait()
        recovery = Recovery(data_folder() / "recovery", slide.content_hash())
        found = recovery.left_behind().domains
        recovery.close()
        return found

    def close(self) -> None:
        """End as a window that is closed: what it has open is left to the next one."""
        self.hand.flush()
        self.session.set_cohort(Cohort(Path("none.toml"), ()))
        self.hand.keeping.wait()


@pytest.fixture
def window(small_cohort: Path) -> Window:
    return Window(read_cohort(small_cohort))


def draw(window: Window) -> None:
    window.draw(THIRD)


def rename(window: Window) -> None:
    window.hand.rename(window.session.domains[0].id, "Nest")


def delete(window: Window) -> None:
    window.hand.delete(window.session.domains[0].id)


def undo(window: Window) -> None:
    window.hand.undo()


def half_draw(window: Window) -> None:
    window.half_draw()


def half_draw_and_remove_the_layer(window: Window) -> None:
    window.half_draw()
    window.viewer.layers.remove(domains_of(window.viewer).layer)


DEEDS: dict[Callable[[Window], None], list[tuple[str, float]]] = {
    draw: [("Tumor", SQUARE.area), ("Stroma", OTHER.area), ("Tumor", THIRD.area)],
    rename: [("Nest", SQUARE.area), ("Stroma", OTHER.area)],
    delete: [("Stroma", OTHER.area)],
    undo: [("Tumor", SQUARE.area)],
    half_draw: [("Tumor", SQUARE.area), ("Stroma", OTHER.area), ("Stroma", TRIANGLE_PX)],
    half_draw_and_remove_the_layer: [("Tumor", SQUARE.area), ("Stroma", OTHER.area), ("Stroma", TRIANGLE_PX)],
}


@pytest.mark.parametrize("saved", [False, True], ids=["nothing on disk yet", "the rest on disk"])
@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_what_was_done_just_before_the_next_slide_is_on_disk_and_in_the_session(
    window: Window, deed: Callable[[Window], None], saved: bool
) -> None:
    session, slide = window.session, window.session.section.slide
    window.draw(SQUARE)
    window.draw(OTHER, "Stroma")
    if saved:
        window.hand.flush()
    deed(window)
    window.open(1)
    assert session.domains == ()
    left = session.cohort.sections[0]
    assert [(domain.name, domain.shape.area) for domain in session.drawn[left]] == DEEDS[deed]
    count = len(DEEDS[deed])
    assert badges(session, left)[-1] == ("1 domain" if count == 1 else f"{count} domains")
    assert window.offered(slide) == session.drawn[left]
    window.open(0)
    assert session.domains == session.drawn[left]
    window.close()


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_what_was_done_just_before_the_next_cohort_is_on_disk(window: Window, deed: Callable[[Window], None]) -> None:
    slide = window.session.section.slide
    window.draw(SQUARE)
    window.draw(OTHER, "Stroma")
    deed(window)
    cohort = window.session.cohort
    window.session.set_cohort(replace(cohort, sections=cohort.sections[1:]))
    assert window.session.section is None
    assert [(domain.name, domain.shape.area) for domain in window.offered(slide)] == DEEDS[deed]
    window.session.set_cohort(cohort)
    window.open(0)
    assert [(domain.name, domain.shape.area) for domain in window.session.domains] == DEEDS[deed]
    window.close()


def test_sections_of_one_slide_share_what_is_drawn_and_what_is_taken_away(small_cohort: Path) -> None:
    cohort = read_cohort(small_cohort)
    left = cohort.sections[0]
    window = Window(replace(cohort, sections=(left, replace(left, name="again"), cohort.sections[1])))
    session, slide = window.session, window.session.section.slide
    window.draw(SQUARE)
    window.half_draw()
    window.open(1)
    assert [domain.shape.area for domain in session.domains] == [SQUARE.area, TRIANGLE_PX]
    window.hand.delete(session.domains[0].id)
    assert session.drawn[left] == session.drawn[replace(left, name="again")] == session.domains
    window.open(0)
    window.hand.keeping.wait()
    window.hand.keep()
    assert [domain.shape.area for domain in session.domains] == [TRIANGLE_PX]
    assert window.hand.kept.domains == ()
    window.open(2)
    assert window.offered(slide) == session.drawn[left]
    window.close()


@pytest.fixture
def annotated(small_cohort: Path, tmp_path: Path) -> tuple[Cohort, tuple[Domain, ...]]:
    """Return the small cohort with an annotation file of "left", and what is in it."""
    domains = (Domain("Duct", SQUARE), Domain("Vessel", OTHER))
    write_domains(tmp_path / "drawn.geojson", domains)
    cohort = read_cohort(small_cohort)
    first = replace(cohort.sections[0], annotations=tmp_path / "drawn.geojson")
    return replace(cohort, sections=(first, cohort.sections[1])), domains


def test_what_was_changed_of_an_annotation_file_comes_back_changed(
    annotated: tuple[Cohort, tuple[Domain, ...]],
) -> None:
    cohort, (duct, vessel) = annotated
    window = Window(cohort)
    assert window.session.domains == (duct, vessel)
    window.hand.rename(duct.id, "Nest")
    changed = window.session.domains[0]
    window.close()

    again = Window(cohort)
    assert again.session.domains == (duct, vessel)
    assert changed in again.hand.kept.domains
    drawn = again.draw(THIRD)
    again.close()

    last = Window(cohort)
    assert set(last.hand.kept.domains) == {changed, vessel, drawn}
    last.hand.bring_back()
    assert last.session.domains == (changed, vessel, drawn)
    last.hand.undo()
    assert last.session.domains == (duct, vessel)
    last.close()


def test_of_a_domain_that_was_changed_twice_both_forms_come_back(annotated: tuple[Cohort, tuple[Domain, ...]]) -> None:
    cohort, (duct, _) = annotated
    window = Window(cohort)
    window.hand.rename(duct.id, "Nest")
    window.close()
    again = Window(cohort)
    again.hand.rename(duct.id, "Gland")
    again.hand.bring_back()
    assert [domain.name for domain in again.session.domains] == ["Gland", "Vessel", "Nest"]
    again.close()


def test_an_annotation_file_that_gives_no_ids_is_not_doubled(small_cohort: Path, tmp_path: Path) -> None:
    outline = shapely.to_geojson(SQUARE)
    (tmp_path / "drawn.geojson").write_text(f'{{"type": "Feature", "geometry": {outline}, "properties": {{}}}}')
    cohort = read_cohort(small_cohort)
    first = replace(cohort.sections[0], annotations=tmp_path / "drawn.geojson")
    cohort = replace(cohort, sections=(first, cohort.sections[1]))
    window = Window(cohort)
    drawn = window.draw(OTHER)
    window.session.set_cohort(replace(cohort, sections=cohort.sections[1:]))
    window.session.set_cohort(cohort)
    window.open(0)
    assert len(window.session.domains) == 2
    window.close()
    again = Window(cohort)
    again.hand.bring_back()
    assert [domain.shape for domain in again.session.domains] == [SQUARE, drawn.shape]
    again.close()


def test_the_annotation_file_of_a_cohort_is_shown_though_its_slide_was_open_alone(
    annotated: tuple[Cohort, tuple[Domain, ...]],
) -> None:
    cohort, domains = annotated
    alone = replace(cohort.sections[0], annotations=None, spots=None)
    window = Window(replace(cohort, sections=(alone,)))
    window.session.set_cohort(cohort)
    window.open(0)
    assert window.session.domains == domains
    for domain in domains:
        window.hand.delete(domain.id)
    window.session.set_cohort(replace(cohort, sections=cohort.sections[1:]))
    window.session.set_cohort(cohort)
    window.open(0)
    assert window.session.domains == (), "what was taken away comes back"
    window.close()


def test_a_session_that_is_opened_again_adds_what_it_holds(window: Window) -> None:
    session, slide = window.session, window.session.section.slide
    drawn, stored = window.draw(SQUARE), Domain("Stroma", OTHER)
    session.drawn[session.source] = (stored,)
    window.open(0)
    assert session.domains == (drawn, stored)
    assert window.hand.history.to_undo == "Open domains"
    window.open(1)
    assert window.offered(slide) == (drawn, stored)
    window.close()


def test_what_can_not_be_written_is_told_and_tried_until_it_is(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    session, slide = window.session, window.session.section.slide
    session.message.connect(said.append)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", _full)
        window.draw(SQUARE)
        assert said == []
        for _ in range(4):
            window.hand.keep()
            window.hand.keeping.wait()
        assert len(said) == 1, "one failure is told once, however often it is tried"
        assert "not saved" in said[0]
        assert "the disk is full" in said[0]
        assert "the disk is full" in window.hand.keeping.unsaved
        second = window.draw(OTHER)
        assert len(said) == 2, "who draws on is told again"
        # Also with nothing open.
        session.set_cohort(replace(session.cohort, sections=session.cohort.sections[1:]))
        window.hand.keep()
        assert window.offered(slide) == ()
        assert window.hand.keeping.unsaved
        assert window.hand._timer.isActive()
    for _ in range(2):
        window.hand.keep()
        window.hand.keeping.wait()
    assert window.hand.keeping.unsaved == ""
    assert said[-1] == SAVED_AGAIN
    assert len(window.offered(slide)) == 2
    assert window.offered(slide)[-1] == second
    window.close()


def test_an_error_that_nobody_foresaw_is_raised_once_and_tried_again(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no")

    slide = window.session.section.slide
    with monkeypatch.context() as patched:
        patched.setattr("geneglass.data.recovery.write_domains", fail)
        drawn = window.draw(SQUARE)
        window.hand.keep()
        window.hand.keeping.wait()
        with pytest.raises(RuntimeError, match="no"):
            window.hand.keep()
        window.hand.keeping.wait()
        window.hand.keep()
        window.hand.keeping.wait()
    window.hand.keep()
    window.open(1)
    assert window.offered(slide) == (drawn,)
    window.close()


def _full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_viewer_that_is_gone_leaves_its_slide_to_the_next_one(small_cohort: Path) -> None:
    cohort = read_cohort(small_cohort)
    window = Window(cohort)
    drawn = window.draw(SQUARE)
    window.hand.flush()
    del window
    gc.collect()
    again = Window(cohort)
    assert again.hand.kept.domains == (drawn,)
    again.close()


def test_what_a_section_is_left_with_before_it_is_known_what_was_there_is_written(small_cohort: Path) -> None:
    first = Window(read_cohort(small_cohort))
    old = first.draw(SQUARE)
    first.close()
    window = Window(read_cohort(small_cohort))
    window.open(1)
    window.open(0)
    new = window.draw(OTHER)
    slide = window.session.section.slide
    window.open(1)
    assert set(window.offered(slide)) == {old, new}
    window.open(0)
    window.hand.keeping.wait()
    window.hand.keep()
    assert window.hand.kept.domains == (old,), "what nobody has answered to is offered again, alone"
    window.close()
