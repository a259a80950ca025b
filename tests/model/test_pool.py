"""Sections laid end to end."""

import numpy as np
import torch

from geneglass.model.pool import Measured, inner_groups, make_pool
from geneglass.model.recipe import TrainData


class _Patches:
    def __init__(self, base):
        self.base = base

    def read(self, rows):
        return (np.broadcast_to((self.base + rows)[:, None, None, None].astype(np.uint8), (len(rows), 2, 2, 3)),)


def section(name, patient, n, base=0, array=True):
    random = np.random.default_rng(n)
    centres = np.stack([np.arange(n) * 30.0, np.arange(n) * 200.0], 1).astype(np.float32)
    places = np.stack([np.zeros(n), np.arange(n)], 1).astype(np.float32) if array else None
    features, genes = random.normal(size=(n, 3)).astype(np.float32), random.random((n, 4)).astype(np.float32)
    return TrainData(name, patient, features, centres, places, _Patches(base), expression=genes, counts=genes)


def pool(*sections):
    measured = [Measured(s, s.expression, s.counts) for s in sections]
    return make_pool(measured, torch.device("cpu"), neighbours=3, with_patches=True)


def test_neighbours_stay_within_the_section():
    found = pool(section("a", "p", 5), section("b", "p", 2))
    assert found.neighbours[:5].max() < 5
    assert found.neighbours[5:].tolist() == [[5, 6, -1], [6, 5, -1]]
    assert found.neighbours[:, 0].tolist() == list(range(7))


def test_patches_come_from_their_section_in_the_order_asked():
    found = pool(section("a", "p", 5, base=0), section("b", "p", 4, base=100))
    assert found.images.patches(torch.tensor([6, 0, 8, 4]))[0][:, 0, 0, 0].tolist() == [101, 0, 103, 4]


def test_codes_are_array_positions_where_all_have_them_else_micrometres():
    assert pool(section("a", "p", 5), section("b", "p", 4)).codes_yx[1].tolist() == [0, 1]
    assert pool(section("a", "p", 5), section("b", "p", 4, array=False)).codes_yx[1].tolist() == [30, 200]


def names(groups):
    return [[s.section for s in group] for group in groups]


def test_groups_are_patients_else_sections_else_halves():
    two = [section("a", "p", 8), section("b", "p", 8), section("c", "q", 8)]
    assert names(inner_groups(two, 4)) == [["a", "b"], ["c"]]
    assert names(inner_groups(two[:2], 4)) == [["a"], ["b"]]
    unknown = [section("a", None, 8), section("b", "p", 8), section("c", "q", 8)]
    assert names(inner_groups(unknown, 2)) == [["a", "c"], ["b"]]


def test_halves_of_one_section_are_apart_and_complete():
    whole = section("a", "p", 9)
    (first,), (second,) = inner_groups([whole], 4)
    assert first.centres_um_yx[:, 1].max() < second.centres_um_yx[:, 1].min()
    assert len(first.features) + len(second.features) == 9
    np.testing.assert_array_equal(second.expression[-1], whole.expression[-1])
    assert second.patches.read(np.array([0]))[0][0, 0, 0, 0] == len(first.features)
