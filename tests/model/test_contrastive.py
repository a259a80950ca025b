"""The loop that contrastive recipes share, run through mclSTExp at a tiny size."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from geneglass.errors import InputError
from geneglass.model.inner_score import mean_r
from geneglass.model.make import make_recipe
from geneglass.model.recipe import TrainData
from geneglass.model.snapshot import NoSnapshots
from stand_ins import ReadyFeatures

GENES = tuple(f"g{i}" for i in range(15))
DIM = 12


def section(name, n, seed, patient="p", signal=1.0):
    random = np.random.default_rng(seed)
    rule = np.random.default_rng(7).normal(size=(DIM, len(GENES))) / np.sqrt(DIM)
    features = random.normal(size=(n, DIM)).astype(np.float32)
    clean = 2 + signal * features @ rule
    expression = np.maximum(clean + random.normal(0, 0.5, clean.shape), 0).astype(np.float32)
    array = np.stack(np.divmod(np.arange(n), 9), 1).astype(np.float32)
    counts = np.round(np.expm1(expression)).astype(np.float32)
    return TrainData(name, patient, features, array * 100, array, None, expression=expression, counts=counts)


SECTIONS = [section("a", 60, 0), section("b", 50, 1), section("c", 40, 2)]
NEW = section("new", 45, 3, "q")
QUICK = {"epochs": 60, "embed_dim": 32, "patience": 5, "batch": 64, "learning_rate": 3e-3, "weighting": "softmax"}


def make(seed=0, **settings):
    return make_recipe("mclstexp", QUICK | settings, GENES, ReadyFeatures(DIM), seed=seed)


@pytest.fixture(scope="module")
def fitted():
    recipe = make()
    return recipe, list(recipe.fit(SECTIONS))


def test_it_learns_what_there_is_to_learn(fitted):
    recipe, _ = fitted
    assert mean_r(NEW.expression, recipe.predict(NEW.query()).values) > 0.4
    nothing = [section(s.section, len(s.features), i, signal=0.0) for i, s in enumerate(SECTIONS)]
    blind = make()
    list(blind.fit(nothing))
    new = section("new", 45, 3, "q", signal=0.0)
    assert abs(mean_r(new.expression, blind.predict(new.query()).values)) < 0.15


def test_loss_falls():
    recipe = make(validate=False, dropout=0.0, epochs=40)
    losses = [step.loss for step in recipe.fit(SECTIONS) if step.loss is not None]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_it_stops_early_and_trains_on_everything_for_as_long(fitted):
    recipe, steps = fitted
    stop = recipe.stop
    assert len(stop.scores) < 60
    assert stop.epochs == 1 + int(np.argmax(stop.scores))
    assert len(stop.scores) == stop.epochs + 5
    assert [s.score for s in steps if s.score is not None] == list(stop.scores)
    per_epoch = -(-150 // 64)
    assert steps[-1].done == steps[-1].total == stop.steps + stop.epochs * per_epoch
    assert len(recipe.bank) == 150


def test_the_left_out_places_of_the_best_epoch_tell_signals_and_hits(fitted):
    held = fitted[0].stop.held_out
    assert [(item.section, item.patient) for item in held] == [(s.section, s.patient) for s in SECTIONS]
    assert all(item.signals.shape == (len(s.features), 3) for item, s in zip(held, SECTIONS, strict=True))
    hits = np.concatenate([item.hit for item in held])
    assert 0.6 < hits.mean() <= 1


def test_three_times_the_patience_finds_nothing_better(fitted):
    recipe, _ = fitted
    longer = make(epochs=3 * len(recipe.stop.scores), patience=900)
    list(longer.fit(SECTIONS))
    assert max(longer.stop.scores) - recipe.stop.score < 0.002


def test_tissue_left_out_is_not_in_the_bank_that_scores_it(monkeypatch):
    from geneglass.model import early_stop

    recipe, seen = make(epochs=1), []
    original = recipe.make_bank
    monkeypatch.setattr(recipe, "make_bank", lambda m, p: seen.append(p.sections) or original(m, p))
    list(early_stop.find_stop(recipe, SECTIONS, NoSnapshots()))
    rest = [("b", "c"), ("a", "c"), ("a", "b")]
    assert seen == rest * 2  # after the epoch, and once more with the networks of the best one


def test_many_sections_share_the_places_that_are_scored_after_an_epoch(monkeypatch):
    from geneglass.model import early_stop

    monkeypatch.setattr(early_stop, "JUDGED_IN_ALL", 10)
    judged = []
    for sections in (SECTIONS, SECTIONS[:2]):
        search = early_stop.Search(make(epochs=1), sections)
        monkeypatch.setattr(early_stop, "best_choice", lambda _, asked, __: (None, judged.append(list(asked)) or 0.0))
        search._judge()
    three, two = ([item.rows.tolist() for item in asked] for asked in judged)
    assert [len(rows) for rows in (*three, *two)] == [4, 4, 4, 5, 5]
    for rows, section in zip(three, SECTIONS, strict=True):
        assert rows[0] == 0
        assert rows[-1] == len(section.features) - 1


def test_same_seed_same_model_whatever_else_draws_random_numbers(fitted):
    recipe, _ = fitted
    again = make()
    for _ in again.fit(SECTIONS):
        torch.rand(3)
    assert all(torch.equal(again.state()[name], value) for name, value in recipe.state().items())
    other = make(seed=1)
    list(other.fit(SECTIONS))
    assert not np.array_equal(other.predict(NEW.query()).values, recipe.predict(NEW.query()).values)


def test_number_of_threads_does_not_change_the_model():
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            recipe = make(epochs=3)
            list(recipe.fit(SECTIONS))
            found.append(recipe.state())
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(found[0][name], value) for name, value in found[1].items())


@pytest.mark.parametrize("after", [1, 4, 40])
def test_cancel_at_any_batch_leaves_an_untrained_recipe_that_can_be_trained(after):
    recipe = make(epochs=8, patience=8)
    job = recipe.fit(SECTIONS)
    list(itertools.islice(job, after))
    threads = torch.get_num_threads()
    job.close()
    assert torch.get_num_threads() == threads
    assert recipe.modules is None
    with pytest.raises(InputError, match="not trained"):
        recipe.predict(NEW.query())
    list(recipe.fit(SECTIONS))
    fresh = make(epochs=8, patience=8)
    list(fresh.fit(SECTIONS))
    np.testing.assert_array_equal(recipe.predict(NEW.query()).values, fresh.predict(NEW.query()).values)


def test_k_is_chosen_or_given(fitted):
    assert fitted[0].stop.choice.k in (50, 200, 800)
    recipe = make(k=7, epochs=2)
    list(recipe.fit(SECTIONS))
    assert recipe.predict(NEW.query()).neighbours.rows.shape == (45, 7)


def test_confidence_is_lower_where_tissue_is_strange(fitted):
    recipe, _ = fitted
    familiar = recipe.predict(NEW.query()).confidence
    random = np.random.default_rng(0)
    far = replace(NEW, features=random.normal(size=NEW.features.shape).astype(np.float32) * 0.01)
    strange = recipe.predict(far.query()).confidence
    assert ((familiar >= 0) & (familiar <= 1)).all()
    # A few of the familiar places abstain: of so little training tissue the next looks unlike soon.
    assert (familiar == 0).mean() < 0.15
    assert np.median(strange) < np.median(familiar)


def test_one_section_is_validated_on_its_halves_and_has_no_confidence():
    recipe = make(epochs=3)
    list(recipe.fit(SECTIONS[:1]))
    assert len(recipe.stop.scores) >= 1
    assert len(recipe.bank) == 60
    assert recipe.predict(NEW.query()).confidence is None
    with pytest.raises(InputError, match="section a itself"):
        recipe.predict(SECTIONS[0].query())


def test_features_of_another_encoder_are_one_sentence(fitted):
    with pytest.raises(InputError, match="encoder"):
        fitted[0].predict(replace(NEW.query(), features=np.zeros((45, DIM + 1), np.float32)))


def test_too_few_spots_are_one_sentence():
    with pytest.raises(InputError, match="at least 8 spots"):
        list(make().fit([section("a", 3, 0), section("b", 2, 1)]))
    recipe = make(epochs=2)
    list(recipe.fit([*SECTIONS, section("empty", 0, 5)]))
    assert recipe.bank.sections == ("a", "b", "c")


def test_mean_r_skips_genes_without_a_score():
    random = np.random.default_rng(0)
    truth = random.normal(size=(30, 4)).astype(np.float32)
    predicted = truth * 2 + 1
    predicted[:, 1] = 5
    predicted[:, 2] *= -1
    assert mean_r(truth, predicted) == pytest.approx(1 / 3, abs=1e-5)
    assert mean_r(np.ones((5, 2), np.float32), np.ones((5, 2), np.float32)) == 0
