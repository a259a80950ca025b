"""AnnData files as scanpy, HEST and others lay them out: pictures, libraries, names of genes, other places."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from geneglass.data.spot_formats import open_spots
from geneglass.data.types import LEGACY_ST, VISIUM
from geneglass.errors import InputError

Maker = Callable[..., AnnData]
Writer = Callable[[AnnData], Path]


def library(**images: np.ndarray) -> dict[str, Any]:
    factors = {"tissue_hires_scalef": 0.25, "tissue_lowres_scalef": 0.05, "spot_diameter_fullres": 70.0}
    return {"images": images, "scalefactors": factors}


def picture(dtype: str, top: float) -> np.ndarray:
    return (np.random.default_rng(5).random((30, 20, 3)) * top).astype(dtype)


@pytest.mark.parametrize(("dtype", "top"), [("uint8", 255), ("float32", 1), ("float64", 255)])
def test_pictures_come_as_8_bit_rgb_with_their_scale(visium: Maker, written: Writer, dtype: str, top: float) -> None:
    table, hires = visium(), picture(dtype, top)
    table.uns["spatial"] = {"lib": library(lowres=picture("uint8", 255)[:6, :4], hires=hires)}
    spots = open_spots(written(table))
    assert [(p.name, p.scale, p.path) for p in spots.pictures] == [("hires", 0.25, None), ("lowres", 0.05, None)]
    pixels = spots.pictures[0].pixels
    assert pixels is not None
    assert pixels.shape == (30, 20, 3)
    assert pixels.dtype == np.uint8
    np.testing.assert_allclose(pixels, hires.astype(float) * 255 / top, atol=1)
    assert spots.warnings == ()
    assert spots.mpp is None


def test_pictures_that_can_not_be_used_are_told(visium: Maker, written: Writer) -> None:
    table = visium()
    table.uns["spatial"] = {"lib": library(hires=np.zeros(0), lowres=-picture("float32", 1), own=picture("uint8", 9))}
    spots = open_spots(written(table))
    assert spots.pictures == ()
    assert any("no pixels in its hires picture" in told for told in spots.warnings)
    assert any("lowres picture of table.h5ad holds values from -" in told for told in spots.warnings)
    assert "The own picture of table.h5ad has no scale factor and was left out." in spots.warnings


def test_a_label_among_the_pictures_is_left_out_and_told(visium: Maker, written: Writer) -> None:
    table, held = visium(), library(hires=picture("uint8", 255))
    for name in ("label", "MacroImage", "S1_cytassist_image"):
        held["images"][name] = picture("uint8", 255)
        held["scalefactors"][f"tissue_{name}_scalef"] = 1.0
    table.uns["spatial"] = {"lib": held}
    spots = open_spots(written(table))
    assert [p.name for p in spots.pictures] == ["hires"]
    told = "3 pictures are not shown, being no slide by their names: MacroImage, S1_cytassist_image, label."
    assert spots.warnings == (f"Of table.h5ad {told}",)


def test_a_stated_pixel_size_is_taken(visium: Maker, written: Writer) -> None:
    table = visium()
    table.uns["spatial"] = {"lib": {"scalefactors": {"microns_per_pixel": 0.5}}}
    assert open_spots(written(table)).mpp == 0.5


def test_several_sections_in_one_file_are_refused_with_how_to_split(visium: Maker, written: Writer) -> None:
    table = visium()
    table.uns["spatial"] = {"a": library(hires=picture("uint8", 9)), "b": library()}
    with pytest.raises(InputError, match=r"2 libraries \(a, b\) .* nothing in obs says"):
        open_spots(written(table))
    table.obs["sample"] = pd.Categorical(["b"] * 10 + ["a"] * (table.n_obs - 10))
    with pytest.raises(InputError, match=r'2 sections \(a, b in obs\["sample"\]\); write one file .*== "a"'):
        open_spots(written(table))
    one = table[table.obs["sample"] == "a"].copy()
    assert len(open_spots(written(one)).pictures) == 1
    del table.uns["spatial"], table.obs["sample"]
    table.obs["library_id"] = ["x"] * 10 + ["y"] * (table.n_obs - 10)
    with pytest.raises(InputError, match=r"2 sections \(x, y"):
        open_spots(written(table))


def test_centres_are_found_in_other_unambiguous_places(visium: Maker, written: Writer) -> None:
    table = visium()
    centres = table.obsm.pop("spatial")
    table.obsm["X_spatial"] = centres
    np.testing.assert_allclose(open_spots(written(table)).table.obsm["spatial"], centres)
    table.obsm["spatial_um"] = centres / 2
    with pytest.raises(InputError, match="no spot positions"):
        open_spots(written(table))
    table.obs["pxl_col_in_fullres"], table.obs["pxl_row_in_fullres"] = centres.T
    np.testing.assert_allclose(open_spots(written(table)).table.obsm["spatial"], centres)


def test_genes_named_by_accession_show_their_symbol(visium: Maker, written: Writer) -> None:
    table = visium()
    accessions = [f"ENSG{number:011d}" for number in range(7)]
    table.var_names = accessions
    assert list(open_spots(written(table)).table.var_names) == accessions
    table.var["feature_name"] = pd.Categorical(["TBCE", "B", "TBCE", None, "", "C", "D"])
    genes = list(open_spots(written(table)).table.var_names)
    assert genes == [f"TBCE ({accessions[0]})", "B", f"TBCE ({accessions[2]})", *accessions[3:5], "C", "D"]


def test_labels_are_taken_from_a_column_of_a_known_name(visium: Maker, written: Writer) -> None:
    table = visium()
    table.obs["ground_truth"] = pd.Categorical(["fat"] * 10 + ["stroma"] * (table.n_obs - 10))
    spots = open_spots(written(table))
    assert list(spots.table.obs["label"]) == list(table.obs["ground_truth"])
    assert spots.warnings == ('Labels are those of obs["ground_truth"].',)


def write_hest(table: AnnData, tmp_path: Path, **metadata: object) -> Path:
    for name in ("st", "wsis", "metadata"):
        (tmp_path / name).mkdir(exist_ok=True)
    table.uns["spatial"] = {"ST": {"images": {"downscaled_fullres": picture("uint8", 255)}, "scalefactors": {}}}
    table.uns["spatial"]["ST"]["scalefactors"] = {"tissue_downscaled_fullres_scalef": 0.1}
    table.write_h5ad(tmp_path / "st" / "TENX95.h5ad")
    (tmp_path / "metadata" / "TENX95.json").write_text(json.dumps(metadata))
    return tmp_path / "st" / "TENX95.h5ad"


def test_hest_brings_its_slide_pixel_size_and_platform(visium: Maker, tmp_path: Path) -> None:
    path = write_hest(
        visium(), tmp_path, pixel_size_um_estimated=0.73, pixel_size_um_embedded=1.0, st_technology="Visium"
    )
    assert [p.name for p in open_spots(path).pictures] == ["downscaled_fullres"]
    slide = tmp_path / "wsis" / "TENX95.tif"
    slide.write_bytes(b"")
    spots = open_spots(path)
    assert spots.mpp == 0.73
    assert spots.platform is VISIUM
    assert (spots.pictures[0].name, spots.pictures[0].scale, spots.pictures[0].path) == ("TENX95.tif", 1.0, slide)
    assert spots.pictures[1].scale == 0.1


def test_hest_without_an_estimate_states_the_embedded_pixel_size(visium: Maker, tmp_path: Path) -> None:
    facts = {"pixel_size_um_embedded": 0.5, "st_technology": "Spatial Transcriptomics"}
    path = write_hest(visium(), tmp_path, pixel_size_um_estimated=None, **facts)
    spots = open_spots(path)
    assert spots.mpp == 0.5
    assert spots.platform is LEGACY_ST


def test_damaged_hest_metadata_is_told(visium: Maker, tmp_path: Path) -> None:
    path = write_hest(visium(), tmp_path)
    (tmp_path / "metadata" / "TENX95.json").write_text('{"pixel_size_um_estimated": 0.')
    spots = open_spots(path)
    assert spots.mpp is None
    assert len(spots.warnings) == 1
    assert "TENX95.json could not be read" in spots.warnings[0]


def test_pictures_of_real_files_are_read_or_told_to_be_empty(written: Writer, shared_data: Path) -> None:
    found = {}
    for name in ("squidpy", "stlearn"):
        real = anndata.read_h5ad(shared_data / "h5ad" / f"{name}_test_data.h5ad")
        counts = np.ones((real.n_obs, 2), dtype=np.float32)
        table = AnnData(
            counts, obs=real.obs, uns={"spatial": real.uns["spatial"]}, obsm={"spatial": real.obsm["spatial"]}
        )
        found[name] = open_spots(written(table))
    shapes = [p.pixels.shape for p in found["squidpy"].pictures if p.pixels is not None]
    assert shapes == [(88, 49, 3)]
    assert found["squidpy"].pictures[0].scale == pytest.approx(0.051033426)
    # Its hires picture was standardised: those are no colours.
    assert "hires picture of table.h5ad holds values from -4.03614 to 4.34025" in found["squidpy"].warnings[0]
    assert found["stlearn"].pictures == ()
    assert found["stlearn"].warnings == (
        "table.h5ad has no pixels in its hires and lowres picture; give the slide itself.",
    )


def test_a_matrix_that_does_not_fit_its_names_is_damage(visium: Maker, written: Writer) -> None:
    path = written(visium())
    with h5py.File(path, "r+") as file:
        file["X"].attrs["shape"] = [30, 9]
    with pytest.raises(InputError, match=r"damaged: X is 30 x 9 for 30 spots and 7 genes"):
        open_spots(path)


def test_column_numbers_outside_the_matrix_are_damage(visium: Maker, written: Writer) -> None:
    path = written(visium())
    with h5py.File(path, "r+") as file:
        file["X/indices"][5] = 2_000_000
    with pytest.raises(InputError, match=r"table\.h5ad can not be read as an AnnData file"):
        open_spots(path)


def test_a_size_that_the_file_can_not_hold_is_refused(visium: Maker, written: Writer) -> None:
    path = written(visium())
    with h5py.File(path, "r+") as file:
        del file["X"]
        file.create_dataset("X", (30, 2**40), dtype="f4", chunks=(1, 2**10))
    with pytest.raises(InputError, match="more than the file can hold"):
        open_spots(path)


def test_a_table_of_anndata_before_0_7_is_read(visium: Maker, tmp_path: Path) -> None:
    table, path = visium(), tmp_path / "old.h5ad"
    names = np.array(table.obs_names, dtype="S18")
    obs = np.rec.fromarrays([names, table.obs["array_row"], table.obs["array_col"]], names="index,array_row,array_col")
    with h5py.File(path, "w") as file:
        file["X"] = table.X.toarray()
        file["obs"], file["var"] = obs, np.rec.fromarrays([np.array(table.var_names, dtype="S3")], names="index")
        file["obsm"] = np.rec.fromarrays([table.obsm["spatial"]], dtype=[("spatial", "f8", (2,))])
    spots = open_spots(path)
    np.testing.assert_array_equal(spots.table.X.toarray(), table.X.toarray())
    np.testing.assert_allclose(spots.table.obsm["spatial"], table.obsm["spatial"])
    assert list(spots.table.obs_names) == list(table.obs_names)
    assert spots.platform is VISIUM


def test_rows_that_overlap_are_damage(visium: Maker, written: Writer) -> None:
    path = written(visium())
    with h5py.File(path, "r+") as file:
        file["X/indptr"][-5:] = [2**30, -(2**30), 5, 0, 0]
    with pytest.raises(InputError, match=r"the rows of X overlap"):
        open_spots(path)


def test_a_text_longer_than_its_heap_is_refused_before_it_is_allocated(visium: Maker, written: Writer) -> None:
    path = written(visium())
    with h5py.File(path) as file:
        where = file["obs/_index"].id.get_offset()
    content = bytearray(path.read_bytes())
    content[where + 3] = 0x8E
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"states (texts of )?2,382,36\d,\d\d\d bytes, more than"):
        open_spots(path)


def test_a_type_that_no_table_has_is_refused(visium: Maker, written: Writer) -> None:
    path = written(visium())
    with h5py.File(path, "r+") as file:
        file.create_dataset("var/odd", (7,), dtype=h5py.vlen_dtype("i4"))
    with pytest.raises(InputError, match=r"/var/odd is neither numbers nor text"):
        open_spots(path)


@pytest.mark.parametrize("layer", ["counts", "raw_counts", "raw"])
def test_raw_counts_are_found_in_a_layer(visium: Maker, written: Writer, layer: str) -> None:
    table = visium()
    counts = table.X.toarray()
    table.layers[layer] = table.X.copy()
    table.X = np.log1p(counts)
    spots = open_spots(written(table))
    np.testing.assert_array_equal(spots.table.X.toarray(), counts)
    assert spots.warnings == (f'X of table.h5ad holds no counts; they were taken from layers["{layer}"].',)


def test_a_library_without_its_own_level_is_one(visium: Maker, written: Writer) -> None:
    table = visium()
    table.uns["spatial"] = library(hires=picture("uint8", 255))
    spots = open_spots(written(table))
    assert [(item.name, item.scale) for item in spots.pictures] == [("hires", 0.25)]
    assert spots.warnings == ()
    table.obs["library_id"] = "images"
    assert len(open_spots(written(table)).pictures) == 1
