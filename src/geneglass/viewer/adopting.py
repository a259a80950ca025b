"""Takes over what napari's readers opened, and reuses their layers where they are just what is wanted."""

from functools import partial
from typing import Any, Protocol
from weakref import ref

from napari.layers import Layer
from qtpy.QtCore import QTimer

from geneglass.errors import InputError
from geneglass.overlay import LayerTuple
from geneglass.viewer.arrange import shows
from geneglass.viewer.opened import joined, opened_of
from geneglass.viewer.session import Session


class Owner(Protocol):
    """Whoever has layers in the viewer."""

    def owns(self, layer: Layer) -> bool:
        """Return whether a layer is its own."""
        ...


class Adopter:
    """Hands what a layer carries to the session.

    Parameters
    ----------
    viewer
        A napari viewer; held weakly.
    session
        Its session.
    owner
        Whose layers are not taken over; held weakly.
    """

    def __init__(self, viewer: Any, session: Session, owner: Owner) -> None:
        self._viewer = ref(viewer)
        self._session = session
        self._owner = ref(owner)
        self._incoming: Layer | None = None

    def adopt(self, layer: Layer) -> bool:
        """Take over what a reader opened; return whether that was done."""
        opened, viewer, owner, session = opened_of(layer), self._viewer(), self._owner(), self._session
        if opened is None or viewer is None or layer not in viewer.layers or owner is None or owner.owns(layer):
            return False
        self._incoming = layer
        try:
            if opened.cohort is not None:
                session.set_cohort(opened.cohort)
            if opened.section is not None:
                session.set_section(joined(session.section, opened.section))
            if opened.prediction is not None:
                session.set_prediction(opened.prediction)
        except InputError as error:
            session.message.emit(str(error))
            return False
        finally:
            self._incoming = None
        return True

    def adopt_later(self, layer: Layer) -> None:
        """Take over a layer that is just being inserted.

        The viewer is not done with it: it still selects the layer, which must not be gone by then.
        """
        QTimer.singleShot(0, partial(_adopt, ref(self), ref(layer)))

    def adopt_waiting_predictions(self) -> None:
        """Take the prediction that was opened before its section, if there is one."""
        viewer = self._viewer()
        if viewer is None or self._session.section is None or self._session.prediction is not None:
            return
        for layer in tuple(viewer.layers):
            opened = opened_of(layer)
            if opened is not None and opened.prediction is not None and self.adopt(layer):
                return

    def take(self, made: LayerTuple) -> Layer | None:
        """Return the layer that is being taken over, if it can stand in for a newly made one; once."""
        layer, viewer = self._incoming, self._viewer()
        if layer is None or viewer is None or layer not in viewer.layers or not shows(layer, made):
            return None
        self._incoming = None
        return layer

    def drop_unused(self) -> None:
        """Remove a reader's layer that others replace."""
        layer, self._incoming, viewer = self._incoming, None, self._viewer()
        if layer is not None and viewer is not None and layer in viewer.layers:
            viewer.layers.remove(layer)

    def spares(self, layer: Layer) -> bool:
        """Return whether a layer is being taken over and must stay."""
        return layer is self._incoming


def _adopt(adopter: ref[Adopter], layer: ref[Layer]) -> None:
    there, arrived = adopter(), layer()
    if there is not None and arrived is not None:
        there.adopt(arrived)
