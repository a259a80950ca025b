import numpy as np
import pytest

from geneglass.metric.ari import ari
from geneglass.metric.nmi import nmi


def test_adjusted_rand_by_hand():
    labels, clusters = np.array(list("aaabbb")), np.array([0, 0, 1, 1, 2, 2])
    # Pairs together in both: 2; in labels 6, in clusters 3, of 15: expected 6 * 3 / 15.
    assert ari(labels, clusters) == pytest.approx((2 - 1.2) / (4.5 - 1.2))


def test_mutual_information_by_hand():
    labels, clusters = np.array(list("aabb")), np.array([0, 0, 0, 1])
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    joint = -(0.5 * np.log(0.5) + 2 * 0.25 * np.log(0.25))
    assert nmi(labels, clusters) == pytest.approx(2 * (np.log(2) + entropy - joint) / (np.log(2) + entropy))
