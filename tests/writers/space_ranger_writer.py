"""Writes what Space Ranger writes, of any generation, for tests."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import io, sparse

COLUMNS = ["barcode", "in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres"]


def write_space_ranger(
    folder: Path, counts: ArrayLike, genes: Sequence[str], barcodes: Sequence[str], **scalefactors: float
) -> None:
    """Write the filtered matrix (spots x genes) and the scale factors; positions are written apart."""
    (folder / "spatial").mkdir(parents=True)
    write_h5(folder / "filtered_feature_bc_matrix.h5", counts, genes, barcodes)
    write_scalefactors(folder, **scalefactors)


def write_scalefactors(folder: Path, **more: float) -> None:
    values = {"tissue_hires_scalef": 0.2, "tissue_lowres_scalef": 0.06, "spot_diameter_fullres": 17.5, **more}
    (folder / "spatial" / "scalefactors_json.json").write_text(json.dumps(values))


def write_h5(
    path: Path, counts: ArrayLike, genes: Sequence[str], barcodes: Sequence[str], **features: list[str]
) -> None:
    """Write features x barcodes by columns, as 10x does; `features` replaces id, feature_type or genome."""
    matrix = sparse.csr_matrix(np.asarray(counts))
    table = {
        "id": [f"ENSG_{gene}" for gene in genes],
        "name": list(genes),
        "feature_type": ["Gene Expression"] * len(genes),
        "genome": ["GRCh38"] * len(genes),
        **features,
    }
    whole = (matrix.data == np.floor(matrix.data)).all()
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        for name, values in (
            ("data", matrix.data.astype(np.int32 if whole else np.float64)),
            ("indices", matrix.indices.astype(np.int64)),
            ("indptr", matrix.indptr.astype(np.int64)),
            ("shape", np.array(matrix.shape[::-1], dtype=np.int32)),
            ("barcodes", np.array(barcodes, dtype="S")),
        ):
            group.create_dataset(name, data=values, chunks=True, compression="gzip")
        for name, texts in table.items():
            group.create_dataset(f"features/{name}", data=np.array(texts, dtype="S"), compression="gzip")


def write_mtx(folder: Path, counts: ArrayLike, genes: Sequence[str], barcodes: Sequence[str], *, zipped: bool) -> None:
    """Write matrix.mtx.gz, features.tsv.gz and barcodes.tsv.gz; unzipped, genes.tsv as the first versions did."""
    folder.mkdir(parents=True)
    io.mmwrite(folder / "matrix.mtx", sparse.coo_matrix(np.asarray(counts).T), field="integer")
    rows = [f"ENSG_{gene}\t{gene}" + ("\tGene Expression" if zipped else "") for gene in genes]
    (folder / ("features.tsv" if zipped else "genes.tsv")).write_text("".join(f"{row}\n" for row in rows))
    (folder / "barcodes.tsv").write_text("".join(f"{barcode}\n" for barcode in barcodes))
    for file in list(folder.iterdir()) if zipped else ():
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()


def write_positions(
    path: Path, barcodes: Sequence[str], array_yx: ArrayLike, centres_xy: ArrayLike, in_tissue: ArrayLike = 1
) -> None:
    """Write .csv without a header line (tissue_positions_list.csv), .csv with one, or .parquet, by the name."""
    (row, col), (x, y) = np.asarray(array_yx).T, np.asarray(centres_xy).T
    tissue = np.broadcast_to(in_tissue, len(row)).astype(np.int32)
    frame = pd.DataFrame(dict(zip(COLUMNS, (list(barcodes), tissue, row, col, y, x), strict=True)))
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False, header="list" not in path.name)
