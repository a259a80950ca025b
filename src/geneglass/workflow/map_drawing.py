"""Maps of genes over the tissue as matplotlib draws them, with colour bar and scale bar: for figures and reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.slide import Slide
from geneglass.data.types import FloatArray, Region, UInt8Array
from geneglass.workflow.map_colours import Colours, Mixture, rgba
from geneglass.workflow.scale_bar import bar_length, bar_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#1d2433"
MANY_PLACES = 3000
"""More than this are drawn as pixels inside a PDF or SVG, which would be slow to open."""
HATCH = 3
"""Of doubtful tiles, one diagonal in this many is drawn."""
RING_WIDTH = 0.15
"""Of a ring's line, as a share of a spot's diameter."""
CROSS_SIZE = 0.6
"""Of a cross, as a share of a spot's diameter."""
CROSS_XY = (
    (-1, -0.3),
    (-0.3, -0.3),
    (-0.3, -1),
    (0.3, -1),
    (0.3, -0.3),
    (1, -0.3),
    (1, 0.3),
    (0.3, 0.3),
    (0.3, 1),
    (-0.3, 1),
    (-0.3, 0.3),
    (-1, 0.3),
)
"""Corners of a cross that reaches from -1 to 1."""
BAR_INSET = 0.03
"""Distance of the scale bar from the edges, as a share of the view's width."""


@dataclass(frozen=True)
class View:
    """The part of a slide that is drawn, in level-0 pixels from its corner."""

    top_px: float
    left_px: float
    height_px: float
    width_px: float


@dataclass(frozen=True)
class DrawnMap:
    """One map: (n,) values at (n, 2) centres in level-0 pixels, NaN where nothing is drawn.

    Attributes
    ----------
    title
        Gene, side, and how far it can be believed.
    values, centres_yx
        The values, (n, genes) of several genes, and where they belong.
    size_px
        Diameter of a spot, or edge of a tile, in level-0 pixels.
    square
        Tiles on an upright lattice instead of spots.
    doubtful
        (n,) places that are drawn as crosses; None where there are none.
    hatched
        Of doubtful tiles every third diagonal is drawn instead: they are too many for crosses.
    rings
        (n,) spots that are set aside, drawn as rings unless they are in doubt; None where there are none.
    colours
        Of the values.
    unit
        What stands beside the colour bar.
    """

    title: str
    values: FloatArray
    centres_yx: FloatArray
    size_px: float
    colours: Colours | Mixture
    unit: str
    square: bool = False
    doubtful: NDArray[np.bool_] | None = None
    hatched: bool = False
    rings: NDArray[np.bool_] | None = None


def whole_view(slide: Slide | None, centres_yx: FloatArray, pad_px: float) -> View:
    """Return the view of all places with something around them, within the slide where there is one."""
    if not len(centres_yx):
        if slide is None:
            raise ValueError("there is neither a slide nor a place to see")
        level = slide.levels[0]
        return View(0.0, 0.0, float(level.height_px), float(level.width_px))
    low, high = centres_yx.min(axis=0) - pad_px, centres_yx.max(axis=0) + pad_px
    if slide is not None:
        level = slide.levels[0]
        low, high = np.maximum(low, 0.0), np.minimum(high, (level.height_px, level.width_px))
    return View(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))


def read_picture(slide: Slide, view: View, longest_px: int) -> tuple[UInt8Array, View]:
    """Return the tissue of a view at no more than about `longest_px`, and what exactly it shows."""
    longest = max(view.height_px, view.width_px)
    enough = [i for i, level in enumerate(slide.levels) if longest / level.downsample >= longest_px]
    number = max(enough, default=0)
    level = slide.levels[number]
    top, left = int(view.top_px / level.downsample), int(view.left_px / level.downsample)
    height = max(min(int(np.ceil(view.height_px / level.downsample)), level.height_px - top), 1)
    width = max(min(int(np.ceil(view.width_px / level.downsample)), level.width_px - left), 1)
    picture = slide.read(Region(number, top, left, height, width))
    step = max(1, max(height, width) // longest_px)
    shown = View(*(float(value * level.downsample) for value in (top, left, height, width)))
    return picture[::step, ::step], shown


def draw_tissue(axis: "Axes", picture: UInt8Array | None, shown: View, view: View) -> None:
    """Draw the tissue, and fix what the axis shows, in level-0 pixels."""
    if picture is not None:
        bottom, right = shown.top_px + shown.height_px, shown.left_px + shown.width_px
        axis.imshow(picture, extent=(shown.left_px, right, bottom, shown.top_px), interpolation="antialiased")
    axis.set(
        xlim=(view.left_px, view.left_px + view.width_px),
        ylim=(view.top_px + view.height_px, view.top_px),
        aspect="equal",
    )
    axis.set_axis_off()


def draw_map(axis: "Axes", drawn: DrawnMap, view: View) -> None:
    """Draw the places of a map that lie in a view."""
    known = np.isfinite(drawn.values).reshape(len(drawn.values), -1).any(axis=1)
    rows = np.flatnonzero(known & _within(drawn, view))
    colours = rgba(drawn.values, drawn.colours)[rows]
    seen = colours[:, 3] > 0
    crosses = _crossed(drawn)[rows] & seen
    rings = np.zeros(len(rows), bool) if drawn.rings is None else drawn.rings[rows] & seen & ~crosses
    plain = seen & ~crosses & ~rings
    centres = drawn.centres_yx[rows]
    if plain.any() and drawn.square:
        hatched = drawn.doubtful[rows[plain]] if drawn.hatched and drawn.doubtful is not None else None
        _draw_tiles(axis, centres[plain], drawn.size_px, colours[plain], hatched)
    elif plain.any():
        _draw_spots(axis, centres[plain], drawn.size_px, colours[plain])
    if crosses.any():
        _draw_crosses(axis, centres[crosses], drawn.size_px, colours[crosses])
    if rings.any():
        _draw_rings(axis, centres[rings], drawn.size_px, colours[rings])


def draw_scale_bar(axis: "Axes", view: View, mpp: float | None, *, size_pt: float = 8) -> None:
    """Draw a bar of a round length in the lower left corner, on white, so that it is seen on any tissue."""
    from matplotlib.patches import Rectangle

    um = 1.0 if mpp is None else mpp
    length = bar_length(view.width_px * um / 4)
    words = bar_words(length) if mpp is not None else f"{length:,.0f} px"
    inset, bar = BAR_INSET * view.width_px, length / um
    x, y = view.left_px + inset, view.top_px + view.height_px - inset
    height = 0.006 * max(view.width_px, view.height_px)
    axis.add_patch(Rectangle((x, y - height), bar, height, facecolor=INK, edgecolor="white", linewidth=0.5, zorder=6))
    axis.annotate(
        words,
        (x + bar / 2, y - height),
        xytext=(0, 2),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=size_pt,
        color=INK,
        zorder=6,
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.75, "linewidth": 0},
    )


