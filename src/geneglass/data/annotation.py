"""Domains: regions that a person drew and named on a slide, and the spots in them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

UNNAMED = "unnamed"
"""What a region is called that has neither a class nor a name."""

ANNOTATION = "annotation"
"""QuPath's word for what a person drew; cells, detections and tiles are found by a program."""

RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Domain:
    """One named region of a slide.

    Attributes
    ----------
    name
        The class it has in QuPath; where it has none, its own name; else "unnamed". Spots inside are called so.
        Parts of a derived class are joined as QuPath does it: "Tumor: Positive".
    shape
        A shapely geometry; (x, y) in level-0 pixels of the slide.
    colour_rgb
        The colour of the class, or the object's own where it has no class; 0 to 255. None where none is given.
    id
        A UUID, by which QuPath knows the object again.
    kind
        QuPath's object type: "annotation", "detection", "cell", "tile", "tmaCore".
    classified
        Whether the name is a class in QuPath; else it is the name of this one object.
    object_name, object_colour_rgb
        Name and colour of this one object, where it has them beside its class.
    locked
        Whether QuPath protects it from being moved.
    is_ellipse
        Whether QuPath keeps it as an ellipse, the one that the shape's bounding box holds.
    annotator
        Who drew it, where that is known.
    """

    name: str
    shape: "BaseGeometry"
    colour_rgb: RGB | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    kind: str = ANNOTATION
    classified: bool = True
    object_name: str | None = None
    object_colour_rgb: RGB | None = None
    locked: bool = False
    is_ellipse: bool = False
    annotator: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", (class_name(self.name) if self.classified else one_line(self.name)) or UNNAMED)
        for text in ("object_name", "annotator"):
            object.__setattr__(self, text, one_line(getattr(self, text) or "") or None)


def one_line(text: str) -> str:
    """Return text with runs of white space made one blank: QuPath refuses a class with a line break."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())


def class_name(text: str) -> str:
    """Return the name of a class as QuPath writes it, its parts joined by a colon and a blank."""
    return ": ".join(part for piece in text.split(":") if (part := one_line(piece)))


def spots_in(domains: Sequence[Domain], centres_yx: FloatArray) -> NDArray[np.object_]:
    """Return the name of the domain that each spot lies in; None outside all of them.

    A spot on the outline is inside. Where several domains hold a spot, the one of the smallest area has it, so
    that a nest drawn in a tumour stays a nest; of two of one size the later has it. Lines and points hold no spot.

    Parameters
    ----------
    domains
        In level-0 pixels of the slide.
    centres_yx
        (n, 2) centres of the spots in the same pixels.
    """
    names = np.full(len(centres_yx), None, dtype=object)
    y, x = np.asarray(centres_yx, dtype=np.float64).reshape(-1, 2).T
    by_x = np.argsort(x, kind="stable")
    x_sorted = x[by_x]
    # The smallest is written last.
    for domain in sorted(domains, key=lambda item: -item.shape.area):
        left, _, right, _ = domain.shape.bounds
        near = by_x[np.searchsorted(x_sorted, left, "left") : np.searchsorted(x_sorted, right, "right")]
        names[_held(domain, x, y, near)] = domain.name
    return names


def spots_inside(domain: Domain, centres_yx: FloatArray) -> NDArray[np.bool_]:
    """Return whether each spot lies in a domain or on its outline, also where a smaller domain in it has the spot.

    Parameters
    ----------
    domain
        In level-0 pixels of the slide.
    centres_yx
        (n, 2) centres of the spots in the same pixels.
    """
    y, x = np.asarray(centres_yx, dtype=np.float64).reshape(-1, 2).T
    left, _, right, _ = domain.shape.bounds
    inside = np.zeros(len(x), dtype=bool)
    inside[_held(domain, x, y, np.flatnonzero((x >= left) & (x <= right)))] = True
    return inside


def _held(domain: Domain, x: NDArray[np.float64], y: NDArray[np.float64], near: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which of the rows that are near by their x lie in a domain."""
    import shapely

    if not domain.shape.area:
        return near[:0]
    _, top, _, bottom = domain.shape.bounds
    near = near[(y[near] >= top) & (y[near] <= bottom)]
    shapely.prepare(domain.shape)
    found: NDArray[np.int64] = near[shapely.intersects_xy(domain.shape, x[near], y[near])]
    return found


def off_slide(domains: Sequence[Domain], height_px: int, width_px: int) -> list[Domain]:
    """Return the domains that lie wholly outside the slide: they were drawn on another one."""
    return [
        domain
        for domain in domains
        if domain.shape.bounds[0] >= width_px
        or domain.shape.bounds[1] >= height_px
        or domain.shape.bounds[2] <= 0
        or domain.shape.bounds[3] <= 0
    ]
