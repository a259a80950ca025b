"""Figures per gene of a predicted map alone, against the plain way of working them out."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from geneglass.data.neighbours import neighbour_pairs
from geneglass.metric.moran_gap import morans_i
from geneglass.workflow import predicted_figures as module
from geneglass.workflow.events import finish
from geneglass.workflow.predicted_figures import DETECTED_ABOVE, PredictedSide, predicted_figures, predicted_morans


@pytest.fixture
def side(monkeypatch: pytest.MonkeyPatch) -> PredictedSide:
    """Sixty tiles of four genes, of which five are not predicted yet; a fifth gene is not in the prediction."""
    monkeypatch.setattr(module, "VALUES_AT_ONCE", 50)
    values = np.random.default_rng(3).gamma(0.5, 0.4, (60, 4)).astype(np.float32)
    values[:, 3] = 0
    values[[3, 10, 11, 12, 50]] = np.nan
    yx = np.stack(np.meshgrid(np.arange(6), np.arange(10), indexing="ij"), axis=-1).reshape(-1, 2) * 100.0
    return PredictedSide(("A", "B", "C", "D", "E"), values, np.array([2, 0, -1, 1, 3]), yx.astype(np.float32))


def test_mean_and_detection_are_over_the_tiles_that_are_predicted(side: PredictedSide) -> None:
    found = finish(predicted_figures(side))
    there = side.values[np.isfinite(side.values[:, 0])]
    for number, column in enumerate(side.columns):
        figures = (found.mean[number], found.detection[number], found.n[number])
        if column < 0:
            assert np.isnan(figures).all()
        else:
            wanted = (there[:, column].mean(), (there[:, column] > DETECTED_ABOVE).mean(), 55)
            assert figures == pytest.approx(wanted, rel=1e-5)
    assert np.isnan(found.r).all()


def test_morans_i_is_of_neighbouring_tiles_that_are_predicted(side: PredictedSide) -> None:
    found = finish(predicted_morans(side))
    rows = np.flatnonzero(np.isfinite(side.values[:, 0]))
    wanted = morans_i(side.values[rows], neighbour_pairs(side.centres_yx[rows]))
    np.testing.assert_allclose(found[[0, 1, 3]], wanted[[2, 0, 1]], atol=1e-6)
    assert np.isnan(found[[2, 4]]).all()


def test_a_sparse_table_has_the_same_figures(side: PredictedSide) -> None:
    full = PredictedSide(side.names, np.nan_to_num(side.values), side.columns, side.centres_yx)
    sparse = PredictedSide(side.names, csr_matrix(full.values), side.columns, side.centres_yx)
    for job in (predicted_figures, predicted_morans):
        one, other = finish(job(full)), finish(job(sparse))
        for a, b in zip(
            *((found,) if job is predicted_morans else (found.mean, found.n) for found in (one, other)), strict=True
        ):
            np.testing.assert_allclose(a, b)


def test_in_another_unit_nothing_is_said_to_be_found(side: PredictedSide) -> None:
    other = PredictedSide(side.names, side.values, side.columns, side.centres_yx, logarithm=False)
    found = finish(predicted_figures(other))
    assert np.isnan(found.detection).all()
    assert np.isfinite(found.mean[0])


def test_nothing_predicted_yet_has_no_figures(side: PredictedSide) -> None:
    empty = PredictedSide(side.names, np.full_like(side.values, np.nan), side.columns, side.centres_yx)
    found = finish(predicted_figures(empty))
    assert np.isnan([found.mean, found.detection, found.n]).all()
    assert np.isnan(finish(predicted_morans(empty))).all()
