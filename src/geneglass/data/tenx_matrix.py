"""A 10x feature-barcode matrix: the .h5 file, or the folder with matrix.mtx."""

import warnings
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

from geneglass.data.hdf5_check import size_problem
from geneglass.data.table_file import open_text
from geneglass.errors import InputError

GENE_EXPRESSION = "Gene Expression"

_DAMAGE = (OSError, EOFError, KeyError, ValueError, TypeError, RuntimeError, OverflowError, IndexError, zlib.error)
_MIN_ENTRY_BYTES = 6
"""A line of matrix.mtx is at least "1 1 1" and its end."""
_MAX_DEFLATE = 1100


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

    try:
        with h5py.File(path, "r") as file:
            problem = _h5_problem(file)
        if problem is not None:
            raise InputError(f"{path} {problem}.")
        with warnings.catch_warnings():
            # Repeated names are dealt with, and told, by the checks that all formats share.
            warnings.filterwarnings("ignore", message=".*names are not unique", category=UserWarning)
            read = scanpy.read_10x_h5(path, gex_only=False)
        read.X.check_format(full_check=True)
    except _DAMAGE as error:
        raise _damaged(path, error) from None
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


def _damaged(path: Path, error: BaseException) -> InputError:
    text = str(error).strip()
    reason = text.splitlines()[0].rstrip(".") if text else type(error).__name__
    return InputError(f"{path} is damaged, cut short or no 10x matrix ({reason}); copy or download it again.")


def _h5_problem(file: h5py.File) -> str | None:
    """Return why a file can not be a 10x matrix, or None; nothing large is read."""
    if not isinstance(file.get("matrix"), h5py.Group):
        return "is no 10x matrix: it has no group `matrix`; give filtered_feature_bc_matrix.h5"
    matrix = file["matrix"]
    names = ("data", "indices", "indptr", "shape", "barcodes", "features/id", "features/name", "features/feature_type")
    missing = [name for name in names if not isinstance(matrix.get(name), h5py.Dataset)]
    if missing:
        return f"is no complete 10x matrix: `matrix` has no {', '.join(missing)}; copy or download it again"
    problem = size_problem(matrix)
    if problem is not None:
        return f"is damaged: {problem}; copy or download it again"
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
    from scipy.io import mminfo, mmread

    lead = path.name[: path.name.lower().index("matrix.mtx")]
    feature_file, barcode_file = _beside(path, lead, "features", "genes"), _beside(path, lead, "barcodes")
    features = _features(feature_file)
    barcodes = [line.split("\t")[0] for line in _lines(barcode_file)]
    try:
        n_genes, n_barcodes, entries, *kind = mminfo(str(path))
        if kind not in (["coordinate", "integer", "general"], ["coordinate", "real", "general"]):
            raise InputError(f"{path} holds a matrix that is {', '.join(kind)}; give counts as 10x writes them.")
        if (n_genes, n_barcodes) != (len(features), len(barcodes)):
            raise InputError(
                f"{path} states {n_genes:,} features x {n_barcodes:,} barcodes, but {feature_file.name} has "
                f"{len(features):,} and {barcode_file.name} {len(barcodes):,}; give the three files of one matrix."
            )
        # A damaged header may state any number of entries, and reading allocates them first.
        if entries * _MIN_ENTRY_BYTES > _unpacked_at_most(path):
            raise InputError(f"{path} states {entries:,} entries, more than it can hold; copy or download it again.")
        counts = sparse.csr_matrix(mmread(str(path)).T)
    except _DAMAGE as error:
        raise _damaged(path, error) from None
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


def _unpacked_at_most(path: Path) -> int:
    size = path.stat().st_size
    return size * _MAX_DEFLATE if path.name.lower().endswith(".gz") else size


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
