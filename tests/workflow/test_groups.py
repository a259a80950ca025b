"""Clusters against labels, on spots whose regions are known."""

import numpy as np
import pandas as pd
import pytest

from geneglass.workflow.groups import agreement, groups_of, spot_labels

LABELS = np.array(["tumour"] * 30 + ["stroma"] * 20 + ["fat"] * 15 + [""] * 5, dtype=object)


@pytest.fixture
def values():
    generator = np.random.default_rng(0)
    centres = {name: generator.normal(0, 3, 12) for name in ("tumour", "stroma", "fat", "")}
    table = np.stack([centres[name] for name in LABELS]) + generator.normal(0, 0.3, (70, 12))
    return table.astype(np.float32)


def test_regions_that_stand_apart_are_found(values):
    assert agreement(LABELS, values, seed=0) == pytest.approx({"ari": 1, "nmi": 1})


def test_noise_finds_nothing_and_a_constant_is_undefined():
    noise = np.random.default_rng(1).normal(size=(70, 12)).astype(np.float32)
    assert abs(agreement(LABELS, noise, seed=0)["ari"]) < 0.15
    assert np.isnan(agreement(LABELS, np.ones_like(noise), seed=0)["ari"])


def test_more_genes_than_spots_and_a_missing_gene_change_nothing(values):
    wide = np.concatenate([values, np.zeros((70, 200), np.float32)], axis=1)
    wide[3, 100] = np.nan
    assert agreement(LABELS, wide, seed=0)["ari"] == pytest.approx(1)


def test_labels_are_read_from_the_column_that_holds_them_and_undetermined_is_none():
    obs = pd.DataFrame({"domain": ["a", "b", "a"], "label": pd.Categorical(["tumour", "undetermined", None])})
    assert spot_labels(obs) is None
    obs["label"] = ["tumour", "Undetermined", "stroma "]
    assert spot_labels(obs).tolist() == ["tumour", "", "stroma"]
    assert spot_labels(obs[["domain"]]).tolist() == ["a", "b", "a"]
    assert spot_labels(pd.DataFrame({"n": [1, 2]})) is None


def test_without_labels_there_is_nothing_to_compare(values):
    assert groups_of(None, {"measured": values}, seed=0) == {}
    assert set(groups_of(LABELS, {"measured": values}, seed=0)) == {"measured"}
