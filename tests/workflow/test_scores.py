"""Scores of one section and what they come to, on tables made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from geneglass.data.genes import normalise
from geneglass.errors import InputError
from geneglass.model.make import make_recipe
from geneglass.model.median_unit import MEDIAN_UNIT, median_scaled
from geneglass.model.recipe import TrainData
from geneglass.workflow.measured import NULLS, Measured
from geneglass.workflow.protocol import PROTOCOLS, in_unit
from geneglass.workflow.scores import Scored, ceiling_figures, score_image_free, share_of_ceiling, summary
from stand_ins import ReadyFeatures

N_GENES = 70
GENES = tuple(f"g{i:02}" for i in range(N_GENES))
PLACES = np.stack(np.divmod(np.arange(48), 8), axis=1).astype(np.float32)


def section(name, loud, *, labels=None):
    """Return 48 spots in which the genes of `loud` vary by 4 times their mean, all others hardly."""
    generator = np.random.default_rng(int(name))
    truth = 1 + generator.normal(0, 0.05, (48, N_GENES))
    truth[:, loud] += np.where(PLACES[:, [1]] > 3, 4.0, 0.0)
    truth = truth.astype(np.float32)
    counts = np.rint(10 * np.maximum(truth, 0))
    return Measured(name, name, GENES, counts, truth, counts.sum(axis=1), PLACES, 200 * PLACES, 50, labels)


def by_hand(r, ceiling=None, **more):
    limit = np.full(N_GENES, 0.8, np.float32) if ceiling is None else ceiling
    top = {name: np.arange(N_GENES) < 50 for name in ("train_mean", "train_variance", "test_mean", "test_variance")}
    return Scored("f", False, "s", "p", GENES, top, limit, {"ridge": {"pearson": np.asarray(r, np.float32)}}, **more)


def test_variable_genes_are_those_of_training_not_of_the_test_section():
    loud = np.arange(10, 60)
    references = [section("1", loud), section("2", loud)]
    one = score_image_free(section("3", np.arange(20)), references, PROTOCOLS["geneglass"], seed=0, brief=True)
    assert np.flatnonzero(one.top["train_variance"]).tolist() == loud.tolist()
    assert one.top["test_variance"][:20].all()


def test_the_highest_genes_are_those_of_training_not_of_the_test_section():
    high, other = np.arange(15, 65), np.arange(20)
    references, test = [section("1", []), section("2", [])], section("3", [])
    for reference in references:
        reference.truth[:, high] += 5
    test.truth[:, other] += 5
    one = score_image_free(test, references, PROTOCOLS["geneglass"], seed=0, brief=True)
    assert PROTOCOLS["geneglass"].ranking == "train_mean"
    assert np.flatnonzero(one.top["train_mean"]).tolist() == high.tolist()
    assert one.top["test_mean"][:20].all()


def test_a_difference_between_training_sections_is_no_variance():
    low, high = section("1", np.arange(50)), section("2", np.arange(50))
    high.truth[:, 60:] += 100
    one = score_image_free(section("3", []), [low, high], PROTOCOLS["geneglass"], seed=0, brief=True)
    assert not one.top["train_variance"][50:].any()


def empty(like):
    """Return the section with every spot set aside."""
    arrays = ("counts", "truth", "totals", "array_yx", "centres_yx")
    return replace(like, name="9", **{key: getattr(like, key)[:0] for key in arrays})


def test_a_training_section_without_spots_has_no_part_in_anything():
    loud = np.arange(10, 60)
    test, full = section("3", np.arange(20)), section("1", loud)
    protocol = PROTOCOLS["geneglass"]
    one, other = (
        score_image_free(test, references, protocol, seed=0, brief=True) for references in ([full], [empty(full), full])
    )
    for ranking, chosen in one.top.items():
        np.testing.assert_array_equal(other.top[ranking], chosen)
    for name, found in one.scores.items():
        np.testing.assert_array_equal(other.scores[name]["pearson"], found["pearson"])


def test_without_any_training_spot_nothing_can_be_scored():
    full = section("1", np.arange(20))
    with pytest.raises(InputError, match="Not one spot of a training section is left to compare 3 with"):
        score_image_free(section("3", np.arange(20)), [empty(full)], PROTOCOLS["geneglass"], seed=0, brief=True)


def test_everything_is_measured_unless_it_should_be_brief():
    labels = np.where(PLACES[:, 1] > 3, "tumour", "stroma").astype(object)
    references = [section("1", np.arange(30))]
    test = section("2", np.arange(30), labels=labels)
    whole = score_image_free(test, references, PROTOCOLS["geneglass"], seed=0)
    assert whole.moran[:30].min() > 0.8
    assert abs(whole.moran[30:].mean()) < 0.15
    assert whole.groups["measured"]["ari"] == pytest.approx(1)
    assert set(whole.groups) == {"measured", "position only, K = 10", "position only, K = 40"}
    assert "moran_gap" in whole.scores["position only, K = 10"]
    brief = score_image_free(test, references, PROTOCOLS["geneglass"], seed=0, brief=True)
    assert not brief.groups
    assert np.isnan(brief.ceiling).all()
    assert set(brief.scores) == set(NULLS)
    figures = summary([whole], "position only, K = 10", "train_mean", seed=0)
    assert figures["moran_r"] > 0.75


def test_genes_without_r_are_counted_and_left_out_of_every_mean():
    r = np.full(N_GENES, 0.4)
    r[5:65] = np.nan
    figures = summary([by_hand(r), by_hand(r)], "ridge", "train_mean", seed=0)
    assert figures["undefined"] == 120
    assert [figures[key] for key in ("r", "r_top", "r_hvg")] == pytest.approx([0.4] * 3)
    assert figures["of_ceiling"] == pytest.approx(0.5)


def test_a_recipe_without_any_r_has_no_figures_and_no_interval():
    nothing = by_hand(np.full(N_GENES, np.nan))
    figures = summary([nothing, nothing, nothing], "ridge", "train_mean", seed=0)
    assert np.isnan([figures[key] for key in ("r", "r_top", "r_hvg", "of_ceiling")]).all()
    assert np.isnan(figures["r_interval"]).all()
    assert figures["undefined"] == 3 * N_GENES


def test_share_of_the_ceiling_is_undefined_where_there_is_no_ceiling():
    ceiling = np.full(N_GENES, 0.5, np.float32)
    ceiling[:60] = np.nan
    scored = by_hand(np.linspace(0, 0.69, N_GENES), ceiling)
    assert np.isnan(share_of_ceiling(scored, "ridge")[:60]).all()
    assert summary([scored], "ridge", "train_mean", seed=0)["of_ceiling"] == pytest.approx(1.29)
    assert ceiling_figures([scored], "train_mean")["undefined"] == 60


def test_counts_are_put_into_a_unit_by_its_words():
    counts, totals = np.array([[1.0, 3.0]], np.float32), np.array([100.0], np.float32)
    np.testing.assert_array_equal(in_unit(PROTOCOLS["geneglass"].unit, counts, totals), normalise(counts, totals))
    np.testing.assert_allclose(in_unit(PROTOCOLS["hest"].unit, counts, totals), np.log([[2, 4]]), rtol=1e-6)
    assert in_unit("apples per basket", counts, totals) is None


def test_the_unit_of_the_median_depth_is_what_recipes_compute():
    generator = np.random.default_rng(0)
    counts = generator.poisson(2.0, (31, 6)).astype(np.float32)
    counts[4] = 0
    totals = counts.sum(axis=1) + generator.integers(500, 900, 31).astype(np.float32)
    data = TrainData("s", "p", counts, counts[:, :2], expression=normalise(counts, totals), counts=counts)
    np.testing.assert_allclose(in_unit(MEDIAN_UNIT, counts, totals), median_scaled(data), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("form", ["mclstexp:faithful", "hiscmcl:faithful"])
def test_the_unit_of_a_gene_over_its_section_is_what_recipes_give_back(form):
    generator = np.random.default_rng(1)
    counts = generator.poisson(generator.gamma(0.5, 8.0, 40), (31, 40)).astype(np.float32)
    counts[:, 7] = 0
    data = TrainData("s", "p", counts, counts[:, :2], expression=counts, counts=counts)
    recipe = make_recipe(form, {}, [f"g{i}" for i in range(40)], ReadyFeatures(40))
    found = in_unit(recipe.unit, counts, counts.sum(axis=1))
    np.testing.assert_allclose(found, recipe.measured(data).reference, rtol=1e-5)
    assert (found[:, 7] == 0).all()
