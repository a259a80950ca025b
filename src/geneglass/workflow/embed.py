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
    slide, mpp = require_slide(section)
    raw = np.empty((len(centres_yx), encoder.raw_dim), dtype=np.float32)
    for start in range(0, len(centres_yx), CHUNK):
        centres = centres_yx[start : start + CHUNK]
        path = cache_folder("features") / f"{_key(slide, encoder, centres, mpp)}.npy"
        part = _cached(path, (len(centres), encoder.raw_dim))
        if part is None:
            part = np.empty((len(centres), encoder.raw_dim), dtype=np.float32)
            for done in _encode(slide, encoder, centres, mpp, part):
                yield Event(f"Reading the tissue of {section.name}", start + done, len(centres_yx))
            with atomic_path(path) as temporary, temporary.open("wb") as file:
                np.save(file, part)
        raw[start : start + len(centres)] = part
        yield Event(f"Reading the tissue of {section.name}", start + len(centres), len(centres_yx))
    return encoder.finish(raw, centres_yx * np.float32(mpp))


def embed_slide(section: Section, encoder: Encoder) -> Job[FloatArray]:
    """Return the (m, dim) features of at most `SLIDE_PLACES` places that lie evenly over a slide's tissue.

    They say what slide a place is on, and are the same whichever places are asked about.
    """
    slide, mpp = require_slide(section)
    stride_um = SLIDE_STRIDE_UM
    centres = grid_yx(slide, mpp, stride_um)
    while len(centres) > SLIDE_PLACES:
        stride_um *= 1.25
        centres = grid_yx(slide, mpp, stride_um)
    if not len(centres):
        raise InputError(f"No tissue was found on {slide.path.name}, which this recipe reads as a whole.")
    return (yield from embed(section, encoder, centres))


def _encode(slide: Slide, encoder: Encoder, centres_yx: FloatArray, mpp: float, out: FloatArray) -> Iterator[int]:
    done = 0
    asked: deque[NDArray[np.int64]] = deque()

    def batches() -> Iterator[tuple[UInt8Array, ...]]:
        for rows, patches in iter_patches(slide, centres_yx, encoder.patches, mpp=mpp, batch=BATCH):
            asked.append(rows)
            yield patches

    for features in encoder.encode_each(batches()):
        rows = asked.popleft()
        out[rows] = features
        done += len(rows)
        yield done


def _key(slide: Slide, encoder: Encoder, centres_yx: FloatArray, mpp: float) -> str:
    digest = hashlib.sha256()
    for text in (slide.content_hash(), encoder.identity, f"{mpp:.6f}", repr(encoder.patches)):
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
