"""How the maps stand to each other: mode, order, edge and pace; a blinded reading is not one to go on with."""

from typing import Any

from geneglass.viewer.compare import compare_of
from geneglass.viewer.pane_controls import SECONDS
from geneglass.viewer.remembered import REMEMBERED, Remembered


def save(viewer: Any) -> dict[str, Any]:
    """Return mode, order, edge in world units and seconds; not the order of a blinded reading, which would tell it."""
    compare = compare_of(viewer)
    panes = compare.panes
    kept = {"mode": panes.mode, "edge": compare.swipe.x, "seconds": compare.blink.every_s}
    return kept if panes.unlabelled else kept | {"order": list(panes.order)}


def restore(viewer: Any, saved: Any) -> None:
    """Lay the maps out as they were; what makes no sense changes nothing."""
    compare, edge, seconds = compare_of(viewer), saved.get("edge"), saved.get("seconds")
    for name, value in (("edge", edge), ("seconds", seconds)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise TypeError(f"{name} is {value!r}")
    if seconds is not None and not SECONDS[0] <= seconds <= SECONDS[1]:
        raise ValueError(f"seconds is {seconds}, not {SECONDS[0]} to {SECONDS[1]}")
    order = {"order": tuple(saved["order"])} if "order" in saved else {}
    compare.set_panes(mode=saved["mode"], **order)
    if edge is not None:
        compare.swipe.move_to(edge)
    if seconds is not None:
        compare.blink.every_s = seconds


REMEMBERED.register("panes")(Remembered(save, restore))
