"""Tables that are mostly zeros, kept as three tensors: what comes back is what went in, bit for bit."""

import numpy as np
import pytest
import torch
from scipy import sparse

from geneglass.model.sparse_tensors import from_tensors, to_tensors


def table(shape=(7, 300), share=0.2, seed=0):
    random = np.random.default_rng(seed)
    values = np.log1p(random.gamma(2, 1, shape)).astype(np.float32)
    return np.where(random.random(shape) < share, values, np.float32(0))


@pytest.mark.parametrize("shape", [(7, 300), (300, 7), (4, 70_000), (0, 5), (3, 0)])
def test_what_comes_back_is_equal_bit_for_bit(shape):
    dense = table(shape)
    kept = to_tensors(sparse.csr_matrix(dense))
    back = from_tensors(kept, shape[1]).toarray()
    np.testing.assert_array_equal(back.astype(np.float32).view(np.int32), dense.view(np.int32))


def test_it_is_smaller_than_the_whole_table():
    dense = table()
    kept = to_tensors(sparse.csr_matrix(dense))
    assert sum(tensor.numel() * tensor.element_size() for tensor in kept.values()) < dense.nbytes / 2


@pytest.mark.parametrize(
    ("columns", "dtype"), [(200, torch.uint8), (300, torch.uint16), (70_000, torch.int32)], ids=str
)
def test_columns_are_kept_in_the_smallest_whole_numbers(columns, dtype):
    dense = np.zeros((2, columns), np.float32)
    dense[0, -1] = 0.5
    assert to_tensors(sparse.csr_matrix(dense))["indices"].dtype == dtype


def test_tensors_that_do_not_fit_each_other_are_refused():
    kept = to_tensors(sparse.csr_matrix(table()))
    with pytest.raises(ValueError, match="indices"):
        from_tensors(kept, 100)
    with pytest.raises(ValueError, match="indices and data"):
        from_tensors(kept | {"data": kept["data"][:-1]}, 300)
    with pytest.raises(KeyError):
        from_tensors({"data": kept["data"]}, 300)
