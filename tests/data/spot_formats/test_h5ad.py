"""AnnData files: where counts are found, what is refused, when a table is Visium."""

from collections.abc import Callable
from pathlib import Path

import anndata
import h5py
import numpy as np
import pytest
from anndata import AnnData
from scipy import sparse

from geneglass.data.array_grid import pitch_px
from geneglass.data.spot_formats import open_spots
from geneglass.data.types import VISIUM
from geneglass.errors import InputError

Maker = Callable[..., AnnData]
Writer = Callable[[AnnData], Path]


def test_counts_centres_and_array_come_back(visium: Maker, written: Writer) -> None:
    table = visium()
    spots = open_spots(written(table))
    np.testing.assert_array_equal(spots.table.X.toarray(), table.X.toarray())
    np.testing.assert_allclose(spots.table.obsm["spatial"], table.obsm["spatial"])
    np.testing.assert_array_equal(spots.table.obs["array_col"], table.obs["array_col"])
    assert list(spots.table.obs_names) == list(table.obs_names)
    assert spots.warnings == ()


def test_a_hexagonal_array_is_visium_with_its_true_pitch(visium: Maker, written: Writer) -> None:
    spots = open_spots(written(visium(pitch=137.0)))
    assert spots.platform is VISIUM
    assert pitch_px(spots.table) == pytest.approx(137.0)


def test_visium_without_array_positions_is_known_by_barcodes_and_diameter(visium: Maker, written: Writer) -> None:
    table = visium(pitch=100.0)
    del table.obs["array_row"], table.obs["array_col"]
    assert open_spots(written(table)).platform is None
    table.uns["spatial"] = {"lib": {"scalefactors": {"spot_diameter_fullres": 65.0}}}
    spots = open_spots(written(table))
    assert spots.platform is VISIUM
    assert pitch_px(spots.table) == pytest.approx(100.0)


def test_a_square_array_is_no_visium(visium: Maker, written: Writer) -> None:
    table = visium()
    row, column = np.divmod(np.arange(table.n_obs), 6)
    table.obs["array_row"], table.obs["array_col"] = row, column
    table.obsm["spatial"] = np.stack([column, row], axis=1) * 50.0
    assert open_spots(written(table)).platform is None


def test_counts_are_looked_for_in_x_then_layer_then_raw(visium: Maker, written: Writer) -> None:
    table = visium()
    counts = table.X.toarray()
    log = AnnData(np.log1p(counts), obs=table.obs, var=table.var, obsm={"spatial": table.obsm["spatial"]})
    with pytest.raises(InputError, match=r"no raw counts in X, layers.*X holds \d+ values that are not whole numbers"):
        open_spots(written(log))
    from_raw = log[:, 2:].copy()
    from_raw.raw = table
    spots = open_spots(written(from_raw))
    assert spots.table.n_vars == 7
    np.testing.assert_array_equal(spots.table.X.toarray(), counts)
    assert spots.warnings == ("X of table.h5ad holds no counts; they were taken from raw.X.",)
    log.layers["counts"] = 2 * counts
    spots = open_spots(written(log))
    np.testing.assert_array_equal(spots.table.X.toarray(), 2 * counts)
    assert "layers" in spots.warnings[0]


@pytest.mark.parametrize(
    ("value", "sentence"), [(-2, "negative values .first -2"), (np.nan, "not finite"), (0.5, "not whole numbers")]
)
def test_a_value_that_is_no_count_is_named(visium: Maker, written: Writer, value: float, sentence: str) -> None:
    table = visium()
    dense = table.X.toarray()
    dense[4, 3] = value
    for matrix in (dense, sparse.csr_matrix(dense), sparse.csc_matrix(dense)):
        table.X = matrix
        with pytest.raises(InputError, match=f"{sentence}.* at spot {table.obs_names[4]}, gene G3"):
            open_spots(written(table))


@pytest.mark.filterwarnings("ignore:.*names are not unique:UserWarning")
def test_genes_of_one_name_go_by_their_accession(visium: Maker, written: Writer) -> None:
    table = visium()
    table.var_names = ["B", "A", "B", "C", "D", "E", "F"]
    table.var["gene_ids"] = [f"ENSG{number}" for number in range(7)]
    spots = open_spots(written(table))
    np.testing.assert_array_equal(spots.table[:, "B (ENSG2)"].X.toarray()[:, 0], table.X.toarray()[:, 2])
    assert "1 gene name (B) stood more than once" in spots.warnings[0]


