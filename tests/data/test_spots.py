"""The checks that all spot formats share, and the choice of a format."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geneglass.data.spot_formats import is_spots, open_spots
from geneglass.data.spots import RawSpots, checked_spots, count_problem, some
from geneglass.errors import InputError


def raw(counts: object, genes: list[str] | None = None) -> RawSpots:
    n_spots, n_genes = counts.shape
    obs = pd.DataFrame(index=[f"s{i}" for i in range(n_spots)])
    return RawSpots(counts, genes or [f"g{i}" for i in range(n_genes)], obs, np.arange(2.0 * n_spots).reshape(-1, 2))


def test_counts_are_csr_float32_without_stored_zeros() -> None:
    counts = sparse.csc_matrix(np.array([[0, 2], [3, 0]], dtype=np.int64))
    counts.data[0] = 0
    table = checked_spots(raw(counts), None, file="f").table
    assert table.X.format == "csr"
    assert table.X.dtype == np.float32
    assert table.X.nnz == 1


def test_genes_of_one_name_are_told_apart_by_accession_or_refused() -> None:
    counts, genes = np.ones((3, 4)), ["TBCE", "KRT8", "TBCE", "ACTB"]
    with pytest.raises(InputError, match=r"f names 1 gene \(TBCE\) more than once .* adata\.var_names_make_unique\(\)"):
        checked_spots(raw(counts, genes), None, file="f")
    same_ids = replace(raw(counts, genes), gene_ids=["E1", "E2", "E1", "E4"])
    with pytest.raises(InputError, match="more than once"):
        checked_spots(same_ids, None, file="f")
    spots = checked_spots(replace(same_ids, gene_ids=["E1", "E2", "E3", "E4"]), None, file="f")
    assert list(spots.table.var_names) == ["TBCE (E1)", "KRT8", "TBCE (E3)", "ACTB"]
    assert "TBCE" in spots.warnings[0]


def test_the_first_wrong_value_of_a_sparse_matrix_is_found_in_its_row() -> None:
    dense = np.zeros((4, 5))
    dense[1, 1], dense[3, 2] = 4, -7
    for matrix in (dense, sparse.csr_matrix(dense), sparse.coo_matrix(dense), sparse.csr_array(dense)):
        assert count_problem(matrix, list("abcd"), list("ABCDE")) == "1 negative values (first -7 at spot d, gene C)"


def test_counts_of_any_number_type_pass() -> None:
    for dtype in (bool, np.uint8, np.int64, np.float32, np.float64):
        assert count_problem(np.ones((2, 2), dtype=dtype), ["a", "b"], ["A", "B"]) is None


def test_text_is_no_count() -> None:
    assert "no numbers" in str(count_problem(np.array([["x"]], dtype=object), ["a"], ["A"]))


@pytest.mark.parametrize("spatial", [np.zeros(3), np.zeros((3, 1)), np.array([["a", "b"]] * 3)])
def test_positions_of_another_shape_are_refused(spatial: np.ndarray) -> None:
    table = RawSpots(np.ones((3, 2)), ["A", "B"], pd.DataFrame(index=["a", "b", "c"]), spatial)
    with pytest.raises(InputError, match=r"f: spot positions must be numbers, one \(x, y\) per spot"):
        checked_spots(table, None, file="f")


def test_lists_in_sentences_are_short() -> None:
    assert some(["a"], "spot") == "1 spot (a)"
    assert some(list("abcdefg"), "spot") == "7 spots (a, b, c, d, e, ...)"


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"No such file: .*gone\.tsv"):
        open_spots(tmp_path / "gone.tsv")
    counts = tmp_path / "a.tsv"
    counts.write_text("\tA\n1x1\t1\n")
    with pytest.raises(InputError, match=r"No such file: .*places\.tsv"):
        open_spots(counts, tmp_path / "places.tsv")


def test_an_unknown_ending_lists_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_text("")
    with pytest.raises(InputError, match=r"no spot table that geneglass knows; .*\.h5ad.*\.tsv\.gz"):
        open_spots(path)
    with pytest.raises(InputError, match="no spot table"):
        open_spots(tmp_path)


def test_files_that_go_with_counts_are_no_spot_tables() -> None:
    assert is_spots(Path("A1.tsv.gz"))
    assert is_spots(Path("A1.H5AD"))
    assert not is_spots(Path("A1_selection.tsv"))
    assert not is_spots(Path("alignment_table_MOB1.tsv"))
    assert not is_spots(Path("A1_labeled_coordinates.tsv"))
    assert not is_spots(Path("slide.svs"))
