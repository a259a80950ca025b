"""Two maps in one pane, of which one is seen: they change places by a key, or by themselves."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import ref

from psygnal import Signal
from qtpy.QtCore import QTimer

from geneglass.viewer.panes import BLINK

if TYPE_CHECKING:
    from geneglass.viewer.compare import Compare

EVERY_S = 0.8
HELD_S = 0.3
"""A key that is pressed for longer shows the other map only as long as it is held."""


class Blink:
    """Which of both maps of one comparison is seen; it follows what is drawn.

    Parameters
    ----------
    compare
        Whose maps take turns; held weakly.
    """

    changed = Signal()

    def __init__(self, compare: "Compare") -> None:
        self._compare = ref(compare)
        self._second = False
        self._on = False
        self._timer = QTimer()
        self._timer.timeout.connect(self.turn)
        self.every_s = EVERY_S
        compare.drawn.connect(self.fit)

    @property
    def by_itself(self) -> bool:
        """Return whether the maps take turns without a key."""
        return self._timer.isActive()

    @property
    def seen(self) -> str | None:
        """Return the side that is seen; None where the maps do not take turns."""
        compare = self._compare()
        if compare is None or not self._taking_turns():
            return None
        return compare.panes.order[self._second]

    def turn(self) -> None:
        """Show the other map."""
        if self._taking_turns():
            self._second = not self._second
            self.fit()
        else:
            self._timer.stop()

    def run(self, *, every_s: float | None = None, on: bool = True) -> None:
        """Let the maps take turns by themselves, or stop that.

        Parameters
        ----------
        every_s
            Seconds that each is seen; None leaves them.
        on
            False stops.
        """
        self.every_s = self.every_s if every_s is None else every_s
        if on and self._taking_turns():
            self._timer.start(round(self.every_s * 1000))
        else:
            self._timer.stop()
        self.changed.emit()

    def hold(self, _viewer: Any = None) -> Iterator[None]:
        """Answer a key: a short press shows the other map, a long one only while it lasts."""
        pressed = time.monotonic()
        self.turn()
        yield
        if time.monotonic() - pressed > HELD_S:
            self.turn()

    def fit(self) -> None:
        """Show one map and hide the other, or show both where they do not take turns."""
        compare = self._compare()
        if compare is None:
            return
        turns = self._taking_turns()
        if not turns and not self._on:
            # An eye that somebody closed by hand stays closed.
            return
        self._on = turns
        if not turns:
            self.run(on=False)
        for number, side in enumerate(compare.panes.order):
            layer, visible = compare.layer(side), not turns or number == int(self._second)
            if layer is not None and layer.visible != visible:
                layer.visible = visible

    def _taking_turns(self) -> bool:
        compare = self._compare()
        if compare is None or compare.panes.mode != BLINK:
            return False
        return all(compare.layer(side) is not None for side in compare.panes.order)
