"""Which layers of the comparison are shown, and how strongly the slide is."""

from typing import Any

from geneglass.viewer.compare import MEASURED, PREDICTED, SLIDE, SLIDE_BESIDE, compare_of
from geneglass.viewer.remembered import REMEMBERED, Remembered

SLIDES = (SLIDE, SLIDE_BESIDE)


def save(viewer: Any) -> dict[str, Any]:
    """Return by role whether a layer is shown, and of a slide its opacity; that of the maps is part of their look."""
    compare = compare_of(viewer)
    found = {role: compare.layer(role) for role in (*SLIDES, MEASURED, PREDICTED)}
    return {
        role: {"visible": bool(layer.visible)} | ({"opacity": float(layer.opacity)} if role in SLIDES else {})
        for role, layer in found.items()
        if layer is not None
    }


def restore(viewer: Any, saved: Any) -> None:
    """Set the layers that are there."""
    compare = compare_of(viewer)
    for role, values in saved.items():
        layer = compare.layer(role)
        if layer is None:
            continue
        layer.visible = bool(values["visible"])
        if role in SLIDES:
            layer.opacity = float(values["opacity"])


REMEMBERED.register("layers")(Remembered(save, restore))
