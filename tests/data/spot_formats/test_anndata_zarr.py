"""AnnData in zarr reads as the same AnnData in HDF5; what is missing or overstated is refused."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from geneglass.data.spot_formats import is_spots, open_spots
from geneglass.data.types import VISIUM
from geneglass.errors import InputError

Maker = Callable[..., AnnData]


def written_zarr(table: AnnData, tmp_path: Path, version: int = 3) -> Path:
    with warnings.catch_warnings(), anndata.settings.override(zarr_write_format=version):
        warnings.simplefilter("ignore")
        table.write_zarr(tmp_path / "table.zarr")
    return tmp_path / "table.zarr"


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
def test_a_table_is_the_same_in_zarr_as_in_hdf5(
    visium: Maker, tmp_path: Path, version: int, kind: Callable[[np.ndarray], object]
) -> None:
    table = visium()
    table.X = kind(table.X.toarray())
    table.obs["label"] = pd.Categorical(["fat", "stroma", None] * 10)
    table.var["gene_ids"] = [f"ENSG{i}" for i in range(7)]
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    table.uns["spatial"] = {"lib": {"images": {"hires": pixels}, "scalefactors": {"tissue_hires_scalef": 0.25}}}
    table.write_h5ad(tmp_path / "table.h5ad")
    path = written_zarr(table, tmp_path, version)
    assert is_spots(path)
    spots, same = open_spots(path), open_spots(tmp_path / "table.h5ad")
    np.testing.assert_array_equal(spots.table.X.toarray(), same.table.X.toarray())
    np.testing.assert_array_equal(spots.table.obsm["spatial"], same.table.obsm["spatial"])
    pd.testing.assert_frame_equal(spots.table.obs, same.table.obs)
    assert list(spots.table.var_names) == list(same.table.var_names)
    np.testing.assert_array_equal(spots.pictures[0].pixels, pixels)
    assert spots.platform is VISIUM


def test_a_prediction_is_not_taken_for_spots(visium: Maker, tmp_path: Path) -> None:
    table = visium()
    table.uns["geneglass"] = {"recipe": "ridge"}
    with pytest.raises(InputError, match="is a prediction written by geneglass"):
        open_spots(written_zarr(table, tmp_path))


def test_positions_are_not_needed(visium: Maker, tmp_path: Path) -> None:
    path = written_zarr(visium(), tmp_path)
    with pytest.raises(InputError, match="leave out `positions`"):
        open_spots(path, path)


@pytest.mark.parametrize("part", ["X/data/c/0", "X/indices/c/0", "X/indptr/c/0", "obsm/spatial/c/0/0"])
def test_a_folder_that_was_not_copied_whole_is_refused(visium: Maker, tmp_path: Path, part: str) -> None:
    path = written_zarr(visium(), tmp_path)
    (path / part).unlink()
    with pytest.raises(InputError, match="has 0 of its 1 files"):
        open_spots(path)


@pytest.mark.parametrize(
    ("shape", "chunks", "sentence"),
    [([2**45], [2**45], "more than its files can hold"), ([2**20], [1], "1,048,576 chunks, more than")],
)
def test_a_stated_size_is_held_against_the_files(
    visium: Maker, tmp_path: Path, shape: list[int], chunks: list[int], sentence: str
) -> None:
    path = written_zarr(visium(), tmp_path)
    stated = json.loads((path / "X" / "data" / "zarr.json").read_text())
    stated["shape"], stated["chunk_grid"]["configuration"]["chunk_shape"] = shape, chunks
    (path / "X" / "data" / "zarr.json").write_text(json.dumps(stated))
    with pytest.raises(InputError, match=sentence):
        open_spots(path)
