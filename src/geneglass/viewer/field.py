"""Which part of the slide a viewer shows, in the slide's own pixels: read, and gone to. No Qt in here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from psygnal import Signal

from geneglass.data.cohort import SectionSource
from geneglass.data.section import Section
from geneglass.viewer.compare import Compare, compare_of

Pair = tuple[float, float]


@dataclass(frozen=True)
class View:
    """What lies in the middle, (y, x) in level-0 pixels from the slide's corner, and screen pixels per such pixel."""

    centre_yx_px: Pair
    zoom: float


class Field:
    """The view of one viewer; get it with `field_of`.

    Attributes
    ----------
    moved
        Emitted when the view moves, its zoom changes or the canvas gets another size.
    """

    moved = Signal()

    def __init__(self, viewer: Any, compare: Compare) -> None:
        self._viewer = ref(viewer)
        self._compare = compare
        self._session = compare.session
        self._plan: tuple[SectionSource, Callable[[Section], View | None]] | None = None
        for event in (viewer.scene.camera.events.center, viewer.scene.camera.events.zoom, viewer.canvas.events.size):
            event.connect(self._on_moved)
        self._session.section_changed.connect(self._on_section_changed)

    def now(self) -> View | None:
        """Return the view of the open section; None with nothing open."""
        viewer, section = self._viewer(), self._session.section
        if viewer is None or section is None:
            return None
        um = um_per_px(section)
        y, x = viewer.scene.camera.center[-2:]
        return View((float(y) / um + 0.5, float(x) / um + 0.5), float(viewer.scene.camera.zoom) * um)

    def size_yx_px(self) -> Pair | None:
        """Return height and width of what one pane shows, in level-0 pixels."""
        viewer, view = self._viewer(), self.now()
        if viewer is None or view is None:
            return None
        height, width = viewer.canvas.viewbox_size(viewer.layers)
        return float(height) / view.zoom, float(width) / view.zoom

    def go(self, view: View) -> None:
        """Show a view of the open section."""
        viewer, section = self._viewer(), self._session.section
        if viewer is None or section is None:
            return
        um = um_per_px(section)
        camera = viewer.scene.camera
        camera.zoom = view.zoom / um
        y, x = view.centre_yx_px
        camera.center = (*camera.center[:-2], (y - 0.5) * um, (x - 0.5) * um)

    def centre_on(self, centre_yx_px: Pair) -> None:
        """Move a place of the open section into the middle, at the same zoom."""
        view = self.now()
        if view is not None:
            self.go(View(centre_yx_px, view.zoom))

    def plan(self, source: SectionSource, make: Callable[[Section], View | None]) -> None:
        """Go to a view as soon as a section is open, instead of showing all of it.

        Parameters
        ----------
        source
            The section; with another one the plan is dropped.
        make
            The opened section -> the view; None shows all.
        """
        self._plan = (source, make)

    def settle(self) -> None:
        """Go where it was planned, else show all; called when the window is laid out for a section."""
        if not self._go_as_planned():
            self._compare.show_all()
        self._plan = None

    def _on_section_changed(self) -> None:
        if self._plan is not None and self._session.source not in (None, self._plan[0]):
            self._plan = None
        self._go_as_planned()

    def _go_as_planned(self) -> bool:
        section = self._session.section
        if self._plan is None or section is None or self._session.source != self._plan[0]:
            return False
        view = self._plan[1](section)
        if view is not None:
            self.go(view)
        return view is not None

    def _on_moved(self, _: object = None) -> None:
        self.moved.emit()


def um_per_px(section: Section) -> float:
    """Return the viewer's units per level-0 pixel: micrometres where the pixel size is known, else 1."""
    return 1.0 if section.mpp is None else float(section.mpp)


def extent_yx_px(section: Section) -> Pair:
    """Return height and width of a section in level-0 pixels; without a slide, as far as its spots reach."""
    if section.slide is not None:
        level = section.slide.levels[0]
        return float(level.height_px), float(level.width_px)
    if not len(section.centres_yx):
        return 1.0, 1.0
    bottom, right = np.maximum(section.centres_yx.max(axis=0), 1.0)
    return float(bottom), float(right)


_FIELDS: "WeakKeyDictionary[Any, Field]" = WeakKeyDictionary()


def field_of(viewer: Any) -> Field:
    """Return the field of view of a napari viewer, made at the first call; it lives as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _FIELDS:
        _FIELDS[model] = Field(model, compare_of(model))
    return _FIELDS[model]
