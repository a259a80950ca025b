"""A section's slide and places as napari layer tuples: what readers return and comparisons show."""

from typing import Any

import numpy as np

from geneglass.data.lattice import grid_lattice, lattice_of
from geneglass.data.section import Section
from geneglass.data.types import FloatArray
from geneglass.overlay import OVERLAYS, LayerTuple, Layout, Shade, spot_diameter_px
from geneglass.viewer.opened import KEY, Opened
from geneglass.viewer.values import Places

NEUTRAL = Shade(signal=False)
RASTER_ABOVE = 100_000
"""Places that are drawn as points at most: a viewer takes about a second to colour a million of these."""


def slide_layer(section: Section, *, name: str, metadata: dict[str, Any] | None = None) -> LayerTuple:
    """Return the slide as a lazy pyramid, in micrometres where the pixel size is known.

    Parameters
    ----------
    section
        A section with a slide.
    name
        Of the layer.
    metadata
        Of the layer.
    """
    from geneglass.data.lazy import lazy_levels

    if section.slide is None:
        raise ValueError(f"section {section.name} has no slide")
    levels = lazy_levels(section.slide)
    scale = 1.0 if section.mpp is None else section.mpp
    unit = "pixel" if section.mpp is None else "um"
    kwargs = {
        "name": name,
        "rgb": True,
        "multiscale": len(levels) > 1,
        "scale": (scale, scale),
        "units": (unit, unit),
        "metadata": metadata or {},
    }
    return (levels if len(levels) > 1 else levels[0]), kwargs, "image"


def spots_layout(section: Section, places: Places) -> Layout:
    """Return where measured spots lie and how large they are; of many on a lattice, also their rows and columns."""
    lattice = lattice_of(places.centres_yx) if len(places.names) > RASTER_ABOVE else None
    if lattice is not None:
        return Layout(places.centres_yx, section.mpp, lattice.step_px, places.kept, lattice=lattice)
    diameter_px = spot_diameter_px(places.centres_yx, section.mpp, section.spot_diameter_um)
    return Layout(places.centres_yx, section.mpp, diameter_px, places.kept)


def drawn_as(layout: Layout, usual: str) -> str:
    """Return the overlay for a layout: a raster for many places on a lattice, else the usual one."""
    return usual if layout.lattice is None else "raster"


def tiles_layout(section: Section, places: Places, *, stride_um: float) -> Layout:
    """Return where the tiles of a grid lie; they are as large as the step of the grid.

    Parameters
    ----------
    section
        The section that the tiles are of.
    places
        The tiles.
    stride_um
        Step of the grid; 0 where unknown, then half the distance of neighbours is taken.
    """
    return _tiles(places.centres_yx, section.mpp, stride_um)


def _tiles(centres_yx: FloatArray, mpp: float | None, stride_um: float) -> Layout:
    step_px = stride_um / mpp if stride_um > 0 and mpp else None
    lattice = None
    if len(centres_yx) > RASTER_ABOVE:
        lattice = lattice_of(centres_yx) if step_px is None else grid_lattice(centres_yx, step_px)
    if lattice is not None:
        return Layout(centres_yx, mpp, lattice.step_px, lattice=lattice)
    return Layout(centres_yx, mpp, step_px or spot_diameter_px(centres_yx, mpp, stride_um or None))


def places_layer(layout: Layout, overlay: str, *, name: str, metadata: dict[str, Any] | None = None) -> LayerTuple:
    """Return places in neutral grey: there, with no gene chosen yet.

    Parameters
    ----------
    layout
        Where the places are.
    overlay
        A name of `OVERLAYS`.
    name
        Of the layer.
    metadata
        Of the layer.
    """
    nothing: FloatArray = np.zeros(len(layout.centres_yx), np.float32)
    data, kwargs, kind = OVERLAYS[overlay](nothing, layout, NEUTRAL)
    return data, {**kwargs, "name": name, "metadata": metadata or {}}, kind


def same_spots(old: Layout | None, new: Layout | None) -> bool:
    """Return whether two layouts set the same spots aside and draw them as large; None stands for a slide."""
    if old is None or new is None:
        return old is new
    ones = [np.ones(len(layout.centres_yx), bool) if layout.kept is None else layout.kept for layout in (old, new)]
    return bool(np.array_equal(ones[0], ones[1])) and old.diameter_px == new.diameter_px


def layers_of(opened: Opened) -> list[LayerTuple]:
    """Return the one layer that carries what was opened: the slide, else the places."""
    metadata = {KEY: opened}
    section = opened.section
    if section is None:
        return [_prediction_layer(opened, metadata)]
    if section.slide is not None:
        return [slide_layer(section, name=f"{section.name} H&E", metadata=metadata)]
    return [places_layer(_layout(section), "spots", name=section.name, metadata=metadata)]


def _layout(section: Section) -> Layout:
    diameter_px = spot_diameter_px(section.centres_yx, section.mpp, section.spot_diameter_um)
    return Layout(section.centres_yx, section.mpp, diameter_px)


def _prediction_layer(opened: Opened, metadata: dict[str, Any]) -> LayerTuple:
    prediction = opened.prediction
    if prediction is None:
        raise ValueError("nothing was opened")
    stated = dict(prediction.uns["geneglass"])
    centres_yx = prediction.obsm["spatial"][:, ::-1].astype("float32")
    mpp = float(stated["mpp"]) if stated.get("mpp") else None
    stride_um = float(stated.get("stride_um", 0))
    name = f"prediction of {stated.get('section', 'a section')}"
    if stride_um:
        layout = _tiles(centres_yx, mpp, stride_um)
        return places_layer(layout, drawn_as(layout, "tiles"), name=name, metadata=metadata)
    diameter_um = float(stated.get("spot_diameter_um", 0)) or None
    layout = Layout(centres_yx, mpp, spot_diameter_px(centres_yx, mpp, diameter_um))
    return places_layer(layout, "spots", name=name, metadata=metadata)
