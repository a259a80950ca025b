"""Answers as tables."""

import numpy as np
import pytest
from anndata import read_h5ad

from geneglass.model.checkpoint import ModelInfo
from geneglass.model.prediction import join_answers, to_anndata
from geneglass.model.recipe import Answer, Neighbours
from geneglass.model.similarity import similarity_confidence

INFO = ModelInfo(
    "mclstexp", {}, "texture", ("A", "B", "C"), trust={"r": np.float32([0.1, 0.2, np.nan]), "null_r": np.zeros(3)}
)


def answer(n, start=0, confidence=True, neighbours=True):
    rows = np.arange(start, start + n)[:, None] + np.arange(2)
    known = Neighbours(rows, np.full((n, 2), 0.5, np.float32), np.ones((n, 2), np.float32)) if neighbours else None
    values = np.arange(start * 3, (start + n) * 3, dtype=np.float32).reshape(n, 3)
    return Answer(values, np.full(n, start, np.float32) if confidence else None, known)


def test_table_follows_the_contract():
    centres_yx = np.float32([[10, 1], [20, 2]])
    table = to_anndata(answer(2), INFO, names=["s1", "s2"], centres_yx=centres_yx)
    assert list(table.obs_names) == ["s1", "s2"]
    assert list(table.var_names) == ["A", "B", "C"]
    assert table.X.dtype == np.float32
    np.testing.assert_array_equal(table.obsm["spatial"], [[1, 10], [2, 20]])
    assert table.obsm["neighbour_rows"].dtype == np.int32
    assert table.obsm["neighbour_weights"].shape == (2, 2)
    assert table.obs["trained_on"].dtype == bool
    np.testing.assert_array_equal(table.var["trust_r"], np.float32([0.1, 0.2, np.nan]))
    assert table.var["trust_r_low"].isna().all()
    assert (table.var["null_r"] == 0).all()
    assert (table.var["verdict"] == "not assessable").all()
    assert (table.var["best_null"] == "").all()
    assert table.uns["geneglass"]["unit"] == INFO.unit


def test_trust_is_told_in_words_and_of_no_gene_outside_the_panel(tmp_path):
    trust = {
        "r": np.float32([0.5, 0.1, 0]),
        "ceiling": np.float32([0.8, 0.4, np.nan]),
        "null.depth only": np.float32([0.1, 0.2, np.nan]),
        "null.gene mean": np.float32([0, 0, np.nan]),
        "verdict": np.int8([2, 1, 0]),
    }
    info = ModelInfo("mclstexp", {}, "texture", ("A", "B", "C"), trust=trust)
    wide = Answer(np.zeros((2, 4), np.float32))
    table = to_anndata(wide, info, names=["a", "b"], centres_yx=np.ones((2, 2)), genes=("C", "X", "A", "B"))
    table.write_h5ad(tmp_path / "p.h5ad")
    var = read_h5ad(tmp_path / "p.h5ad").var
    assert var["verdict"].tolist() == ["not assessable", "not assessable", "better", "not better"]
    assert var["best_null"].tolist() == ["", "", "depth only", "depth only"]
    np.testing.assert_array_equal(var["ceiling"], np.float32([np.nan, np.nan, 0.8, 0.4]))


def test_unknown_confidence_is_missing_and_no_neighbours_are_absent(tmp_path):
    table = to_anndata(
        answer(2, confidence=False, neighbours=False), INFO, names=["a", "b"], centres_yx=np.ones((2, 2))
    )
    assert table.obs["confidence"].isna().all()
    assert "neighbour_rows" not in table.obsm
    table.write_h5ad(tmp_path / "p.h5ad")


def test_parts_are_joined_in_order():
    whole = join_answers([answer(2), answer(3, start=2), answer(0, start=5)])
    np.testing.assert_array_equal(whole.values, answer(5).values)
    np.testing.assert_array_equal(whole.neighbours.rows, answer(5).neighbours.rows)
    assert whole.confidence.tolist() == [0, 0, 2, 2, 2]
    assert join_answers([answer(2), answer(1, confidence=False)]).confidence is None
    assert join_answers([answer(2), answer(1, neighbours=False)]).neighbours is None
    with pytest.raises(ValueError, match="at least one part"):
        join_answers([])


def test_confidence_is_a_share_of_training_places():
    similarity = np.float32([[0.1, 0.1], [0.4, 0.6], [0.9, 0.9]])
    found = Neighbours(np.zeros((3, 2), int), np.ones((3, 2), np.float32), similarity)
    np.testing.assert_allclose(similarity_confidence(found, np.float32([0.2, 0.4, 0.5, 0.8])), [0, 0.75, 1])
