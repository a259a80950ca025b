"""Two recipes side by side, one of which predicts in another unit: pairs, confidence, regions, maps, one embedding."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from geneglass.data.cohort import read_cohort
from geneglass.data.spot_formats import open_spots
from geneglass.errors import InputError, UsageError
from geneglass.model.encoders.texture import Texture
from geneglass.workflow.config import EvaluateConfig, TrainConfig
from geneglass.workflow.evaluate import evaluate, settings_of
from geneglass.workflow.events import finish
from geneglass.workflow.measured import CONTROL
from geneglass.workflow.train import train

RIDGE, OTHER = "ridge", "mclstexp:faithful"
N_GENES = 24


@pytest.fixture(scope="module")
def run(tiny_cohort, tmp_path_factory):
    """Return the folder of an evaluation, its metrics, and how many places were encoded for it."""
    out = tmp_path_factory.mktemp("two_recipes")
    encoded = []
    encode = Texture.encode
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENEGLASS_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(Texture, "encode", lambda self, patches: encoded.append(len(patches[0])) or encode(self, patches))
        config = EvaluateConfig(
            cohort=tiny_cohort,
            out=out,
            recipes=(RIDGE, OTHER),
            panel_size=N_GENES,
            settings={f"{OTHER}.epochs": "1", "mclstexp.epochs": "400"},
        )
        return out, finish(evaluate(config)), sum(encoded)


def test_one_embedding_serves_all_folds_and_recipes(run, tiny_cohort):
    _, metrics, encoded = run
    assert len(metrics["folds"]) == 3
    assert encoded == sum(open_spots(s.spots).table.n_obs for s in read_cohort(tiny_cohort).sections)


def test_recipes_are_paired_over_genes(run):
    _, metrics, _ = run
    named = [(pair["first"], pair["second"]) for pair in metrics["paired"]]
    assert named == [(RIDGE, OTHER), (RIDGE, CONTROL), (OTHER, CONTROL)]
    pair = metrics["paired"][0]
    for key in ("all", "top"):
        assert pair[key]["difference"] > 0.05
        assert pair[key]["interval"][0] < pair[key]["difference"] < pair[key]["interval"][1]
    assert pair["all"]["p"] < 0.05
    assert any(f"{RIDGE} against {OTHER}, r gene by gene: +" in sentence for sentence in metrics["sentences"])


def test_only_what_retrieves_says_what_it_draws_on(run):
    out, metrics, _ = run
    assert metrics["reuse"][RIDGE] is None
    found = metrics["reuse"][OTHER]
    assert 0 < found["even"] <= found["hubs"] < 1
    assert 0 < found["used"] <= 1
    assert sum("of the reference spots for one place" in sentence for sentence in metrics["sentences"]) == 1
    assert "What retrieval draws on" in (out / "report.html").read_text()


def test_confidence_is_judged_in_the_recipes_own_unit(run):
    _, metrics, _ = run
    spots = sum(section["spots"] - section["set_aside"] for section in metrics["sections"])
    for name in (RIDGE, OTHER):
        found = metrics["calibration"][name]
        assert found["places"] == found["stated"] + found["abstained"] == spots
        assert found["abstained"] < 0.05 * spots
        assert 0 <= found["ece"] <= 1
    assert metrics["calibration"][RIDGE]["right"] > 0.5


def test_regions_of_planted_tissue_are_found_from_the_picture_better_than_from_places(run):
    _, metrics, _ = run
    mean = metrics["groups"]["mean"]
    assert mean["measured"]["ari"] > mean[RIDGE]["ari"] > mean["position only, K = 10"]["ari"] + 0.1
    assert len(metrics["groups"]["by_section"]) == 3


def test_structure_and_variable_genes_stand_beside_the_other_figures(run):
    _, metrics, _ = run
    ridge = metrics["predictors"][RIDGE]
    assert ridge["moran"] == pytest.approx(metrics["moran_measured"] + ridge["moran_gap"], abs=1e-3)
    assert ridge["moran_gap"] > 0
    assert np.isfinite(metrics["predictors"][OTHER]["moran"])
    assert np.isnan(metrics["predictors"][OTHER]["mse"])
    # A panel of fewer than 50 genes is its own 50 most variable.
    assert ridge["r_hvg"] == pytest.approx(ridge["r"])
    assert 0 < ridge["of_ceiling"] < 1.2


def test_files_hold_it_all(run):
    out, metrics, _ = run
    written = json.loads((out / "metrics.json").read_text())
    assert written["paired"][0]["all"]["p"] == metrics["paired"][0]["all"]["p"]
    assert written["calibration"][RIDGE]["bins"]
    table = pd.read_csv(out / "per_gene.csv")
    assert {"r / ceiling", "moran_gap", "moran measured", "top 50, train_variance"} <= set(table.columns)
    defined = table[table["ceiling"].notna() & table["r"].notna()]
    np.testing.assert_allclose(defined["r / ceiling"], defined["r"] / defined["ceiling"], rtol=1e-3, atol=1e-4)
    page = (out / "report.html").read_text()
    # For each recipe a scatter, 3 best and 3 worst maps; the strip and the calibration.
    assert len(re.findall("<img", page)) == 2 * 7 + 2
    assert f"{OTHER}, section" in page
    assert "so each map has its own scale" in page


@pytest.mark.parametrize("recipe", ["mclstexp", "mclstexp:faithful"])
def test_a_recipe_that_can_not_train_the_encoder_is_named_before_a_place_is_embedded(
    recipe, tiny_cohort, tmp_path, monkeypatch
):
    def read(*_args, **_kwargs):
        raise AssertionError("a place was embedded")

    monkeypatch.setattr("geneglass.workflow.evaluate.prepare", read)
    monkeypatch.setattr("geneglass.workflow.train.prepare", read)
    encoder = "timm:mobilenetv3_small_050@random?px=32&context=300"
    settings = {f"{recipe}.fine_tune": "true"}
    asked = EvaluateConfig(tiny_cohort, tmp_path, encoder=encoder, recipes=("ridge", recipe), settings=settings)
    with pytest.raises(InputError, match=f"{recipe}: context is for frozen features.* {recipe}.fine_tune"):
        finish(evaluate(asked))
    out = tmp_path / "model.safetensors"
    alone = TrainConfig(tiny_cohort, out, encoder=encoder, recipe=recipe, settings={"fine_tune": "true"})
    with pytest.raises(InputError, match="context is for frozen features"):
        finish(train(alone))


def test_a_form_of_a_recipe_takes_its_own_settings(tiny_cohort, tmp_path):
    settings = {"seedless": "0", "mclstexp.epochs": "3", "mclstexp:faithful.epochs": "7", "mclstexp.k": "5"}
    config = EvaluateConfig(cohort=tiny_cohort, out=tmp_path, recipes=("mclstexp", OTHER), settings=settings)
    assert settings_of("mclstexp", config) == {"seedless": "0", "epochs": "3", "k": "5"}
    assert settings_of(OTHER, config) == {"seedless": "0", "epochs": "7", "k": "5"}
    alone = EvaluateConfig(cohort=tiny_cohort, out=tmp_path, recipes=("mclstexp",), settings=settings)
    with pytest.raises(UsageError, match="mclstexp:faithful, which is not evaluated"):
        settings_of("mclstexp", alone)


def test_a_recipe_named_twice_is_refused(tiny_cohort, tmp_path):
    with pytest.raises(UsageError, match="ridge is named more than once"):
        next(evaluate(EvaluateConfig(cohort=tiny_cohort, out=tmp_path, recipes=("ridge", "ridge"))))
