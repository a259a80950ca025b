"""The embedded encoder: colour and texture statistics at several physical scales; no weights, no download.

Of each field of view it describes the stain (optical densities split into haematoxylin, eosin and a rest), the
texture at four sizes, and blobs of haematoxylin the size of nuclei; of the narrowest also what share of it looks
like what. `finish` sets these against the rest of the slide and adds the mean of the former over neighbouring
tissue. No position enters: a place is known by what is seen around it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from geneglass.data.types import FloatArray, PatchSpec, UInt8Array
from geneglass.errors import UsageError
from geneglass.model import local_detail
from geneglass.model.context import CLIP, neighbourhood_mean, standardised
from geneglass.model.encoder import Encoder
from geneglass.model.encoders import ENCODERS, EncoderFamily

SCALES = (PatchSpec(78.0, 64), PatchSpec(156.0, 64), PatchSpec(312.0, 64), PatchSpec(624.0, 64), PatchSpec(1400.0, 64))
"""From a few nuclei to a whole gland with its surroundings."""

NEIGHBOURHOOD_UM = 300.0
"""Standard deviation of the Gaussian over neighbouring places."""

VERSION = 2
"""Raise it with any change of what is computed: cached features and model files depend on it."""

_BLACK = 25
_WHITE = 215
_BLOCK = 16
_NUCLEUS = 0.05
_LEVELS = 4

# Rows: optical densities (R, G, B) of haematoxylin, eosin and a rest at right angles to both (Ruifrok, Johnston 2001).
_HAEMATOXYLIN = (0.650, 0.704, 0.286)
_EOSIN = (0.072, 0.990, 0.105)


def _unmixing() -> FloatArray:
    stains = np.array([_HAEMATOXYLIN, _EOSIN, np.cross(_HAEMATOXYLIN, _EOSIN)])
    stains /= np.linalg.norm(stains, axis=1, keepdims=True)
    return np.linalg.inv(stains).astype(np.float32)


_UNMIX = _unmixing()
_DENSITY = (-np.log((np.arange(256) + 1.0) / 256.0)).astype(np.float32)


class Texture(Encoder):
    """Colour and texture statistics; see the module.

    Attributes
    ----------
    raw_dim
        Statistics of all scales, one after the other; local detail follows those of the narrowest.
    dim
        The place itself, then the statistics of its neighbourhood.
    """

    name = "texture"
    patches = SCALES

    def __init__(self) -> None:
        self._width = _statistics(_channels(np.full((1, *_edge(SCALES[0])), 255, dtype=np.uint8))).shape[1]
        self.raw_dim = self._width * len(self.patches) + 2 * local_detail.FEATURES
        self.dim = self.raw_dim + self._width * len(self.patches)

    @property
    def identity(self) -> str:
        """Return a digest of everything that decides what is computed."""
        settings = (VERSION, self.patches, NEIGHBOURHOOD_UM, CLIP, _BLACK, _WHITE, _NUCLEUS, _LEVELS, _UNMIX.tolist())
        digest = hashlib.sha256((repr(settings) + local_detail.identity()).encode()).hexdigest()
        return f"texture-{VERSION}-{digest[:12]}"

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Return the columns of each scale, then those of the neighbourhood at each scale."""
        first = self.raw_dim - self._width * (len(self.patches) - 1)
        return (0, first), *((start, start + self._width) for start in range(first, self.dim, self._width))

    def encode(self, patches: tuple[UInt8Array, ...]) -> FloatArray:
        """Return (n, raw_dim) statistics of n places, given one (n, size_px, size_px, 3) array per scale."""
        views = [_in_blocks(view, detail=number == 0) for number, view in enumerate(patches)]
        return np.concatenate(views, axis=1)

    def finish(self, raw: FloatArray, centres_um_yx: FloatArray, slide: FloatArray | None = None) -> FloatArray:
        """Return (n, dim): the statistics standardised within the slide, and their mean around each place."""
        own = standardised(raw, slide)
        common = np.delete(own, slice(self._width, self._width + 2 * local_detail.FEATURES), axis=1)
        return np.concatenate([own, neighbourhood_mean(common, centres_um_yx, NEIGHBOURHOOD_UM)], axis=1)


def _edge(spec: PatchSpec) -> tuple[int, int, int]:
    return spec.size_px, spec.size_px, 3


def _in_blocks(view: UInt8Array, *, detail: bool) -> FloatArray:
    # Small blocks stay in the processor's cache: about twice as fast as a whole batch at once.
    starts = range(0, max(len(view), 1), _BLOCK)
    return np.concatenate([describe(view[start : start + _BLOCK], detail=detail) for start in starts])


def describe(view: UInt8Array, *, detail: bool = False) -> FloatArray:
    """Return the statistics of (n, size_px, size_px, 3) patches, (n, f), followed by local detail if wanted."""
    channels = _channels(view)
    statistics = _statistics(channels)
    if not detail:
        return statistics
    white = channels.white.astype(np.float32)
    found = local_detail.local_detail(channels.stains, channels.saturation, channels.darkness, white)
    return np.concatenate([statistics, found], axis=1)


@dataclass(frozen=True)
class _Channels:
    """What patches look like, pixel by pixel: (n, h, w), or (3, n, h, w) optical densities of R, G, B and of stains."""

    density: FloatArray
    stains: FloatArray
    saturation: FloatArray
    darkness: FloatArray
    white: NDArray[np.bool_]


