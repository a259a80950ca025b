"""How the maps stand to each other: mode and order; a blinded reading is not one to go on with."""

from typing import Any

from geneglass.viewer.compare import compare_of
from geneglass.viewer.remembered import REMEMBERED, Remembered


def save(viewer: Any) -> dict[str, Any]:
    """Return mode and order; while a reading is blinded the mode alone, for the order would tell it."""
    panes = compare_of(viewer).panes
    return {"mode": panes.mode} if panes.unlabelled else {"mode": panes.mode, "order": list(panes.order)}


def restore(viewer: Any, saved: Any) -> None:
    """Lay the maps out as they were."""
    order = {"order": tuple(saved["order"])} if "order" in saved else {}
    compare_of(viewer).set_panes(mode=saved["mode"], **order)


REMEMBERED.register("panes")(Remembered(save, restore))
