"""A 10x feature-barcode matrix: the .h5 file, or the folder with matrix.mtx."""

import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from geneglass.data.hdf5_file import check_stored, open_hdf5, unreadable
from geneglass.data.table_file import open_text
from geneglass.errors import InputError

GENE_EXPRESSION = "Gene Expression"

_MTX_HEADER = re.compile(r"%%matrixmarket matrix coordinate (integer|real) general")


@dataclass(frozen=True)
class TenxMatrix:
    """Counts of genes only; what else was measured is left out and told.

    Attributes
    ----------
    counts
        (barcodes, genes), CSR; every index within its range.
    gene_ids
        Accessions (Ensembl), in the order of `genes`.
    """

    counts: sparse.csr_matrix
    barcodes: Sequence[str]
    genes: Sequence[str]
    gene_ids: Sequence[str]
    warnings: tuple[str, ...]


def read_tenx_matrix(path: Path) -> TenxMatrix:
    """Read the matrix of an .h5 file, or of a matrix.mtx with its features (genes) and barcodes beside it.

    Raises
    ------
    InputError
        When a file is missing, damaged, truncated or none of 10x, or no gene is in it.
    """
    return _read_h5(path) if path.name.lower().endswith(".h5") else _read_mtx(path)


def _read_h5(path: Path) -> TenxMatrix:
    import scanpy

    with open_hdf5(path, "a 10x matrix") as file:
        problem = _h5_problem(file)
        if problem is not None:
            raise InputError(f"{path} {problem}.")
        with warnings.catch_warnings():
            # Repeated names are dealt with, and told, by the checks that all formats share.
            warnings.filterwarnings("ignore", message=".*names are not unique", category=UserWarning)
            read = scanpy.read_10x_h5(path, gex_only=False)
        read.X.check_format(full_check=True)
    var = read.var
    features = pd.DataFrame(
        {
            "name": var.index.to_numpy(),
            "id": var["gene_ids"].to_numpy(),
            "kind": var["feature_types"].to_numpy(),
            "genome": var["genome"].to_numpy() if "genome" in var else "",
        }
    )
    return _genes_only(path, read.X, read.obs_names, features)


def _h5_problem(file: h5py.File) -> str | None:
    """Return why a file can not be a 10x matrix, or None; nothing large is read."""
    if not isinstance(file.get("matrix"), h5py.Group):
        return "is no 10x matrix: it has no group `matrix`; give filtered_feature_bc_matrix.h5"
    matrix = file["matrix"]
    names = ("data", "indices", "indptr", "shape", "barcodes", "features/id", "features/name", "features/feature_type")
    missing = [name for name in names if not isinstance(matrix.get(name), h5py.Dataset)]
    if missing:
        return f"is no complete 10x matrix: `matrix` has no {', '.join(missing)}; copy or download it again"
    check_stored(matrix)
    kinds = {"data": "iuf", "indices": "iu", "indptr": "iu", "shape": "iu"}
    wrong = [f"{name} as {matrix[name].dtype}" for name, kind in kinds.items() if matrix[name].dtype.kind not in kind]
    if wrong:
        return f"is damaged: it holds {', '.join(wrong)}; copy or download it again"
    return _shape_problem(matrix)


def _shape_problem(matrix: h5py.Group) -> str | None:
    if matrix["shape"].shape != (2,):
        return "is damaged: its shape is not (genes, barcodes); copy or download it again"
    n_genes, n_barcodes = (int(size) for size in matrix["shape"][()])
    expected: dict[str, int] = {"barcodes": n_barcodes, "indptr": n_barcodes + 1, "indices": matrix["data"].size}
    expected |= {f"features/{name}": n_genes for name in ("id", "name", "feature_type")}
    for name, size in expected.items():
        if matrix[name].shape != (size,):
            return (
                f"is damaged: {name} has shape {matrix[name].shape} where {size:,} are due; copy or download it again"
            )
    starts = matrix["indptr"][()]
    if int(starts[0]) != 0 or int(starts[-1]) != matrix["data"].size or (np.diff(starts.astype(np.int64)) < 0).any():
        return "is damaged: its indptr does not fit its data; copy or download it again"
    return None


