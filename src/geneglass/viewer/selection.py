"""What is picked in one viewer: a place, a set of spots, a domain. The only owner of that state; no Qt in here."""

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from geneglass.viewer.session import Session, session_of

if TYPE_CHECKING:
    from geneglass.data.annotation import Domain


class Selection:
    """The picks of one viewer; get it with `selection_of`.

    Signals are emitted after the change and carry nothing: listeners read the selection. Another section, or another
    prediction for a place, empties it.

    Attributes
    ----------
    place
        Role of the side ("measured" or "predicted") and row among its places, of the place last clicked.
    spots
        (k,) rows of `Session.measured_places`, ascending.
    domain_id
        Of the domain that was chosen; None for none.
    """

    place_changed = Signal()
    spots_changed = Signal()
    domain_changed = Signal()

    def __init__(self, session: Session) -> None:
        self.place: tuple[str, int] | None = None
        self.spots: NDArray[np.int64] = np.empty(0, np.int64)
        self.domain_id: str | None = None
        self._session = session
        session.section_changed.connect(self._on_section_changed)
        session.prediction_changed.connect(self._on_prediction_changed)

    def set_place(self, side: str | None, row: int = -1) -> None:
        """Pick a place; None picks none."""
        place = None if side is None else (side, row)
        if place != self.place:
            self.place = place
            self.place_changed.emit()

    def set_spots(self, rows: NDArray[np.int64]) -> None:
        """Pick spots by their rows among the measured places; none for an empty array."""
        rows = np.unique(np.asarray(rows, np.int64))
        if not np.array_equal(rows, self.spots):
            self.spots = rows
            self.spots_changed.emit()

    @property
    def domain(self) -> "Domain | None":
        """Return the domain that figures are restricted to, as it is drawn now; None for the whole section."""
        return next((domain for domain in self._session.domains if domain.id == self.domain_id), None)

    def set_domain(self, domain_id: str | None) -> None:
        """Restrict figures to one domain, by its id; None takes the whole section."""
        if domain_id != self.domain_id:
            self.domain_id = domain_id
            self.domain_changed.emit()

    def _on_section_changed(self) -> None:
        self.set_place(None)
        self.set_spots(np.empty(0, np.int64))
        self.set_domain(None)

    def _on_prediction_changed(self) -> None:
        self.set_place(None)


_SELECTIONS: "WeakKeyDictionary[Any, Selection]" = WeakKeyDictionary()


def selection_of(viewer: Any) -> Selection:
    """Return the selection of a napari viewer, made at the first call; it lives as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _SELECTIONS:
        _SELECTIONS[model] = Selection(session_of(model))
    return _SELECTIONS[model]
