"""SpatialData stores: where their spots and pictures lie, what is asked back, what is refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr
from anndata import AnnData
from shapely import Point, box

from geneglass.data.cohort import SectionSource
from geneglass.data.section import open_section
from geneglass.data.slide_formats import open_slide
from geneglass.data.spot_formats import is_spots, open_spots
from geneglass.data.types import VISIUM, visium_hd
from geneglass.errors import InputError
from spatialdata_writer import IDENTITY, to_system, write_image, write_shapes, write_store, write_table

Maker = Callable[..., AnnData]

PIXELS = np.random.default_rng(3).integers(0, 255, (3, 90, 70), dtype=np.uint8)


def scale(factor: float, n_axes: int = 2) -> dict[str, object]:
    return {"type": "scale", "scale": [1.0, factor, factor][-n_axes:]}


def with_ids(table: AnnData) -> AnnData:
    table.obs["spot_id"] = np.arange(table.n_obs)[::-1]
    return table


def write_visium(folder: Path, table: AnnData, version: int = 3, *, full: bool = True) -> Path:
    """Return a store as spatialdata-io makes one of Space Ranger's output; instance ids run backwards."""
    store, table = write_store(folder / "s.zarr", version), with_ids(table)
    points = [Point(xy) for xy in table.obsm["spatial"][::-1]]
    systems = [to_system("global", "xy", IDENTITY), to_system("hires", "xy", scale(0.25))]
    write_shapes(store, "sample", points, range(table.n_obs), systems)
    write_table(store, "table", AnnData(table.X, obs=table.obs, var=table.var), "sample", version=version)
    if full:
        write_image(store, "full_image", PIXELS, [to_system("global", "cyx", IDENTITY)], version)
    write_image(store, "hires_image", PIXELS[:, ::4, ::4], [to_system("hires", "cyx", IDENTITY)], version)
    return store


@pytest.mark.parametrize("version", [2, 3])
def test_counts_meet_the_centres_of_their_shapes(visium: Maker, tmp_path: Path, version: int) -> None:
    table = visium()
    store = write_visium(tmp_path, table, version)
    assert is_spots(store)
    spots = open_spots(store)
    np.testing.assert_array_equal(spots.table.X.toarray(), table.X.toarray())
    np.testing.assert_allclose(spots.table.obsm["spatial"], table.obsm["spatial"])
    np.testing.assert_array_equal(spots.table.obs["array_col"], table.obs["array_col"])
    assert list(spots.table.obs_names) == list(table.obs_names)
    assert spots.platform is VISIUM
    assert spots.warnings == ()
    images = store / "images"
    assert [(p.scale, p.path) for p in spots.pictures] == [(1.0, images / "full_image"), (0.25, images / "hires_image")]
    with open_slide(images / "full_image") as slide:
        assert (slide.levels[0].height_px, slide.levels[0].width_px) == (90, 70)


def test_without_the_full_picture_centres_stay_in_its_pixels(visium: Maker, tmp_path: Path) -> None:
    table = visium()
    spots = open_spots(write_visium(tmp_path, table, full=False))
    np.testing.assert_allclose(spots.table.obsm["spatial"], table.obsm["spatial"])
    assert [(p.name, p.scale) for p in spots.pictures] == [("hires_image", 0.25)]


def write_hd(folder: Path) -> tuple[Path, np.ndarray]:
    """Return a store of bins in two sizes on a turned grid, in micrometres, and the 8 um centres in pixels."""
    store = write_store(folder / "hd.zarr")
    c, s = np.cos(0.2), np.sin(0.2)
    turn = {"type": "affine", "affine": [[c, -s, 50.0], [s, c, 20.0]]}
    shift = {"type": "translation", "translation": [0.0, 7.0, 5.0]}
    to_um = {"type": "sequence", "transformations": [scale(0.5, 3), shift]}
    write_image(store, "full_image", PIXELS, [to_system("um", "cyx", to_um)])
    for um, edge in ((8, 4), (16, 2)):
        row, column = np.divmod(np.arange(edge * edge), edge)
        squares = [box(x * um, y * um, (x + 1) * um, (y + 1) * um) for y, x in zip(row, column, strict=True)]
        names = [f"bin{i}" for i in range(len(squares))]
        region = f"sample_square_{um:03d}um"
        write_shapes(store, region, squares, names, [to_system("um", "xy", turn)])
        table = AnnData(np.full((len(squares), 3), um, dtype=np.float32), obs=pd.DataFrame(index=names))
        table.obs["array_row"], table.obs["array_col"], table.obs["spot_id"] = row, column, names
        write_table(store, f"square_{um:03d}um", table, region)
        if um == 8:
            x, y = (column + 0.5) * 8, (row + 0.5) * 8
            centres_um = np.column_stack([c * x - s * y + 50, s * x + c * y + 20])
    return store, (centres_um - [5, 7]) / 0.5


def test_polygons_and_affine_transformations_end_in_pixels(tmp_path: Path) -> None:
    store, centres = write_hd(tmp_path)
    with pytest.raises(InputError, match=r"2 tables \(square_008um, square_016um\); give .*tables.square_008um"):
        open_spots(store)
    spots = open_spots(store / "tables" / "square_008um")
    np.testing.assert_allclose(spots.table.obsm["spatial"], centres)
    assert spots.platform == visium_hd(8)
    assert [(p.name, p.scale) for p in spots.pictures] == [("full_image", 1.0)]
    assert open_spots(store / "shapes" / "sample_square_016um").table.n_obs == 4


