"""The layers of a comparison: which of them are wanted, and how each is made."""

from dataclasses import dataclass

from napari.layers import Layer

from geneglass.overlay import LayerTuple, Layout
from geneglass.viewer.layers import drawn_as, places_layer, slide_layer, spots_layout, tiles_layout
from geneglass.viewer.panes import DIFFERENCE, MEASURED, PREDICTED, WITH_DIFFERENCE, Panes
from geneglass.viewer.session import Session

SLIDE, SLIDE_BESIDE, SLIDE_THIRD = "slide", "slide beside", "slide third"
SLIDES = (SLIDE, SLIDE_BESIDE, SLIDE_THIRD)
SIDES = (MEASURED, PREDICTED, DIFFERENCE)
_PANE = {SLIDE: "", SLIDE_BESIDE: ", second pane", SLIDE_THIRD: ", third pane"}


@dataclass(frozen=True)
class Shown:
    """A layer in the viewer; for places also where they are and which overlay draws them."""

    layer: Layer
    layout: Layout | None = None
    overlay: str = ""


def wanted_panes(session: Session, panes: Panes) -> list[list[str]]:
    """Return the roles in every pane, from left to right and from below."""
    has_slide = session.section is not None and session.section.slide is not None
    slides = SLIDES if has_slide else ()
    sides = _sides(session, panes)
    if not sides:
        return [[SLIDE]] if has_slide else []
    if panes.stacked:
        return [[*slides[:1], *sides]]
    return [[*slides[i : i + 1], side] for i, side in enumerate(sides)]


def _sides(session: Session, panes: Panes) -> list[str]:
    places = {MEASURED: session.measured_places, PREDICTED: session.predicted_places}
    there = [side for side in panes.order if (at := places[side]) is not None and len(at.names)]
    # A difference has a sign: it would say which side is which.
    compared = panes.mode == WITH_DIFFERENCE and session.on_spots and not panes.unlabelled
    return [*there, DIFFERENCE] if compared and len(there) > 1 else there


def make(role: str, session: Session, first_slide: Layer | None) -> tuple[LayerTuple, Layout | None, str]:
    """Return the layer of a role, and for places their layout and overlay.

    Parameters
    ----------
    role
        One that is wanted.
    session
        With a section.
    first_slide
        The slide's layer of the first pane, whose arrays the other panes read too.
    """
    section = session.section
    if section is None:
        raise ValueError("no section is open")
    if role in SLIDES:
        data, kwargs, kind = slide_layer(section, name=f"{section.name} H&E{_PANE[role]}")
        # Every pane reads the very arrays of the first, also where a reader made them.
        return (first_slide.data if first_slide is not None and role != SLIDE else data, kwargs, kind), None, ""
    places = session.predicted_places if role == PREDICTED else session.measured_places
    if places is None:
        raise ValueError(f"nothing is {role}")
    if role != PREDICTED or session.on_spots:
        layout, overlay = spots_layout(section, places), "spots"
    else:
        stride_um = float(session.provenance.get("stride_um", 0))
        layout, overlay = tiles_layout(section, places, stride_um=stride_um), "tiles"
    overlay = drawn_as(layout, overlay)
    return places_layer(layout, overlay, name=role), layout, overlay
