"""How a network encoder looks at a place: fields of view, input size, mean and std, and the options for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from geneglass.data.types import PatchSpec
from geneglass.errors import UsageError

Triple = tuple[float, float, float]

VIEW_OPTIONS = ("um", "px", "native", "mean", "std", "context")
"""Options of a name that are read here: `um` one edge of the field of view, or several with commas; `context` how far
the tissue around a place is looked at too, in micrometres."""


@dataclass(frozen=True)
class View:
    """What is cut and how it is scaled before a network sees it.

    Attributes
    ----------
    patches
        One entry per field of view, narrowest first, all of one pixel size.
    mean, std
        Per channel of 0..1 RGB.
    context_um
        Standard deviation of the Gaussian over neighbouring places whose mean features join a place's own, all of
        them standardised within the slide; 0 leaves features as the network gives them.
    """

    patches: tuple[PatchSpec, ...]
    mean: Triple
    std: Triple
    context_um: float = 0.0

    @property
    def size_px(self) -> int:
        """Return the edge of the network's input."""
        return self.patches[0].size_px


@dataclass(frozen=True)
class UsualView:
    """What a network was trained on, before options change it."""

    size_px: int
    mpp: float
    mean: Triple
    std: Triple

    def with_options(self, options: Mapping[str, Any]) -> View:
        """Return the view that these options ask for.

        Raises
        ------
        UsageError
            When a value is not of its kind, or the fields of view do not grow.
        """
        size_px = options.get("px", self.size_px)
        if not isinstance(size_px, int) or size_px < 1:
            raise UsageError(f"px must be a whole number of pixels, at least 1, got {size_px!r}.")
        native = bool(options.get("native", False))
        sizes_um = _sizes_um(options.get("um", size_px * self.mpp))
        if native and len(sizes_um) > 1:
            raise UsageError("native=1 cuts one field of view of px level-0 pixels; leave um or native out.")
        patches = tuple(PatchSpec(size_um, size_px, native=native) for size_um in sizes_um)
        mean, std = (triple(options.get(name, getattr(self, name)), name) for name in ("mean", "std"))
        return View(patches, mean, std, _context_um(options.get("context", 0)))


def _sizes_um(value: Any) -> tuple[float, ...]:
    sizes = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not sizes or not all(isinstance(size, int | float) and size > 0 for size in sizes):
        raise UsageError(f"um must be a positive number of micrometres, or several with commas, got {value!r}.")
    if any(wider <= size for size, wider in pairwise(sizes)):
        raise UsageError(f"um lists fields of view from the narrowest to the widest, got {value!r}; sort them.")
    return tuple(float(size) for size in sizes)


def _context_um(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise UsageError(f"context must be a number of micrometres, 0 for none, got {value!r}.")
    return float(value)


def triple(value: Any, what: str) -> Triple:
    """Return one number per channel from one number or three."""
    numbers = tuple(value) if isinstance(value, list | tuple) else (value,) * 3
    if len(numbers) != 3 or not all(isinstance(number, int | float) for number in numbers):
        raise UsageError(f"{what} takes one number or three with commas, got {value!r}.")
    if what == "std" and not all(number > 0 for number in numbers):
        raise UsageError(f"std must be positive, got {value!r}.")
    return (float(numbers[0]), float(numbers[1]), float(numbers[2]))
