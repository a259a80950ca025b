"""Annotation files, sessions and slides that are opened again: what was drawn comes back once, and is written."""

import errno
import gc
import os
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from drawing import OTHER, SQUARE, THIRD, Window
from geneglass.data.annotation import Domain
from geneglass.data.cohort import Cohort, read_cohort
from geneglass.data.geojson import write_domains
from geneglass.viewer.keeping import SAVED_AGAIN

pytestmark = pytest.mark.usefixtures("qapp")


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
