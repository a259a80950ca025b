"""Coarser levels for a large slide that has none: made once, in bands, and cached."""

from collections.abc import Iterator

from geneglass.data.cache import cache_folder
from geneglass.data.pyramid import RowBands, halve, write_pyramid
from geneglass.data.slide import Slide
from geneglass.data.tiled_tiff import MAX_SINGLE_LEVEL_PX, TiledTiffSlide
from geneglass.data.types import Level, Region, UInt8Array
from geneglass.errors import InputError

PYRAMID_VERSION = 1
"""Part of the cached file's name: raised when the same slide would give other pixels."""

_MAX_BAND_BYTES = 256 * 2**20
_SMALL_BAND_PX = 256


def with_pyramid(slide: Slide) -> Slide:
    """Return the slide with coarser levels; the same one where it has some or is small enough without."""
    size = slide.levels[0]
    if len(slide.levels) > 1 or max(size.height_px, size.width_px) <= MAX_SINGLE_LEVEL_PX:
        return slide
    try:
        return _Completed(slide)
    except BaseException:
        slide.close()
        raise


class _Completed(Slide):
    def __init__(self, finest: Slide) -> None:
        self.path, self.mpp, self.warnings = finest.path, finest.mpp, finest.warnings
        self._finest = finest
        self._coarser = _coarser(finest)
        self.tile_yx = getattr(finest, "tile_yx", self._coarser.tile_yx)
        more = (Level(each.height_px, each.width_px, 2 * each.downsample) for each in self._coarser.levels)
        self.levels = (finest.levels[0], *more)

    def _read(self, region: Region) -> UInt8Array:
        if region.level == 0:
            return self._finest.read(region)
        inner = Region(region.level - 1, region.top_px, region.left_px, region.height_px, region.width_px)
        return self._coarser.read(inner)

    def content_hash(self) -> str:
        return self._finest.content_hash()

    def close(self) -> None:
        self._finest.close()
        self._coarser.close()


def _coarser(finest: Slide) -> TiledTiffSlide:
    file = cache_folder("pyramids") / f"{finest.content_hash()}-half-{PYRAMID_VERSION}.ome.tif"
    if file.exists():
        try:
            return TiledTiffSlide(file, shown_as=finest.path)
        except InputError:
            file.unlink()  # damaged: made again
    size = finest.levels[0]
    source = RowBands(size.height_px // 2, size.width_px // 2, _halved_bands(finest))
    write_pyramid(file, source, None, compression="zstd")
    return TiledTiffSlide(file, shown_as=finest.path)


def _halved_bands(finest: Slide) -> Iterator[UInt8Array]:
    size = finest.levels[0]
    rows = getattr(finest, "tile_yx", (_SMALL_BAND_PX,))[0]
    if rows % 2 or rows * size.width_px * 3 > _MAX_BAND_BYTES:
        rows = _SMALL_BAND_PX
    height = size.height_px // 2 * 2
    for top in range(0, height, rows):
        yield halve(finest.read(Region(0, top, 0, min(rows, height - top), size.width_px)))
