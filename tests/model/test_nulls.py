"""Predictors that see no image give what they say, computed here the slow way."""

import numpy as np
import pytest

from geneglass.model.nulls import depth_only, gene_mean, position_only, random_references, shuffled


@pytest.fixture
def generator():
    return np.random.default_rng(5)


def test_gene_mean_weighs_spots_not_sections():
    sections = [np.zeros((3, 2), np.float32), np.full((1, 2), 4.0, np.float32)]
    np.testing.assert_allclose(gene_mean(sections, 5), np.ones((5, 2)))


def test_depth_is_the_spots_own_and_finite_without_counts():
    values = depth_only(np.array([0, 9, 99], np.float32), 4)
    assert values.shape == (3, 4)
    np.testing.assert_allclose(values[:, 2], np.log([1, 10, 100]), rtol=1e-6)


def test_position_only_by_hand(generator):
    query = generator.uniform(0, 30, (20, 2)).astype(np.float32) + 100
    where = [generator.uniform(0, 30, (40, 2)).astype(np.float32), generator.uniform(0, 30, (25, 2)) + 7]
    values = [generator.normal(size=(40, 3)).astype(np.float32), generator.normal(size=(25, 3)).astype(np.float32)]
    got = position_only(query, where, values, k=6)
    centred = np.concatenate([w - w.mean(axis=0) for w in where])
    for i, place in enumerate(query - query.mean(axis=0, dtype=float)):
        nearest = np.argsort(((centred - place) ** 2).sum(axis=1))[:6]
        np.testing.assert_allclose(got[i], np.concatenate(values)[nearest].mean(axis=0), atol=1e-5)


def test_position_only_is_blind_to_where_sections_lie(generator):
    where, values = generator.uniform(0, 9, (30, 2)), generator.normal(size=(30, 2)).astype(np.float32)
    here = position_only(where, [where], [values], k=3)
    np.testing.assert_allclose(position_only(where + 1000, [where], [values], k=3), here, atol=1e-6)


def test_position_only_takes_all_where_there_are_fewer_than_k(generator):
    where, values = generator.uniform(0, 9, (4, 2)), generator.normal(size=(4, 2)).astype(np.float32)
    np.testing.assert_allclose(position_only(where, [where], [values], k=40), gene_mean([values], 4), atol=1e-6)
    assert position_only(where, [where], [values], k=1).shape == (4, 2)


def test_shuffled_keeps_the_values_and_loses_the_places(generator):
    predicted = generator.normal(size=(50, 2)).astype(np.float32)
    dealt = shuffled(predicted, seed=1)
    assert not np.array_equal(dealt, predicted)
    np.testing.assert_array_equal(np.sort(dealt, axis=0), np.sort(predicted, axis=0))
    np.testing.assert_array_equal(dealt, shuffled(predicted, seed=1))


def test_random_references_are_means_of_references(generator):
    references = [generator.normal(3.0, 1.0, size=(200, 2)).astype(np.float32)]
    values = random_references(references, 500, seed=2, k=50)
    assert values.shape == (500, 2)
    assert abs(values.mean() - references[0].mean()) < 0.05
    np.testing.assert_allclose(values.std(axis=0), references[0].std(axis=0) / np.sqrt(50), rtol=0.15)
