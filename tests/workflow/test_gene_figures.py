"""Figures per gene, against the plain way of working them out."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from geneglass.data.neighbours import neighbour_pairs
from geneglass.metric.moran_gap import morans_i
from geneglass.workflow import gene_figures as module
from geneglass.workflow.events import finish
from geneglass.workflow.gene_figures import GeneSides, gene_figures, gene_morans


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch) -> GeneSides:
    """Sixty spots of seven genes, of which two spots are left out; a prediction of fifty of them in another order."""
    monkeypatch.setattr(module, "VALUES_AT_ONCE", 100)
    rng = np.random.default_rng(3)
    counts = rng.poisson(2, (60, 7)).astype(np.float32)
    counts[:, 6] = 0
    kept = np.ones(60, bool)
    kept[[4, 40]] = False
    rows = np.full(60, -1)
    rows[10:] = rng.permutation(50)
    predicted = rng.normal(size=(50, 3)).astype(np.float32)
    predicted[:, 2] = 1.5
    yx = np.stack(np.meshgrid(np.arange(6), np.arange(10), indexing="ij"), axis=-1).reshape(-1, 2) * 100.0
    names = ("A", "B", "C", "D", "E", "F", "SILENT", "NOVEL")
    columns = np.array([0, 1, 2, 3, 4, 5, 6, -1])
    theirs = np.array([-1, 0, -1, 1, -1, 2, -1, -1])
    totals = counts.sum(axis=1)
    return GeneSides(names, csr_matrix(counts), columns, totals, kept, yx.astype(np.float32), predicted, theirs, rows)


def values_of(sides: GeneSides) -> np.ndarray:
    return np.log1p(1e4 * sides.counts.toarray() / sides.totals[:, None])[sides.kept]


def test_mean_and_detection(sides: GeneSides) -> None:
    found = finish(gene_figures(sides))
    np.testing.assert_allclose(found.mean[:7], values_of(sides).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(found.detection[:7], (sides.counts.toarray()[sides.kept] > 0).mean(axis=0))
    assert np.isnan([found.mean[7], found.detection[7]]).all()


def test_r_is_over_spots_that_are_kept_and_predicted(sides: GeneSides) -> None:
    found = finish(gene_figures(sides))
    rows = sides.predicted_rows[sides.kept]
    for gene, column in ((1, 0), (3, 1)):
        expected = np.corrcoef(values_of(sides)[rows >= 0, gene], sides.predicted[rows[rows >= 0], column])[0, 1]
        assert found.r[gene] == pytest.approx(expected, abs=1e-5)
        assert found.n[gene] == (rows >= 0).sum()
    assert np.isnan(found.r[[0, 2, 4, 5, 6, 7]]).all()


def test_morans_i(sides: GeneSides) -> None:
    found = finish(gene_morans(sides))
    expected = morans_i(values_of(sides), neighbour_pairs(sides.centres_yx[sides.kept]))
    np.testing.assert_allclose(found[:7], expected, atol=1e-5)
    assert np.isnan(found[6:]).all()


def test_nothing_measured_has_no_figures(sides: GeneSides) -> None:
    from dataclasses import replace

    found = finish(gene_figures(replace(sides, kept=np.zeros(60, bool))))
    assert np.isnan([found.r, found.mean, found.detection]).all()
    assert np.isnan(finish(gene_morans(replace(sides, counts=None)))).all()
    assert np.isnan(finish(gene_figures(replace(sides, counts=None))).mean).all()
