"""A table that is mostly zeros as the three tensors of its rows, for a model file."""

from collections.abc import Mapping

import numpy as np
import torch
from scipy import sparse

_DATA, _INDICES, _INDPTR = "data", "indices", "indptr"


def to_tensors(table: sparse.csr_matrix) -> dict[str, torch.Tensor]:
    """Return values, columns and starts of the rows; whole numbers in the smallest type that holds them.

    Parameters
    ----------
    table
        (rows, columns) CSR.
    """
    parts = {_DATA: _compact(table.data), _INDICES: _compact(table.indices), _INDPTR: table.indptr.astype(np.int64)}
    return {name: torch.from_numpy(np.ascontiguousarray(part)) for name, part in parts.items()}


def from_tensors(tensors: Mapping[str, torch.Tensor], columns: int) -> sparse.csr_matrix:
    """Return what `to_tensors` was given, up to the number type.

    Raises
    ------
    KeyError, ValueError
        When a tensor is missing, or they do not fit each other.
    """
    data, indices, indptr = (tensors[name].cpu().numpy() for name in (_DATA, _INDICES, _INDPTR))
    table = sparse.csr_matrix((data, indices.astype(np.int32), indptr), shape=(max(len(indptr) - 1, 0), columns))
    table.check_format(full_check=True)
    return table


def _compact(values: np.ndarray) -> np.ndarray:
    """Return whole numbers in the smallest unsigned type, anything else in float32."""
    if not len(values):
        return values.astype(np.uint8)
    top = values.max()
    if values.min() < 0 or top >= 2**31 or (values != np.rint(values)).any():
        return values.astype(np.float32)
    kind = np.uint8 if top < 2**8 else np.uint16 if top < 2**16 else np.int32
    return values.astype(kind)
