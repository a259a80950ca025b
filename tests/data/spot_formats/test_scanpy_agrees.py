"""scanpy's own Visium reader finds the same counts, positions and scales."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import scanpy as sc

from geneglass.data.spot_formats import open_spots


def read_by_scanpy(folder: Path, copy: Path) -> sc.AnnData:
    """Read a folder of Space Ranger with scanpy, which insists on both previews and on the name of version 1.

    What is missing stands in only in the copy: no picture is compared here.
    """
    shutil.copytree(folder, copy)
    spatial = copy / "spatial"
    pictures = [spatial / f"tissue_{name}_image.png" for name in ("hires", "lowres")]
    for picture in pictures:
        if not picture.exists():
            shutil.copy(next(other for other in pictures if other.exists()), picture)
    newer = spatial / "tissue_positions.csv"
    if newer.exists():
        (spatial / "tissue_positions_list.csv").write_text(newer.read_text().split("\n", maxsplit=1)[1])
    return sc.read_visium(copy, library_id="library")


@pytest.mark.filterwarnings("ignore:Use `squidpy:FutureWarning", "ignore:.*read_visium.*:FutureWarning")
@pytest.mark.filterwarnings("ignore:Variable names are not unique:UserWarning")
@pytest.mark.parametrize("name", ["scanpy-1.0.0", "seurat", "cytassist-lowres/outs"])
def test_visium_is_read_as_scanpy_reads_it(name: str, shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "visium" / name
    ours, theirs = open_spots(folder), read_by_scanpy(folder, tmp_path / "copy")
    theirs = theirs[ours.table.obs_names]
    np.testing.assert_array_equal(ours.table.X.toarray(), theirs.X.toarray())
    accession = theirs.var["gene_ids"].to_numpy()
    repeated = theirs.var_names.duplicated(keep=False)
    expected = np.where(
        repeated, [f"{g} ({i})" for g, i in zip(theirs.var_names, accession, strict=True)], theirs.var_names
    )
    assert list(ours.table.var_names) == list(expected)
    np.testing.assert_allclose(ours.table.obsm["spatial"], theirs.obsm["spatial"].astype(float))
    np.testing.assert_array_equal(
        ours.table.obs[["array_row", "array_col"]].to_numpy(float),
        theirs.obs[["array_row", "array_col"]].to_numpy(float),
    )
    assert (theirs.obs["in_tissue"] == 1).all()
    stated = json.loads((folder / "spatial" / "scalefactors_json.json").read_text())
    (library,) = theirs.uns["spatial"].values()
    assert library["scalefactors"] == stated
    for picture in ours.pictures:
        assert picture.scale == library["scalefactors"][f"tissue_{picture.name}_scalef"]