def _read_mtx(path: Path) -> TenxMatrix:
    lead = path.name[: path.name.lower().index("matrix.mtx")]
    feature_file, barcode_file = _beside(path, lead, "features", "genes"), _beside(path, lead, "barcodes")
    features = _features(feature_file)
    barcodes = [line.split("\t")[0] for line in _lines(barcode_file)]
    shape, entries = _read_entries(path)
    if shape != (len(features), len(barcodes)):
        raise InputError(
            f"{path} states {shape[0]:,} features x {shape[1]:,} barcodes, but {feature_file.name} has "
            f"{len(features):,} and {barcode_file.name} {len(barcodes):,}; give the three files of one matrix."
        )
    place = (entries["barcode"].to_numpy() - 1, entries["feature"].to_numpy() - 1)
    counts = sparse.csr_matrix((entries["count"].to_numpy(), place), shape=shape[::-1])
    # genes.tsv of the first versions has no third column: genes were all there was.
    rows = [(item[1], item[0], item[2] if len(item) > 2 else GENE_EXPRESSION, "") for item in features]
    return _genes_only(path, counts, barcodes, pd.DataFrame(rows, columns=["name", "id", "kind", "genome"]))


def _features(path: Path) -> list[list[str]]:
    """Return id, name and perhaps kind of each feature; some deposits hold names alone, which are ids then too."""
    features = [line.split("\t") for line in _lines(path)]
    if all(len(feature) == 1 for feature in features):
        return [feature * 2 for feature in features]
    if any(len(feature) < 2 for feature in features):
        raise InputError(f"{path} does not hold ids and names with a tab between; copy or download it again.")
    return features


def _read_entries(path: Path) -> tuple[tuple[int, int], pd.DataFrame]:
    """Return the stated (features, barcodes) of a Matrix Market file, and its entries, counted from 1, within them.

    scipy's own reader ends the process where a cut or damaged last line has no line end.
    """
    with open_text(path) as file:
        if not _MTX_HEADER.fullmatch(file.readline().strip().lower()):
            raise InputError(f"{path} is no Matrix Market file of counts; give matrix.mtx as 10x writes it.")
        line = next((line for line in file if not line.startswith("%")), "")
        stated = line.split()
        if len(stated) != 3 or not all(number.isdecimal() and len(number) < 12 for number in stated):
            raise InputError(
                f"{path} does not state its size (it has {line.strip()[:40]!r}); copy or download it again."
            )
        n_features, n_barcodes, n_entries = map(int, stated)
        kinds = {0: np.int64, 1: np.int64, 2: np.float64}
        try:
            entries = pd.read_csv(file, sep=r"\s+", header=None, dtype=kinds)
        except pd.errors.EmptyDataError:
            entries = pd.DataFrame({column: np.empty(0, kind) for column, kind in kinds.items()})
        except UnicodeDecodeError:
            raise
        except (pd.errors.ParserError, OverflowError, ValueError) as error:
            raise unreadable(path, "a 10x matrix", error) from None
    if entries.shape[1] != 3:
        raise InputError(f"{path} has {entries.shape[1]} values in a line where 3 are due; copy or download it again.")
    entries.columns = pd.Index(["feature", "barcode", "count"])
    within = entries["feature"].between(1, n_features) & entries["barcode"].between(1, n_barcodes)
    if len(entries) != n_entries or not within.all():
        raise InputError(
            f"{path} states {n_entries:,} counts of {n_features:,} features x {n_barcodes:,} barcodes, but holds "
            f"{len(entries):,}, {int((~within).sum()):,} of them beyond; copy or download it again."
        )
    return (n_features, n_barcodes), entries


def _beside(path: Path, lead: str, *names: str) -> Path:
    candidates = [path.with_name(f"{lead}{name}.tsv{end}") for name in names for end in (".gz", "")]
    found = next((candidate for candidate in candidates if candidate.exists()), None)
    if found is None:
        raise InputError(f"{path} has no {candidates[0].name} beside it; put it there.")
    return found


def _lines(path: Path) -> list[str]:
    with open_text(path) as file:
        return [line.rstrip("\r\n") for line in file if line.strip()]


def _genes_only(path: Path, counts: sparse.csr_matrix, barcodes: Sequence[str], features: pd.DataFrame) -> TenxMatrix:
    """Return the matrix without features that are no genes; `features` has columns name, id, kind, genome."""
    told: list[str] = []
    is_gene = (features["kind"] == GENE_EXPRESSION).to_numpy()
    if not is_gene.all():
        others = ", ".join(f"{n} {kind}" for kind, n in Counter(features["kind"][~is_gene]).items())
        if not is_gene.any():
            raise InputError(f"{path} holds no genes, only other features ({others}); give the one with genes.")
        told.append(f"Features of {path.name} that are no genes were left out: {others}.")
        counts, features = counts[:, is_gene], features[is_gene]
    genomes = Counter(genome for genome in features["genome"] if genome)
    if len(genomes) > 1:
        listed = ", ".join(f"{genome} ({n} genes)" for genome, n in genomes.items())
        told.append(f"{path.name} holds genes of {len(genomes)} genomes, all kept: {listed}.")
    return TenxMatrix(counts, barcodes, list(features["name"]), list(features["id"]), tuple(told))