def draw_outlines(axis: "Axes", domains: Sequence[tuple[str, Any, tuple[int, int, int]]], *, size_pt: float) -> None:
    """Draw domains, given as name, shapely geometry in (x, y) level-0 pixels, and colour, with their names."""
    from matplotlib.patheffects import withStroke

    edge = [withStroke(linewidth=2, foreground="white")]
    for name, shape, colour in domains:
        rgb = tuple(part / 255 for part in colour)
        for ring in _rings(shape):
            x, y = np.asarray(ring.coords).T[:2]
            axis.plot(x, y, color=rgb, linewidth=1.6, path_effects=[withStroke(linewidth=2.6, foreground="white")])
        if shape.area:
            at = shape.representative_point()
            axis.text(at.x, at.y, name, fontsize=size_pt, color=INK, ha="center", va="center", path_effects=edge)


def _rings(shape: Any) -> list[Any]:
    parts = getattr(shape, "geoms", None)
    if parts is not None:
        return [ring for part in parts for ring in _rings(part)]
    return [shape.exterior, *shape.interiors] if shape.geom_type == "Polygon" else [shape]


def _within(drawn: DrawnMap, view: View) -> NDArray[np.bool_]:
    low = np.array([view.top_px, view.left_px]) - drawn.size_px
    high = np.array([view.top_px + view.height_px, view.left_px + view.width_px]) + drawn.size_px
    return np.asarray(((drawn.centres_yx >= low) & (drawn.centres_yx <= high)).all(axis=1), bool)


def _crossed(drawn: DrawnMap) -> NDArray[np.bool_]:
    """Return which places are drawn as crosses."""
    if drawn.doubtful is None or drawn.hatched:
        return np.zeros(len(drawn.values), bool)
    return drawn.doubtful


def _draw_spots(axis: "Axes", centres_yx: FloatArray, size_px: float, rgba: NDArray[np.float64]) -> None:
    from matplotlib.collections import EllipseCollection

    sizes = np.full(len(centres_yx), size_px)
    spots = EllipseCollection(
        sizes,
        sizes,
        np.zeros(len(sizes)),
        offsets=centres_yx[:, ::-1],
        units="xy",
        offset_transform=axis.transData,
        linewidths=0,
        facecolors=rgba,
    )
    spots.set_rasterized(len(sizes) > MANY_PLACES)
    axis.add_collection(spots)


def _draw_crosses(axis: "Axes", centres_yx: FloatArray, size_px: float, rgba: NDArray[np.float64]) -> None:
    from matplotlib.collections import PolyCollection

    corners_xy = size_px * CROSS_SIZE / 2 * np.array(CROSS_XY)
    crosses: Any = centres_yx[:, None, ::-1] + corners_xy
    drawn = PolyCollection(crosses, linewidths=0, facecolors=rgba, zorder=2.5)
    drawn.set_rasterized(len(rgba) > MANY_PLACES)
    axis.add_collection(drawn)


def _draw_rings(axis: "Axes", centres_yx: FloatArray, size_px: float, rgba: NDArray[np.float64]) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Annulus

    rings = [Annulus((float(x), float(y)), size_px / 2, RING_WIDTH * size_px) for y, x in centres_yx]
    drawn = PatchCollection(rings, linewidths=0, facecolors=rgba)
    drawn.set_rasterized(len(rings) > MANY_PLACES)
    axis.add_collection(drawn)


def _draw_tiles(
    axis: "Axes",
    centres_yx: FloatArray,
    size_px: float,
    rgba: NDArray[np.float64],
    hatched: NDArray[np.bool_] | None,
) -> None:
    """Draw tiles as one picture: they lie on a lattice, and may be a million."""
    first = centres_yx.min(axis=0)
    steps = np.rint((centres_yx - first) / size_px).astype(np.int64)
    picture = np.zeros((*(steps.max(axis=0) + 1), 4))
    kept = slice(None) if hatched is None else ~hatched | (steps.sum(axis=1) % HATCH == 0)
    picture[steps[kept, 0], steps[kept, 1]] = rgba[kept]
    top, left = first - size_px / 2
    height, width = np.array(picture.shape[:2]) * size_px
    axis.imshow(picture, extent=(left, left + width, top + height, top), interpolation="nearest", zorder=2)
