"""Patches of a physical size around places on a slide, resampled to what an encoder expects.

A patch is cut at its exact position, fractions of a pixel included, from the coarsest level that is still
fine enough, and resampled with a triangle filter whose width follows the reduction, so that nothing
aliases. Beyond the slide's edge all is white.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from geneglass.data.slide import Slide
from geneglass.data.threads import worker_count
from geneglass.data.types import FloatArray, PatchSpec, Region, UInt8Array
from geneglass.errors import InputError

MAX_CUT_PX = 16_384
"""A patch wider than this in pixels of its level can only come from a wrong scale."""

_ORDER_BLOCK_PX = 256
_JOB_ROWS = 8


@dataclass(frozen=True)
class _Cut:
    """How one spec is cut from one slide."""

    level: int
    downsample: float
    edge_px: float
    """Edge of the patch in pixels of the level."""
    size_px: int
    native: bool


def iter_patches(
    slide: Slide, centres_yx: FloatArray, specs: tuple[PatchSpec, ...], *, mpp: float, batch: int = 64
) -> Iterator[tuple[NDArray[np.int64], tuple[UInt8Array, ...]]]:
    """Yield the patches of all places in batches, in an order that decodes each tile about once.

    Parameters
    ----------
    slide
        The slide; it is read by several threads.
    centres_yx
        (n, 2) centres in level-0 pixels, where pixel i covers i to i + 1; may lie outside the slide.
    specs
        The fields of view wanted of each place.
    mpp
        Micrometres per level-0 pixel.
    batch
        Places per batch; the last may have fewer.

    Yields
    ------
    tuple
        Row numbers of `centres_yx`, (k,), and per spec a (k, size_px, size_px, 3) uint8 array.

    Raises
    ------
    InputError
        When `mpp` is no possible scale of the slide.
    """
    centres = _checked(centres_yx)
    cuts = [_cut(slide, spec, mpp) for spec in specs]
    order = tile_order(centres, slide.levels[cuts[0].level].downsample * _ORDER_BLOCK_PX if cuts else _ORDER_BLOCK_PX)
    waiting: deque[tuple[NDArray[np.int64], list[Future[None]], tuple[UInt8Array, ...]]] = deque()
    try:
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            waiting.append((rows, *_submit(slide, centres[rows], cuts)))
            # Three batches under way keep the threads busy while the caller works on one.
            if len(waiting) > 2:
                yield _finished(waiting)
        while waiting:
            yield _finished(waiting)
    finally:
        for _, jobs, _ in waiting:
            for job in jobs:
                job.cancel()


class SlidePatches:
    """Patches of one slide's places in every field of view of an encoder, read when asked for.

    Parameters
    ----------
    slide
        The slide.
    centres_yx
        (n, 2) centres in level-0 pixels.
    specs
        The fields of view.
    mpp
        Micrometres per level-0 pixel.
    """

    def __init__(self, slide: Slide, centres_yx: FloatArray, specs: Sequence[PatchSpec], mpp: float) -> None:
        self.slide = slide
        self.centres_yx = _checked(centres_yx)
        self._cuts = [_cut(slide, spec, mpp) for spec in specs]

    def __len__(self) -> int:
        return len(self.centres_yx)

    def read(self, rows: NDArray[np.int64]) -> tuple[UInt8Array, ...]:
        """Return per field of view the (len(rows), size_px, size_px, 3) patches of these places, in this order."""
        jobs, patches = _submit(self.slide, self.centres_yx[rows], self._cuts)
        for job in jobs:
            job.result()
        return patches


def tile_order(centres_yx: NDArray[np.float64], block_px: float) -> NDArray[np.int64]:
    """Return row numbers along a Z-shaped curve over blocks, so that neighbours in it are neighbours on the slide."""
    blocks = np.floor(centres_yx / block_px)
    blocks = np.clip(blocks - blocks.min(axis=0, initial=0), 0, 2**20).astype(np.uint64)
    code = _spread(blocks[:, 0]) << np.uint64(1) | _spread(blocks[:, 1])
    return np.lexsort((centres_yx[:, 1], centres_yx[:, 0], code)).astype(np.int64)


def _spread(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the numbers with a zero bit between any two of their bits."""
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        values = (values | values << np.uint64(shift)) & np.uint64(mask)
    return values


def _checked(centres_yx: FloatArray) -> NDArray[np.float64]:
    centres = np.asarray(centres_yx, dtype=np.float64)
    if centres.ndim != 2 or centres.shape[1] != 2 or not np.isfinite(centres).all():
        raise ValueError(f"centres_yx must be finite and (n, 2), got shape {centres.shape}")
    return centres


def _cut(slide: Slide, spec: PatchSpec, mpp: float) -> _Cut:
    if not (math.isfinite(mpp) and mpp > 0):
        raise InputError(f"mpp must be a positive number of micrometres per pixel, got {mpp}; give the slide's own.")
    edge_px = spec.size_px if spec.native else spec.size_um / mpp
    level = slide.level_for(edge_px / spec.size_px)
    downsample = slide.levels[level].downsample
    edge_px = edge_px / downsample
    if not 0.5 <= edge_px <= MAX_CUT_PX:
        raise InputError(
            f"A patch of {spec.size_um:g} um would be {edge_px:.3g} px wide on {slide.path.name} at {mpp:g} um per "
            "pixel: check mpp."
        )
    return _Cut(level, downsample, edge_px, spec.size_px, spec.native)


@cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(worker_count(), thread_name_prefix="geneglass-patches")


def _submit(
    slide: Slide, centres: NDArray[np.float64], cuts: list[_Cut]
) -> tuple[list[Future[None]], tuple[UInt8Array, ...]]:
    patches = tuple(np.empty((len(centres), cut.size_px, cut.size_px, 3), dtype=np.uint8) for cut in cuts)

    def fill(first: int) -> None:
        for row in range(first, min(first + _JOB_ROWS, len(centres))):
            for cut, out in zip(cuts, patches, strict=True):
                out[row] = _patch(slide, centres[row], cut)

    return [_readers().submit(fill, first) for first in range(0, len(centres), _JOB_ROWS)], patches


def _finished(
    waiting: "deque[tuple[NDArray[np.int64], list[Future[None]], tuple[UInt8Array, ...]]]",
) -> tuple[NDArray[np.int64], tuple[UInt8Array, ...]]:
    rows, jobs, patches = waiting[0]
    for job in jobs:
        job.result()
    waiting.popleft()
    return rows, patches


def _patch(slide: Slide, centre_yx: NDArray[np.float64], cut: _Cut) -> UInt8Array:
    corner = centre_yx / cut.downsample - cut.edge_px / 2
    if cut.native:
        top, left = (round(float(value)) for value in corner)
        return slide.read(Region(cut.level, top, left, cut.size_px, cut.size_px))
    # The triangle filter reaches beyond the patch by one output pixel on each side.
    margin = max(1.0, cut.edge_px / cut.size_px)
    top, left = (math.floor(float(value) - margin) for value in corner)
    bottom, right = (math.ceil(float(value) + cut.edge_px + margin) for value in corner)
    pixels = slide.read(Region(cut.level, top, left, bottom - top, right - left))
    y, x = float(corner[0]) - top, float(corner[1]) - left
    box = (x, y, x + cut.edge_px, y + cut.edge_px)
    resized = Image.fromarray(pixels).resize(
        (cut.size_px, cut.size_px), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0
    )
    return np.asarray(resized)
