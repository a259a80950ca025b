"""A set of genes as one score."""

import anndata
import numpy as np
import pandas as pd
import pytest
import scanpy
from scipy.sparse import csr_matrix

from geneglass.errors import InputError
from geneglass.workflow.events import finish
from geneglass.workflow.signature import score_signature

GENES = [f"G{i}" for i in range(60)]


def table(values: np.ndarray, genes: list[str]) -> anndata.AnnData:
    names = [f"s{i}" for i in range(values.shape[0])]
    return anndata.AnnData(values, obs=pd.DataFrame(index=names), var=pd.DataFrame(index=genes))


@pytest.fixture
def counts() -> anndata.AnnData:
    rng = np.random.default_rng(0)
    lam = np.linspace(1, 30, 60)[None] * np.ones((40, 1))
    lam[:, :5] *= np.linspace(0.2, 5, 40)[:, None]
    return table(csr_matrix(rng.poisson(lam).astype(np.float32)), GENES)


def normalised(counts: anndata.AnnData) -> anndata.AnnData:
    whole = counts.copy()
    scanpy.pp.normalize_total(whole, target_sum=1e4)
    scanpy.pp.log1p(whole)
    return whole


def test_it_is_scanpys_score(counts: anndata.AnnData) -> None:
    score = finish(score_signature(GENES[:5], counts, None))
    whole = normalised(counts)[:, sorted(GENES)].copy()
    scanpy.tl.score_genes(whole, GENES[:5], ctrl_size=50, n_bins=6, ctrl_as_ref=False)
    np.testing.assert_allclose(score.measured, whole.obs["score"], rtol=1e-4)
    assert np.corrcoef(score.measured, np.arange(40))[0, 1] > 0.75
    assert score.predicted is None


def test_both_sides_are_scored_alike(counts: anndata.AnnData) -> None:
    """A perfect prediction of some genes has the score that was measured of them."""
    predicted = normalised(counts)[:, GENES[3:50]].copy()
    predicted.X = predicted.X.toarray()
    score = finish(score_signature([*GENES[:5], "NONE"], counts, predicted))
    assert score.genes == ("G3", "G4")
    assert score.absent == ("G0", "G1", "G2", "NONE")
    np.testing.assert_allclose(score.measured, score.predicted, atol=1e-5)


def test_a_side_without_its_genes_has_no_score(counts: anndata.AnnData) -> None:
    predicted = table(np.ones((7, 2), np.float32), ["G9", "NOVEL"])
    assert finish(score_signature(GENES[:5], counts, predicted)).predicted is None
    score = finish(score_signature(["NOVEL"], counts, predicted))
    assert score.measured is None
    np.testing.assert_array_equal(score.predicted, np.zeros(7))


def test_few_genes_are_compared_with_all_others(counts: anndata.AnnData) -> None:
    few = counts[:, 20:24].copy()
    score = finish(score_signature(["G21"], few, None))
    values = np.log1p(1e4 * few.X.toarray() / few.X.toarray().sum(axis=1, keepdims=True))
    np.testing.assert_allclose(score.measured, values[:, 1] - values[:, [0, 2, 3]].mean(axis=1), atol=1e-4)


@pytest.mark.parametrize(("genes", "what"), [(["NONE"], "None of the 1 genes"), (GENES, "none to compare")])
def test_what_can_not_be_scored_is_said(counts: anndata.AnnData, genes: list[str], what: str) -> None:
    with pytest.raises(InputError, match=what):
        finish(score_signature(genes, counts, None))
