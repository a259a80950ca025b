import numpy as np

from geneglass.workflow.gene_maps import best_and_worst, gene_maps
from geneglass.workflow.report_maps import colour_limits

R = np.array([0.9, 0.1, np.nan, 0.5, -0.3, 0.8, 0.2, -0.1], np.float32)
CEILING = np.array([0.9, 0.8, 0.9, 0.7, 0.1, 0.95, 0.6, np.nan], np.float32)


def test_the_worst_have_a_pattern_and_are_not_among_the_best():
    best, worst = best_and_worst(R, CEILING)
    assert best.tolist() == [0, 5, 3]
    # Genes 4 and 7 have lower r, but no pattern above the noise; of ceilings 0.8 and more only gene 1 is left.
    assert worst.tolist() == [1]


def test_without_a_ceiling_there_is_no_worst_and_without_r_nothing():
    best, worst = best_and_worst(R, np.full(8, np.nan, np.float32))
    assert len(best) == 3
    assert not len(worst)
    assert [len(part) for part in best_and_worst(np.full(8, np.nan, np.float32), CEILING)] == [0, 0]


def test_maps_hold_their_own_columns():
    table = np.arange(16, dtype=np.float32).reshape(2, 8)
    [shown] = gene_maps("abcdefgh", np.array([3]), R, table, table + 1)
    assert (shown.gene, shown.r) == ("d", np.float32(0.5))
    assert shown.measured.tolist() == [3, 11]
    assert shown.predicted.base is None


def test_a_gene_of_few_spots_keeps_a_scale_on_which_they_differ():
    measured = np.zeros(180, np.float32)
    measured[:4] = [1.0, 1.5, 2.0, 2.5]
    low, high = colour_limits(measured, np.full(180, 0.01, np.float32))
    assert low == 0
    assert 2 < high <= 2.5


def test_one_outlier_does_not_take_the_whole_scale_and_negative_values_are_seen():
    values = np.linspace(0.1, 1, 200).astype(np.float32)
    values[-1] = 50
    low, high = colour_limits(values, values - 0.5)
    assert high < 1.1
    assert -0.5 < low < -0.3
    assert colour_limits(np.zeros(5, np.float32))[1] > 0
