"""The report as a page: safe with any name, sane with undefined figures."""

import base64
import re
from dataclasses import replace

import numpy as np
import pytest

from geneglass.data.neighbours import neighbour_pairs
from geneglass.metric.moran_gap import morans_i
from geneglass.workflow.calibration import Judged
from geneglass.workflow.config import EvaluateConfig
from geneglass.workflow.gene_maps import GeneMap, SectionMaps
from geneglass.workflow.measured import NULLS, POSITION, SHUFFLED, Measured
from geneglass.workflow.metrics import Facts, complete
from geneglass.workflow.protocol import PROTOCOLS, RANKINGS
from geneglass.workflow.report import render
from geneglass.workflow.report_maps import typical_maps
from geneglass.workflow.report_tables import pairs
from geneglass.workflow.results import per_gene
from geneglass.workflow.scores import Scored, score
from geneglass.workflow.statements import number

GENES = ("A<b>", "G2", "G3")


PLACES = np.stack(np.divmod(np.arange(30), 6), axis=1).astype(np.float32) * 200
PAIRS = neighbour_pairs(PLACES)
TOP = dict.fromkeys(RANKINGS, np.array([True, True, False]))


def scored_by_chance(recipes, name, patient, leaks, seed=0):
    """Return 30 spots with three genes, the last one without counts, scored by chance in every respect."""
    generator = np.random.default_rng(seed)
    truth = generator.gamma(2.0, size=(30, 3)).astype(np.float32)
    truth[:, 2] = 0
    predicted = {
        n: truth + generator.normal(size=(30, 3)).astype(np.float32)
        for n in [*recipes, *NULLS, *(f"{recipe}, {SHUFFLED}" for recipe in recipes)]
    }
    shown = GeneMap("A<b>", 0.5, truth[:, 0], predicted[recipes[0]][:, 0])
    scored = Scored(
        fold=f"without {name}",
        leaks=leaks,
        section=name,
        patient=patient,
        genes=GENES,
        top=TOP,
        ceiling=np.array([0.9, 0.8, np.nan], np.float32),
        scores={n: score(truth, values, same_unit=True, pairs=PAIRS) for n, values in predicted.items()},
        moran=morans_i(truth, PAIRS),
        groups={n: {"ari": 0.25, "nmi": 0.5} for n in ("measured", *recipes, *POSITION)},
        judged={
            recipes[0]: Judged(generator.uniform(size=30).astype(np.float32), truth[:, 0] > 1, "calibrated on <2>")
        },
        maps={
            recipe: SectionMaps(name, PLACES, (shown,), (replace(shown, gene="G2"),), True) for recipe in recipes[:2]
        },
    )
    section = Measured(
        name, patient, GENES, truth, truth, truth.sum(axis=1), None, PLACES, 60, np.array(["a", "b"] * 15, dtype=object)
    )
    return scored, section


@pytest.fixture
def page_of(tmp_path):
    def make(recipes=("ridge", "mclstexp"), names=("S & <1>",), patient=None, leaks=True, labelled=True):
        both = [scored_by_chance(recipes, name, patient, leaks, seed) for seed, name in enumerate(names)]
        scored = [one if labelled else replace(one, groups={}) for one, _ in both]
        config = EvaluateConfig(cohort=tmp_path / "cohort.toml", out=tmp_path, recipes=recipes, split="section")
        units = dict.fromkeys(recipes, "counts")
        panels = {one.fold: GENES for one in scored}
        facts = Facts(config, PROTOCOLS["geneglass"], panels, units, tuple(section for _, section in both))
        metrics = complete(facts, scored)
        maps = {recipe: typical_maps(scored, recipe) for recipe in recipes}
        return metrics, render(
            metrics, per_gene(scored, recipes), {name: found for name, found in maps.items() if found}
        )

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


def test_figures_are_inside_for_every_recipe(page_of):
    _, page = page_of()
    pictures = re.findall(r'src="data:image/(svg\+xml|png);base64,([^"]+)"', page)
    # The strip and the calibration; for each recipe a scatter, a best and a worst map.
    assert len(pictures) == len(re.findall("<img", page)) == 2 + 2 * 3
    starts = {"png": b"\x89PNG", "svg+xml": b"<?xml"}
    assert all(base64.b64decode(content).startswith(starts[kind]) for kind, content in pictures)


def test_twelve_recipes_and_four_sections_fit_with_turned_names(page_of):
    recipes = tuple(f"{name}{form}" for name in "abcdef" for form in ("", ":faithful"))
    metrics, page = page_of(recipes, names=("C2", "C3", "C4", "C5"), patient="C")
    assert 'table class="turned"' in page
    assert "Of 12 recipes the highest here (chosen after the fact) is" in page
    assert len(metrics["paired"]) == 66
    # Each pair stands twice in a square, in either direction, for all genes and for the 50.
    assert len(re.findall(r'title="95 %', page)) == 4 * 66
    assert page.count("<details open>") == 1
    assert page.count("<details") == 2


def test_a_pair_reads_the_same_from_both_sides(page_of):
    metrics, page = page_of(names=("S1", "S2"))
    difference = metrics["paired"][0]["all"]["difference"]
    assert f">{difference:+.3f}" in page
    assert f">{-difference:+.3f}" in page
    assert f"ridge against mclstexp, r gene by gene: {difference:+.3f} over all genes" in page


def test_a_pair_tells_what_its_interval_is_over_and_counts_ties_for_neither():
    item = {"difference": 0.1, "interval": [0.05, 0.15], "interval_genes": [0.06, 0.14]}
    compared = item | {"higher": 5, "lower": 2, "genes": 10, "p": 0.01}
    metrics = {"interval_over": "patients", "paired": [{"first": "a", "second": "b", "all": compared}]}
    square = pairs(metrics, "all")
    assert "95 % 0.050 to 0.150 over patients, 0.060 to 0.140 over genes; higher in 5 of 10 genes" in square
    assert "95 % -0.150 to -0.050 over patients, -0.140 to -0.060 over genes; higher in 2 of 10 genes" in square
    assert "over sections" in pairs(metrics | {"interval_over": "sections"}, "all")


def test_confidence_is_judged_or_said_to_be_missing(page_of):
    metrics, page = page_of()
    assert metrics["calibration"]["ridge"]["stated"] == 30
    assert metrics["calibration"]["mclstexp"] is None
    assert "it is calibrated on &lt;2&gt;" in page
    assert "mclstexp: its unit can not be computed from counts here, so its confidence is not judged" in page


def test_regions_are_compared_where_a_pathologist_named_some(page_of):
    metrics, page = page_of(names=("S1", "S2"))
    assert metrics["groups"]["classes"]["S1"] == ["a", "b"]
    assert "0.25 / 0.50" in page
    assert "S1 (2 regions)" in page
    _, bare = page_of(labelled=False)
    assert "No test section has regions named by a pathologist" in bare


def test_what_does_not_leak_says_so(page_of):
    _, page = page_of(patient="p", leaks=False)
    assert "warn" not in page.split("</style>")[1]
    assert "<td>no</td>" in page
    _, leaking = page_of(patient="p")
    assert "yes: the patient is in training" in leaking
