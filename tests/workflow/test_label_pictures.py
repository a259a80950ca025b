"""A label may show who the patient is: `check --picture` and the cached pyramids hold none of its pixels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr
from anndata import AnnData
from PIL import Image
from shapely import Point

from geneglass.data import cached_pyramid
from geneglass.data.cache import cache_folder
from geneglass.data.slide_formats import open_slide
from geneglass.data.types import Region
from geneglass.workflow.check import check
from spatialdata_writer import IDENTITY, to_system, write_image, write_shapes, write_store, write_table
from zarr_stores import write_ome_zarr

RED = np.array([255, 0, 0], np.uint8)


def tissue(height_px: int, width_px: int) -> np.ndarray:
    out = np.full((height_px, width_px, 3), 240, np.uint8)
    out[height_px // 5 : -height_px // 5, width_px // 5 : -width_px // 5] = (150, 80, 160)
    return out


def red(height_px: int, width_px: int) -> np.ndarray:
    return np.broadcast_to(RED, (height_px, width_px, 3)).copy()


def spatialdata(folder: Path) -> Path:
    """Return a store whose label, macro and CytAssist pictures are finer than the slide itself."""
    store = write_store(folder / "s.zarr")
    row, column = np.divmod(np.arange(30), 5)
    names = [f"spot{i}" for i in range(30)]
    obs = pd.DataFrame({"array_row": row, "array_col": 2 * column + row % 2, "spot_id": range(30)}, index=names)
    points = [Point(150 + 40 * (2 * c + r % 2), 120 + 69 * r) for r, c in zip(row, column, strict=True)]
    write_shapes(store, "spots", points, range(30), [to_system("global", "xy", IDENTITY)])
    write_table(store, "table", AnnData(np.full((30, 4), 90, np.float32), obs=obs), "spots")
    for name in ("label", "macro", "label_image", "S1_cytassist_image"):
        finer = {"type": "scale", "scale": [1.0, 0.5, 0.5]}
        write_image(store, name, red(1200, 1400).transpose(2, 0, 1), [to_system("global", "cyx", finer)])
    for name, times in (("slide", 1), ("S1_lowres_image", 4)):
        coarser = {"type": "scale", "scale": [1.0, times, times]}
        pixels = tissue(600 // times, 700 // times).transpose(2, 0, 1)
        write_image(store, name, pixels, [to_system("global", "cyx", coarser)])
    return store


def unnamed_set(folder: Path) -> Path:
    """Return a set as bioformats2raw writes one, without names, with a label larger than the slide."""
    path = folder / "set.zarr"
    zarr.open_group(path, mode="w", zarr_format=2).attrs["bioformats2raw.layout"] = 3
    write_ome_zarr(path, tissue(600, 700), key="0", n_levels=2)
    write_ome_zarr(path, red(720, 700), key="1", n_levels=1)
    return path


def red_pixels(picture: Path) -> int:
    with Image.open(picture) as image:
        return int((np.abs(np.asarray(image.convert("RGB")).astype(int) - RED) < 30).all(axis=2).sum())


@pytest.mark.parametrize("make", [spatialdata, unnamed_set])
def test_no_pixel_of_a_label_is_drawn_or_cached(tmp_path, monkeypatch, make) -> None:
    monkeypatch.setattr(cached_pyramid, "MAX_SINGLE_LEVEL_PX", 500)
    path = make(tmp_path)
    (section,) = check([path], picture=tmp_path / "seen.png").sections
    assert (section.height_px, section.width_px) == (600, 700)
    assert red_pixels(tmp_path / "seen.png") == 0
    cached = sorted(cache_folder("pyramids").glob("*.tif"))
    assert len(cached) == (make is spatialdata)
    for file in cached:
        with open_slide(file) as slide:
            size = slide.levels[0]
            pixels = slide.read(Region(0, 0, 0, size.height_px, size.width_px))
            assert not (np.abs(pixels.astype(int) - RED) < 30).all(axis=2).any()


def test_a_label_that_was_asked_for_by_name_is_drawn(tmp_path) -> None:
    label = spatialdata(tmp_path) / "images" / "label"
    check([label], picture=tmp_path / "seen.png")
    assert red_pixels(tmp_path / "seen.png") > 1000
