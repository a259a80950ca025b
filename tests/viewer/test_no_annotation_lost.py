"""Whatever becomes of section, cohort, layer and disk right after something was drawn: it is on disk, and comes back.

Nothing here waits for the autosave's timer: what is left sooner must not be lost.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from drawing import OTHER, SQUARE, THIRD, TRIANGLE_PX, Window
from geneglass.data.cohort import read_cohort
from geneglass.viewer.domains import domains_of
from geneglass.viewer.slide_list import badges

pytestmark = pytest.mark.usefixtures("qapp")


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
