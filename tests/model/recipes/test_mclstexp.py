"""mclSTExp: one test per mended defect, and the published form as it was described."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from geneglass.errors import InputError
from geneglass.model.make import make_config, make_recipe
from geneglass.model.parts import TransformerBlock
from geneglass.model.position_table import TABLE_ROWS
from geneglass.model.recipe import UNIT
from geneglass.model.spot_side import GENE_UNIT
from stand_ins import ReadyFeatures, counted_section, with_patches

GENES = tuple(f"g{i}" for i in range(12))
DIM = 10
SMALL = {"epochs": 4, "embed_dim": 16, "inner_folds": 2, "k": 5}
SMALL_FAITHFUL = {"epochs": 2, "embed_dim": 16, "k": 5, "fine_tune": False}
section = partial(counted_section, dim=DIM, genes=len(GENES))


SECTIONS = [section("a", 24, 0), section("b", 20, 1), section("c", 16, 2)]


def make(settings=SMALL, name="mclstexp", encoder=None, seed=0):
    return make_recipe(name, settings, GENES, encoder or ReadyFeatures(DIM), seed=seed)


def fit(recipe, sections=SECTIONS):
    return list(recipe.fit(sections))


@pytest.fixture(scope="module")
def trained():
    recipe = make()
    fit(recipe)
    return recipe


@pytest.fixture(scope="module")
def faithful():
    recipe = make(SMALL_FAITHFUL, "mclstexp:faithful")
    fit(recipe)
    return recipe


def embed(recipe, rows):
    pool = recipe.pool(SECTIONS)
    with torch.no_grad():
        return recipe.encode_spots(recipe.modules, pool, torch.tensor(rows))


def test_a_spots_embedding_does_not_depend_on_its_batch_mates(trained, faithful):
    assert torch.allclose(embed(trained, [3]), embed(trained, [3, 40, 11])[:1], atol=1e-5)
    # The published form has the defect that is mended.
    assert not torch.allclose(embed(faithful, [3]), embed(faithful, [3, 40, 11])[:1], atol=1e-2)


def test_a_spot_attends_to_its_true_neighbours_and_to_no_other_section(trained):
    pool = trained.pool(SECTIONS)
    near = int(pool.neighbours[0, 1])
    far = int(next(row for row in range(24) if row not in pool.neighbours[0].tolist()))

    def moved(row):
        changed = pool.expression.clone()
        changed[row] += 3
        with torch.no_grad():
            return trained.encode_spots(trained.modules, replace(pool, expression=changed), torch.tensor([0]))

    assert not torch.allclose(moved(near), embed(trained, [0]), atol=1e-4)
    assert torch.equal(moved(far), embed(trained, [0]))
    assert torch.equal(moved(30), embed(trained, [0]))


def test_own_section_is_never_retrieved_also_when_it_matches_exactly(trained):
    for number, own in enumerate(SECTIONS):
        found = trained.predict(own.query()).neighbours
        assert not (trained.bank.section_of.numpy()[found.rows] == number).any()
    other = section("new", 10, 5)
    assert trained.predict(other.query()).values.shape == (10, len(GENES))


def test_own_patient_can_be_excluded():
    sections = [replace(s, patient=p) for s, p in zip(SECTIONS, "ppq", strict=True)]
    recipe = make()
    fit(recipe, sections)
    found = recipe.predict(sections[0].query(), exclude_patient=True).neighbours
    assert set(recipe.bank.section_of.numpy()[found.rows].ravel()) == {2}


def test_position_tables_exist_only_where_asked_for(trained, faithful):
    names = [name for name, value in trained.modules.named_parameters() if TABLE_ROWS in value.shape]
    assert names == []
    used = faithful.modules["spots"].rows.table.weight
    assert len(used) == len({row for s in SECTIONS for row in s.array_yx[:, 0]})


def test_the_image_side_has_no_position_so_shifting_a_query_changes_nothing(trained):
    query = section("new", 10, 5).query()
    moved = replace(query, centres_um_yx=query.centres_um_yx + 4000, array_yx=query.array_yx + 9)
    np.testing.assert_array_equal(trained.predict(query).values, trained.predict(moved).values)


def test_published_form_is_the_described_network():
    settings = make_config("mclstexp:faithful", {})
    assert (settings.batch, settings.epochs, settings.learning_rate, settings.weight_decay) == (128, 90, 1e-4, 1e-3)
    assert (settings.optimiser, settings.k, settings.weighting, settings.distance) == (
        "adam",
        200,
        "inverse_square",
        "l1",
    )
    assert not settings.validate
    recipe = make({"fine_tune": False, "embed_dim": 256}, "mclstexp:faithful")
    modules = recipe.trial(recipe.pool(SECTIONS), 0).modules
    blocks = [part for part in modules["spots"].modules() if isinstance(part, TransformerBlock)]
    genes = len(GENES)
    # Norms 2 x 2g, qkv without bias 3 x 512 g, out 512 g + g, feed-forward 2 (g^2 + g).
    expected = 4 * genes + 3 * 512 * genes + 513 * genes + 2 * (genes**2 + genes)
    assert [sum(p.numel() for p in block.parameters()) for block in blocks] == [expected] * 2
    assert modules["temperature"]().item() == 1
    assert not list(modules["temperature"].parameters())
    assert modules["image"].norm.normalized_shape == (256,)


def test_published_units(faithful, trained):
    assert faithful.unit == GENE_UNIT
    assert trained.unit == UNIT
    counts = SECTIONS[0].counts
    shown = np.log10(1 + 1e4 * counts / counts.sum(1, keepdims=True))
    given = np.log10(1 + 1e4 * counts / counts.sum(0, keepdims=True))
    pool = faithful.pool(SECTIONS)
    np.testing.assert_allclose(pool.expression[:24], shown, rtol=1e-5)
    np.testing.assert_allclose(faithful.bank.expression[:24], given, rtol=1e-5)
    np.testing.assert_array_equal(trained.bank.expression[:24], SECTIONS[0].expression)


def test_genes_or_spots_without_counts_stay_finite():
    empty = replace(SECTIONS[0], counts=SECTIONS[0].counts.copy())
    empty.counts[:, 3] = 0
    empty.counts[2] = 0
    recipe = make(SMALL_FAITHFUL, "mclstexp:faithful")
    fit(recipe, [empty, SECTIONS[1]])
    assert np.isfinite(recipe.predict(SECTIONS[2].query()).values).all()


def test_published_bank_is_embedded_in_lots_of_32(faithful):
    own = embed(faithful, list(range(32)))
    assert torch.allclose(faithful.bank.embeddings[:32], own, atol=1e-5)


def test_coordinates_beyond_the_table_are_one_sentence():
    far = replace(SECTIONS[0], array_yx=SECTIONS[0].array_yx + 70_000)
    with pytest.raises(InputError, match=r"65,535.*70,007"):
        fit(make(SMALL_FAITHFUL, "mclstexp:faithful"), [far, SECTIONS[1]])
    without = [replace(s, array_yx=None) for s in SECTIONS]
    fit(make(SMALL_FAITHFUL, "mclstexp:faithful"), without)


@pytest.mark.parametrize("change", [{"position": "fourier"}, {"layers": 0}, {"gene_components": 0, "heads": 1}])
def test_variants_train_and_predict(change):
    recipe = make(SMALL | change)
    fit(recipe)
    assert np.isfinite(recipe.predict(section("new", 6, 9).query()).values).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"epochs": 0}, "epochs must be at least 1, got 0"), ({"dropout": 1.0}, "dropout"), ({"layers": -1}, "layers")],
)
def test_bad_settings_say_what_is_allowed(settings, words):
    with pytest.raises(InputError, match=words):
        make(settings)


FINE = {"fine_tune": True, "epochs": 2, "batch": 16, "embed_dim": 16, "k": 5}


def test_fine_tuning_without_patches_says_so(network):
    data = [replace(with_patches(s, network), patches=None) for s in SECTIONS[:2]]
    with pytest.raises(InputError, match="set fine_tune to false"):
        fit(make(FINE, encoder=network), data)


def test_faithful_runs_with_frozen_features_where_the_encoder_has_no_network():
    recipe = make({"epochs": 1, "k": 5}, "mclstexp:faithful")
    assert recipe.config.fine_tune
    assert not recipe.fine_tunes
    fit(recipe)
    assert "network" not in recipe.modules