def _channels(view: UInt8Array) -> _Channels:
    planes = _without_mask(view)
    density = _DENSITY[planes]
    stains = np.stack([density[0] * red + density[1] * green + density[2] * blue for red, green, blue in _UNMIX.T])
    strongest = np.maximum(np.maximum(density[0], density[1]), density[2])
    saturation = strongest - np.minimum(np.minimum(density[0], density[1]), density[2])
    darkness = (density[0] + density[1] + density[2]) / np.float32(3)
    white = np.minimum(np.minimum(planes[0], planes[1]), planes[2]) > _WHITE
    return _Channels(density, stains, saturation, darkness, white)


def _statistics(channels: _Channels) -> FloatArray:
    stains, darkness, white = channels.stains, channels.darkness, channels.white
    small = [_halved(channel) for channel in (*stains, channels.saturation, darkness)]
    columns = [_mean(white.astype(np.float32)), *_tissue_colour(channels.density, ~white)]
    for channel in small:
        columns.extend(_distribution(channel))
    columns.extend(_correlation(small[0], other) for other in (small[1], small[2], small[4]))
    for channel in (stains[0], stains[1], darkness):
        columns.extend(_texture(channel))
    columns.extend(_nuclei(stains[0]))
    columns.extend(_nuclei(small[0]))
    return np.stack(columns, axis=1).astype(np.float32)


def _without_mask(view: UInt8Array) -> UInt8Array:
    """Return (3, n, h, w) with black pixels white: blacked-out background is empty glass, not dense stain."""
    planes = np.ascontiguousarray(np.moveaxis(view, 3, 0))
    black = np.maximum(np.maximum(planes[0], planes[1]), planes[2]) < _BLACK
    planes[:, black] = 255
    return planes


def _mean(image: FloatArray) -> FloatArray:
    means: FloatArray = image.reshape(len(image), -1).mean(axis=1)
    return means


def _moments(image: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean, standard deviation and skewness; a flat patch has no skewness."""
    mean = _mean(image)
    rest = image - mean[:, None, None]
    square = rest * rest
    deviation: FloatArray = np.sqrt(_mean(square))
    skewness: FloatArray = _mean(square * rest) / (deviation**3 + np.float32(1e-4))
    return mean, deviation, skewness


def _distribution(image: FloatArray) -> Iterator[FloatArray]:
    yield from _moments(image)
    flat = np.sort(image.reshape(len(image), -1), axis=1)
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        yield flat[:, int(share * (flat.shape[1] - 1))]


def _tissue_colour(density: FloatArray, tissue: NDArray[np.bool_]) -> Iterator[FloatArray]:
    weight = tissue.astype(np.float32)
    share = _mean(weight) + np.float32(1e-3)
    for channel in density:
        yield _mean(channel * weight) / share


def _correlation(one: FloatArray, other: FloatArray) -> FloatArray:
    one = one - _mean(one)[:, None, None]
    other = other - _mean(other)[:, None, None]
    correlation: FloatArray = _mean(one * other) / np.sqrt(_mean(one * one) * _mean(other * other) + np.float32(1e-8))
    return correlation


def _texture(image: FloatArray) -> Iterator[FloatArray]:
    """Yield, at each size, the strength of detail, the mean gradient and how much it keeps one direction."""
    for _ in range(_LEVELS):
        coarser = _halved(image)
        smooth = coarser.repeat(2, axis=1).repeat(2, axis=2)
        image = image[:, : smooth.shape[1], : smooth.shape[2]]
        detail = image - smooth
        corner = image[:, :-1, :-1]
        down, right = image[:, 1:, :-1] - corner, image[:, :-1, 1:] - corner
        downs, rights, both = down * down, right * right, down * right
        yy, xx, yx = _mean(downs), _mean(rights), _mean(both)
        yield np.log(np.sqrt(_mean(detail * detail)) + np.float32(1e-3))
        yield np.log(_mean(np.sqrt(downs + rights)) + np.float32(1e-3))
        yield np.sqrt((yy - xx) ** 2 + 4 * yx * yx) / (yy + xx + np.float32(1e-6))
        image = coarser


def _nuclei(haematoxylin: FloatArray) -> Iterator[FloatArray]:
    """Yield strength, skewness, area and number of blobs: a small mean against a wider one."""
    blob = uniform_filter(haematoxylin, (0, 3, 3)) - uniform_filter(haematoxylin, (0, 9, 9))
    _, deviation, skewness = _moments(blob)
    inside = blob > _NUCLEUS
    centre = blob[:, 1:-1, 1:-1]
    peak = inside[:, 1:-1, 1:-1] & (centre > blob[:, :-2, 1:-1]) & (centre > blob[:, 2:, 1:-1])
    peak &= (centre > blob[:, 1:-1, :-2]) & (centre > blob[:, 1:-1, 2:])
    yield from (deviation, skewness, _mean(inside.astype(np.float32)), _mean(peak.astype(np.float32)))


def _halved(image: FloatArray) -> FloatArray:
    """Return the means of 2 x 2 pixels; an odd last row or column is left out."""
    height, width = image.shape[1] // 2 * 2, image.shape[2] // 2 * 2
    rows = image[:, 0:height:2, :width] + image[:, 1:height:2, :width]
    halved: FloatArray = (rows[:, :, 0::2] + rows[:, :, 1::2]) * np.float32(0.25)
    return halved


def _make(argument: str, device: str) -> Encoder:
    if argument:
        raise UsageError(f"The encoder texture takes no argument, got {argument!r}; write texture alone.")
    return Texture()


ENCODERS.register("texture")(
    EncoderFamily("Colour and texture statistics at several scales; needs no weights", _make, needs_weights=False)
)
