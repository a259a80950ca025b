"""A prediction that appears while it is made: its parts go to the session, and the view stays where it is."""

from collections.abc import Iterable
from typing import Any
from weakref import ref

import numpy as np
from anndata import AnnData

from geneglass.errors import InputError
from geneglass.viewer.compare import compare_of
from geneglass.viewer.field import extent_yx_px, field_of
from geneglass.viewer.session import Session, session_of
from geneglass.workflow.blocks import View
from geneglass.workflow.dense import Part
from geneglass.workflow.events import Event

CLOSE_UP = 0.9
"""Of the section's height or width: a view that shows less of both is somebody's choice, and is kept."""


class Growing:
    """Shows the parts of one viewer's running prediction.

    Parameters
    ----------
    viewer
        A napari viewer; held weakly.

    Attributes
    ----------
    table
        The prediction that grows, or has stopped growing; None where the last one had no parts.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = ref(getattr(viewer, "__wrapped__", viewer))
        self._session: Session = session_of(viewer)
        self.table: AnnData | None = None

    def in_view(self) -> View | None:
        """Return the part of the open section that is in view, in micrometres; None where nothing says how large."""
        viewer, section = self._viewer(), self._session.section
        if viewer is None or section is None or section.mpp is None:
            return None
        field = field_of(viewer)
        now, size = field.now(), field.size_yx_px()
        if now is None or size is None:
            return None
        (y, x), (height, width), mpp = now.centre_yx_px, size, float(section.mpp)
        return View((y - height / 2) * mpp, (x - width / 2) * mpp, (y + height / 2) * mpp, (x + width / 2) * mpp)

    def begin(self) -> None:
        """Forget the last prediction."""
        self.table = None

    def take(self, events: Iterable[Event]) -> None:
        """Show the parts among some events."""
        parts = [event for event in events if isinstance(event, Part)]
        for part in parts:
            part.take()
        if not parts:
            return
        if self.table is not parts[-1].table:
            self.table = parts[-1].table
            try:
                self.show(self.table)
            except InputError:
                # Another section was opened meanwhile: the file is written all the same.
                return
        viewer = self._viewer()
        if viewer is not None and self._session.prediction is self.table:
            compare_of(viewer).redraw()

    def show(self, prediction: AnnData) -> None:
        """Hand a prediction to the session; whoever looks at a part of the slide goes on looking at it.

        Raises
        ------
        InputError
            When it is of another section than the open one.
        """
        viewer = self._viewer()
        if viewer is None:
            self._session.set_prediction(prediction)
            return
        if not compare_of(viewer).laying_out:
            _stay(viewer, self._session)
        with compare_of(viewer).in_turns():
            self._session.set_prediction(prediction)

    def covered(self) -> float:
        """Return the share of the tissue that the open prediction covers; 0 without one."""
        return float(self._session.provenance.get("covered", 1.0)) if self._session.prediction is not None else 0.0


def _stay(viewer: Any, session: Session) -> None:
    field, section = field_of(viewer), session.section
    now, size = field.now(), field.size_yx_px()
    if section is None or session.source is None or now is None or size is None:
        return
    # All spots in view are no close-up, however large the slide around them.
    spots_yx = section.centres_yx
    extent = np.ptp(spots_yx, axis=0) if len(spots_yx) else extent_yx_px(section)
    if all(shown < CLOSE_UP * whole for shown, whole in zip(size, extent, strict=True)):
        field.plan(session.source, lambda _: now)