@pytest.mark.filterwarnings("ignore:.*names are not unique:UserWarning")
def test_spots_of_one_name_are_refused(visium: Maker, written: Writer) -> None:
    table = visium()
    table.obs_names = ["same", "same", *table.obs_names[2:]]
    with pytest.raises(InputError, match=r"names 1 spot .same. more than once"):
        open_spots(written(table))


def test_spots_off_tissue_are_left_out(visium: Maker, written: Writer) -> None:
    table = visium()
    table.obs["in_tissue"] = [0, 0, *[1] * (table.n_obs - 2)]
    spots = open_spots(written(table))
    assert list(spots.table.obs_names) == list(table.obs_names[2:])
    assert spots.warnings == ("2 of 30 spots lie off the tissue and were left out.",)


def test_missing_positions_are_told(visium: Maker, written: Writer) -> None:
    table = visium()
    table.obsm["spatial"][3, 1] = np.nan
    with pytest.raises(InputError, match=f"no finite position for 1 spot .{table.obs_names[3]}"):
        open_spots(written(table))
    del table.obsm["spatial"]
    with pytest.raises(InputError, match="no spot positions"):
        open_spots(written(table))


def test_array_positions_that_are_no_numbers_are_not_used(visium: Maker, written: Writer) -> None:
    table = visium()
    table.obs["array_row"] = ["?"] * table.n_obs
    spots = open_spots(written(table))
    assert "array_row" not in spots.table.obs
    assert spots.platform is None


@pytest.mark.parametrize("shape", [(0, 5), (5, 0)])
def test_an_empty_matrix_is_refused(written: Writer, shape: tuple[int, int]) -> None:
    table = AnnData(np.zeros(shape, dtype=np.float32), obsm={"spatial": np.zeros((shape[0], 2))})
    with pytest.raises(InputError, match=rf"empty matrix .{shape[0]} spots x {shape[1]} genes"):
        open_spots(written(table))


def test_a_prediction_is_not_taken_for_spots(visium: Maker, written: Writer) -> None:
    table = visium()
    table.uns["geneglass"] = {"recipe": "ridge"}
    with pytest.raises(InputError, match="is a prediction written by geneglass"):
        open_spots(written(table))


def test_files_that_are_no_anndata_are_refused(visium: Maker, written: Writer, tmp_path: Path) -> None:
    path = tmp_path / "a.h5ad"
    path.write_text("ERBB2\n")
    with pytest.raises(InputError, match="can not be read as an AnnData file"):
        open_spots(path)
    with h5py.File(path, "w") as file:
        file["X"] = "counts"
    with pytest.raises(InputError, match=r"a\.h5ad"):
        open_spots(path)
    whole = written(visium()).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="can not be read as an AnnData file"):
        open_spots(path)


def test_positions_are_not_needed(visium: Maker, written: Writer) -> None:
    path = written(visium())
    with pytest.raises(InputError, match="leave out `positions`"):
        open_spots(path, path)


def test_real_files_without_counts_are_refused_for_that_reason(shared_data: Path) -> None:
    with pytest.raises(InputError, match=r"22372 values that are not whole numbers .first 1\.06409 at spot AAATTGCG"):
        open_spots(shared_data / "h5ad" / "squidpy_test_data.h5ad")
    with pytest.raises(InputError, match=r"X holds 22635 negative values"):
        open_spots(shared_data / "h5ad" / "stlearn_test_data.h5ad")


def test_the_positions_of_a_real_visium_file_are_understood(written: Writer, shared_data: Path) -> None:
    real = anndata.read_h5ad(shared_data / "h5ad" / "stlearn_test_data.h5ad")
    table = AnnData(np.ones((real.n_obs, 2), dtype=np.float32), obs=real.obs, obsm={"spatial": real.obsm["spatial"]})
    spots = open_spots(written(table))
    assert spots.platform is VISIUM
    pitch = pitch_px(spots.table)
    assert pitch is not None
    # This breast section was scanned so that 100 um are about 275 px; its spot diameter is told as 177.5 px.
    assert 65 * pitch / 100 == pytest.approx(177.48, rel=0.02)