def test_a_table_on_several_regions_is_asked_for_one(visium: Maker, tmp_path: Path) -> None:
    table = with_ids(visium())
    table.obs["region"] = pd.Categorical(["a"] * 10 + ["b"] * 20)
    store = write_store(tmp_path / "s.zarr")
    for region in "ab":
        points = [Point(xy) for xy in table.obsm["spatial"][::-1]]
        write_shapes(store, region, points, range(30), [to_system("global", "xy", IDENTITY)])
    write_table(store, "table", table, ["a", "b"])
    with pytest.raises(InputError, match=r"annotates 2 regions \(a, b\); give the one you mean, .*shapes/a"):
        open_spots(store)
    spots = open_spots(store / "shapes" / "b")
    assert list(spots.table.obs_names) == list(table.obs_names[10:])
    np.testing.assert_allclose(spots.table.obsm["spatial"], table.obsm["spatial"][10:])


def test_rows_without_a_shape_are_left_out_and_told(visium: Maker, tmp_path: Path) -> None:
    store, table = write_visium(tmp_path, visium()), visium()
    points = [Point(xy) for xy in table.obsm["spatial"][::-1]]
    write_shapes(store, "sample", points[:-1], range(29), [to_system("global", "xy", IDENTITY)])
    spots = open_spots(store)
    assert list(spots.table.obs_names) == list(table.obs_names[1:])
    assert f"Left out, having no shape in sample: 1 spot ({table.obs_names[0]})." in spots.warnings
    write_shapes(store, "sample", points, [f"x{i}" for i in range(30)], [to_system("global", "xy", IDENTITY)])
    with pytest.raises(InputError, match="Not one row of the table"):
        open_spots(store)


def test_pictures_that_have_nothing_to_do_with_the_spots_are_told(visium: Maker, tmp_path: Path) -> None:
    store = write_visium(tmp_path, visium())
    write_image(store, "apart", PIXELS, [to_system("elsewhere", "cyx", IDENTITY)])
    write_image(store, "dapi", PIXELS[:1], [to_system("global", "cyx", IDENTITY)])
    shift = {"type": "translation", "translation": [0.0, 30.0, 30.0]}
    write_image(store, "moved", PIXELS[:, ::2, ::2], [to_system("global", "cyx", shift)])
    write_image(store, "odd", PIXELS, [to_system("global", "cyx", {"type": "coordinates"})])
    spots = open_spots(store)
    assert [p.name for p in spots.pictures] == ["full_image", "hires_image"]
    said = "\n".join(spots.warnings)
    assert "The picture apart was left out: it shares no coordinate system with the spots." in said
    assert "The picture dapi was left out: it has 1 channels, and H&E has 3." in said
    assert "The picture moved was left out: it is turned or shifted against the largest one." in said
    assert "'coordinates' is not known" in said


OTHERS = ("label", "macro", "label_image", "S1_cytassist_image", "SlideLabel", "macroimage")


@pytest.mark.parametrize("version", [2, 3])
def test_labels_and_macro_pictures_are_left_out_and_told_in_one_sentence(
    visium: Maker, tmp_path: Path, version: int
) -> None:
    table = visium()
    store = write_visium(tmp_path, table, version, full=False)
    for name in OTHERS:
        # Finer than any other picture, so that it would be the slide, and set the pixels of the centres.
        write_image(store, name, PIXELS, [to_system("hires", "cyx", scale(0.25, 3))], version)
    spots = open_spots(store)
    assert [(p.name, p.scale) for p in spots.pictures] == [("hires_image", 0.25)]
    np.testing.assert_allclose(spots.table.obsm["spatial"], table.obsm["spatial"])
    assert spots.warnings == (
        f"Of s.zarr 6 pictures are not shown, being no slide by their names: {', '.join(sorted(OTHERS))}.",
    )
    with open_slide(store / "images" / "label_image") as slide:
        assert slide.levels[0].height_px == 90, "it was asked for by name"


def test_an_element_of_another_name_that_calls_itself_a_label_is_left_out(visium: Maker, tmp_path: Path) -> None:
    store = write_visium(tmp_path, visium(), 2)
    attributes = zarr.open_group(str(store / "images" / "full_image"), mode="r+").attrs
    attributes["multiscales"] = [{**attributes["multiscales"][0], "name": "Label image"}]
    spots = open_spots(store)
    assert [p.name for p in spots.pictures] == ["hires_image"]
    assert "The picture full_image was left out: it calls itself 'Label image'." in spots.warnings


def test_where_the_only_picture_is_a_label_there_is_no_slide(visium: Maker, tmp_path: Path) -> None:
    store = write_visium(tmp_path, visium(), full=False)
    shutil.move(store / "images" / "hires_image", store / "images" / "label")
    section = open_section(SectionSource("s", spots=store))
    assert section.slide is None
    assert "Of s.zarr 1 picture is not shown, being no slide by its name: label." in section.warnings


def test_what_a_store_lacks_is_named(visium: Maker, tmp_path: Path) -> None:
    store = write_visium(tmp_path, visium())
    with pytest.raises(InputError, match="leave out `positions`"):
        open_spots(store, store)
    (store / "shapes" / "sample" / "shapes.parquet").rename(tmp_path / "kept")
    with pytest.raises(InputError, match=r"has no shapes\.parquet"):
        open_spots(store)
    shutil.rmtree(store / "shapes" / "sample")
    with pytest.raises(InputError, match="no shapes 'sample'"):
        open_spots(store)
    attributes = zarr.open_group(str(store / "tables" / "table"), mode="r+").attrs
    attributes["region"] = "../../.."
    with pytest.raises(InputError, match=r"no shapes '\.\./\.\./\.\.'"):
        open_spots(store)
    del attributes["region"]
    with pytest.raises(InputError, match="annotates no region"):
        open_spots(store)
    shutil.rmtree(store / "tables" / "table")
    with pytest.raises(InputError, match="has no table"):
        open_spots(store)
