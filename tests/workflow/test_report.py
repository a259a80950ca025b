"""The report as a page: safe with any name, sane with undefined figures."""

import base64
import re

import numpy as np
import pytest

from geneglass.workflow.config import EvaluateConfig
from geneglass.workflow.measured import NULLS, SHUFFLED, Measured
from geneglass.workflow.metrics import Facts, complete
from geneglass.workflow.protocol import PROTOCOLS
from geneglass.workflow.report import render
from geneglass.workflow.results import per_gene
from geneglass.workflow.scores import Scored, score
from geneglass.workflow.statements import number

GENES = ("A<b>", "G2", "G3")


@pytest.fixture
def page_of(tmp_path):
    def make(recipes=("ridge", "mclstexp"), name="S & <1>", patient=None):
        generator = np.random.default_rng(0)
        truth = generator.gamma(2.0, size=(30, 3)).astype(np.float32)
        truth[:, 2] = 0
        names = [*recipes, *NULLS, *(f"{recipe}, {SHUFFLED}" for recipe in recipes)]
        scores = {
            n: score(truth, truth + generator.normal(size=(30, 3)).astype(np.float32), same_unit=True) for n in names
        }
        top = dict.fromkeys(("train_mean", "test_mean", "test_variance"), np.array([True, True, False]))
        scored = [Scored("fold", True, name, patient, GENES, top, np.array([0.9, 0.8, np.nan], np.float32), scores)]
        section = Measured(
            name, patient, GENES, truth, truth, truth.sum(axis=1), None, np.zeros((30, 2), np.float32), n_spots=60
        )
        config = EvaluateConfig(cohort=tmp_path / "cohort.toml", out=tmp_path, recipes=recipes, split="section")
        units = dict.fromkeys(recipes, "counts")
        facts = Facts(config, PROTOCOLS["geneglass"], {"fold": GENES}, units, (section,))
        metrics = complete(facts, scored)
        return metrics, render(metrics, per_gene(scored, recipes))

    return make


def test_names_are_shown_not_run(page_of):
    _, page = page_of()
    assert "S &amp; &lt;1&gt;" in page
    assert "<1>" not in page


def test_undefined_is_a_dash_never_nan(page_of):
    _, page = page_of()
    text = re.sub(r'src="[^"]*"', "", page)
    assert "nan" not in text.lower().replace("sense", "")
    assert number(float("nan")) == number(None) == "–"


def test_leak_set_aside_units_and_unknown_patient_are_said(page_of):
    metrics, page = page_of()
    assert "leaking" in page
    assert "no patient id is known for S &amp; &lt;1&gt;" in page
    assert "30 of 60 spots have under 500 counts and are set aside (50%, more than a fifth)" in metrics["sentences"][-1]
    assert "only correlations are given" in page
    assert metrics["predictors"]["ridge"]["undefined"] == 1


def test_figures_are_inside_and_one_scatter_per_recipe(page_of):
    _, page = page_of()
    pictures = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert len(pictures) == 3
    assert all(b"<svg" in base64.b64decode(picture) for picture in pictures)
    assert len(re.findall("<img", page)) == 3
