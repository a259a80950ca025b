"""Patches to features: once per place, cached on disk by content."""

import hashlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geneglass.data.atomic import atomic_path
from geneglass.data.cache import cache_folder
from geneglass.data.patches import iter_patches
from geneglass.data.section import Section, require_slide
from geneglass.data.slide import Slide
from geneglass.data.tissue import grid_yx
from geneglass.data.types import FloatArray, UInt8Array
from geneglass.errors import InputError
from geneglass.model.encoder import Encoder
from geneglass.model.memory import free_memory, halved_told, out_of_memory
from geneglass.workflow.events import Event, Job

CHUNK = 4096
"""Places per cache file: what a cancelled run loses at most."""

BATCH = 64

SLIDE_STRIDE_UM, SLIDE_PLACES = 500.0, 64
"""Step of the places that stand for a whole slide, widened until there are no more than this many."""


def embed(section: Section, encoder: Encoder, centres_yx: FloatArray) -> Job[FloatArray]:
    """Return the (n, dim) features of places on a section's slide.

    The patch-by-patch part is read from the cache where slide content, places, scale and encoder are
    the same as in an earlier run, so that a stopped run goes on where it was.

    Parameters
    ----------
    section
        A section with a slide and a known pixel size.
    encoder
        What turns patches into features.
    centres_yx
        (n, 2) centres in level-0 pixels.
    """
    _, mpp = require_slide(section)
    raw = np.empty((len(centres_yx), encoder.raw_dim), dtype=np.float32)
    for start in range(0, len(centres_yx), CHUNK):
        part = slice(start, start + CHUNK)
        raw[part] = yield from read_features(section, encoder, centres_yx[part], done=start, total=len(centres_yx))
    return encoder.finish(raw, centres_yx * np.float32(mpp))


def read_features(
    section: Section, encoder: Encoder, centres_yx: FloatArray, *, done: int = 0, total: int = 0
) -> Job[FloatArray]:
    """Return the (n, raw_dim) unfinished features of places that are kept together, from the cache where they are.

    Parameters
    ----------
    section, encoder, centres_yx
        As in `embed`.
    done, total
        How many places were read before, and how many there are, for the events.
    """
    stage, total = f"Reading the tissue of {section.name}", total or len(centres_yx)
    part = kept_features(section, encoder, centres_yx)
    if part is None:
        slide, mpp = require_slide(section)
        part = np.empty((len(centres_yx), encoder.raw_dim), dtype=np.float32)
        for count, told in _encode(slide, encoder, centres_yx, mpp, part):
            yield Event(stage, done + count, total, message=told)
        with atomic_path(_file(section, encoder, centres_yx)) as temporary, temporary.open("wb") as file:
            np.save(file, part)
    yield Event(stage, done + len(centres_yx), total)
    return part


def kept_features(section: Section, encoder: Encoder, centres_yx: FloatArray) -> FloatArray | None:
    """Return what an earlier run kept of these places, (n, raw_dim); None where it kept nothing."""
    return _cached(_file(section, encoder, centres_yx), (len(centres_yx), encoder.raw_dim))


def embed_slide(section: Section, encoder: Encoder) -> Job[FloatArray]:
    """Return the (m, dim) features of at most `SLIDE_PLACES` places that lie evenly over a slide's tissue.

    They say what slide a place is on, and are the same whichever places are asked about.
    """
    slide, mpp = require_slide(section)
    centres = even_places(slide, mpp, SLIDE_STRIDE_UM, SLIDE_PLACES)
    if not len(centres):
        raise InputError(f"No tissue was found on {slide.path.name}, which this recipe reads as a whole.")
    return (yield from embed(section, encoder, centres))


def even_places(slide: Slide, mpp: float, stride_um: float, most: int) -> FloatArray:
    """Return (n, 2) centres of a grid over the tissue, its step widened until there are no more than `most`."""
    centres = grid_yx(slide, mpp, stride_um)
    while len(centres) > most:
        stride_um *= 1.25
        centres = grid_yx(slide, mpp, stride_um)
    return centres


def _encode(
    slide: Slide, encoder: Encoder, centres_yx: FloatArray, mpp: float, out: FloatArray
) -> Iterator[tuple[int, str]]:
    """Fill `out` and yield how many rows are there; where memory does not suffice, with half the batch, which is told.

    Raises
    ------
    InputError
        When memory does not suffice for one patch.
    """
    left, batch = np.arange(len(centres_yx)), BATCH
    while len(left):
        missing = np.ones(len(left), bool)
        try:
            for rows, features in _encoded(slide, encoder, centres_yx[left], mpp, batch):
                out[left[rows]], missing[rows] = features, False
                yield len(centres_yx) - int(missing.sum()), ""
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        left = left[missing]
        if len(left):
            # Outside the block, where the error no longer holds the patches.
            free_memory()
            before, batch = batch, _half(batch)
            yield len(centres_yx) - len(left), halved_told("patches", before, batch)


def _half(batch: int) -> int:
    if batch == 1:
        raise InputError(
            "The memory of this machine does not suffice for one patch: take a smaller network, or another device."
        )
    return batch // 2


def _encoded(
    slide: Slide, encoder: Encoder, centres_yx: FloatArray, mpp: float, batch: int
) -> Iterator[tuple[NDArray[np.int64], FloatArray]]:
    """Yield rows and their features, a batch at a time."""
    asked: deque[NDArray[np.int64]] = deque()

    def batches() -> Iterator[tuple[UInt8Array, ...]]:
        for rows, patches in iter_patches(slide, centres_yx, encoder.patches, mpp=mpp, batch=batch):
            asked.append(rows)
            yield patches

    for features in encoder.encode_each(batches()):
        yield asked.popleft(), features


def _file(section: Section, encoder: Encoder, centres_yx: FloatArray) -> Path:
    slide, mpp = require_slide(section)
    return cache_folder("features") / f"{_key(slide, encoder, centres_yx, mpp)}.npy"


def _key(slide: Slide, encoder: Encoder, centres_yx: FloatArray, mpp: float) -> str:
    digest = hashlib.sha256()
    for text in (slide.content_hash(), encoder.raw_identity, f"{mpp:.6f}", repr(encoder.patches)):
        digest.update(text.encode() + b"\0")
    digest.update(np.ascontiguousarray(centres_yx, dtype="<f4").tobytes())
    return digest.hexdigest()[:40]


def _cached(path: Path, shape: tuple[int, int]) -> FloatArray | None:
    if not path.exists():
        return None
    try:
        array: FloatArray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if array.shape == shape and array.dtype == np.float32 else None
