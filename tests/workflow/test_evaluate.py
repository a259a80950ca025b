"""Evaluation of ridge on the tiny synthetic cohort, where what is predictable is known."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from geneglass.data.cohort import Cohort, read_cohort, write_cohort
from geneglass.data.genes import choose_panel
from geneglass.data.section import open_section, require_spots
from geneglass.data.spot_formats import open_spots
from geneglass.errors import InputError, UsageError
from geneglass.workflow.config import EvaluateConfig
from geneglass.workflow.evaluate import evaluate, settings_of
from geneglass.workflow.events import finish

N_GENES, N_FEW = 40, 12


@pytest.fixture(scope="module")
def config(tiny_cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluation") / "new" / "folder"
    return EvaluateConfig(cohort=tiny_cohort, out=out, recipes=("ridge",), panel_size=N_GENES)


@pytest.fixture(scope="module")
def metrics(config):
    return finish(evaluate(config))


@pytest.fixture(scope="module")
def table(config, metrics):
    return pd.read_csv(config.out / "per_gene.csv")


def test_recipe_stands_beside_every_null(metrics):
    predictors = list(metrics["predictors"])
    assert predictors[0] == "ridge"
    assert {"depth only", "position only, K = 10", "position only, K = 40", "gene mean", "random references"} < set(
        predictors
    )
    assert "ridge, shuffled query" in predictors


def test_ridge_stands_beside_itself_with_position(metrics):
    control = metrics["predictors"]["ridge + position"]
    assert np.isfinite(control["r"])
    assert control["r"] != metrics["predictors"]["ridge"]["r"]
    (pair,) = metrics["paired"]
    assert (pair["first"], pair["second"]) == ("ridge", "ridge + position")


def test_ridge_beats_the_nulls_on_planted_morphology(metrics):
    r = {name: figures["r"] for name, figures in metrics["predictors"].items()}
    assert r["ridge"] > 0.15
    assert r["ridge"] > r[metrics["best_null"]] + 0.1
    assert abs(r["ridge, shuffled query"]) < 0.15
    assert r["ridge"] < metrics["ceiling"]["r"]


def test_file_is_plain_json_and_equals_what_is_returned(config, metrics):
    text = (config.out / "metrics.json").read_text()
    assert "NaN" not in text
    written = json.loads(text)
    assert written["predictors"]["gene mean"]["r"] is None
    assert written["predictors"]["ridge"]["r"] == pytest.approx(metrics["predictors"]["ridge"]["r"])
    assert written["split"] == "patient"
    assert not written["leaks"]


def test_table_has_each_gene_of_each_section_and_agrees_with_the_mean(table, metrics, config):
    sections = [s.name for s in read_cohort(config.cohort).sections]
    assert len(table) == N_GENES * len(sections)
    mean = table.groupby("section")["r"].mean().mean()
    assert mean == pytest.approx(metrics["predictors"]["ridge"]["r"], abs=1e-3)
    assert {"spearman", "mse", "mae", "ceiling", "r of depth only", "r of position only, K = 40"} <= set(table.columns)


def test_three_patients_can_not_speak_for_new_ones(metrics):
    assert metrics["interval_over"] == "sections"
    assert metrics["new_patients"]["ridge"]["verdict"] == "not assessable"
    said = " ".join(metrics["sentences"])
    assert "at least 5 are needed" in said
    assert "set aside" in said
    assert "the best predictor that never saw the image" in said


def test_report_stands_alone_and_is_well_formed(config, metrics):
    page = (config.out / "report.html").read_text()
    assert metrics["sentences"][0] in page
    assert not any(outside in page for outside in ("http://", "https://", "<script", "$"))
    _Balanced().feed(page)


def test_the_panel_of_a_fold_is_chosen_on_its_training_sections_alone(config, tmp_path):
    few = replace(config, out=tmp_path / "few", panel_size=N_FEW)
    finish(evaluate(few))
    table = pd.read_csv(few.out / "per_gene.csv")
    sections = {source.name: open_section(source) for source in read_cohort(config.cohort).sections}
    of_test = 0
    for name, genes in table.groupby("section")["gene"]:
        own = sections[name].source.patient
        rest = [require_spots(section) for section in sections.values() if section.source.patient != own]
        assert set(genes) == set(choose_panel(rest, N_FEW, config.min_counts))
        of_test += set(genes) == set(choose_panel([require_spots(sections[name])], N_FEW, config.min_counts))
    assert of_test < len(sections)


def test_given_sections_make_one_fold(config, tmp_path):
    names = [s.name for s in read_cohort(config.cohort).sections]
    result = finish(evaluate(replace(config, out=tmp_path, train=tuple(names[:2]), test=(names[2],))))
    assert [fold["test"] for fold in result["folds"]] == [[names[2]]]
    assert "no interval" in " ".join(result["sentences"])
    with pytest.raises(InputError, match="No section Nobody"):
        finish(evaluate(replace(config, train=("Nobody",), test=(names[2],))))


def test_a_training_section_without_spots_left_is_refused(config, tiny_cohort, tmp_path):
    full, shallow, test = read_cohort(tiny_cohort).sections
    table = open_spots(shallow.spots, shallow.positions).table
    table.X = (table.X > 0).astype(np.float32)
    table.write_h5ad(tmp_path / "shallow.h5ad")
    cohort = Cohort(tmp_path / "cohort.toml", (full, replace(shallow, spots=tmp_path / "shallow.h5ad"), test))
    write_cohort(cohort)
    (tmp_path / "panel.txt").write_text("\n".join(table.var_names[:5]))
    given = {"train": (full.name, shallow.name), "test": (test.name,), "panel": tmp_path / "panel.txt"}
    job = evaluate(replace(config, cohort=cohort.path, out=tmp_path / "out", min_counts=600, **given))
    with pytest.raises(InputError, match=f"^Section {shallow.name} is trained on but has no spot with 600 counts or"):
        finish(job)


def test_section_split_is_marked_as_leaking_everywhere(config, tmp_path, tiny_cohort):
    text = tiny_cohort.read_text()
    for patient in {s.patient for s in read_cohort(tiny_cohort).sections}:
        text = text.replace(f'patient = "{patient}"', 'patient = "one"')
    cohort = tiny_cohort.with_name("one_patient.toml")
    cohort.write_text(text)
    result = finish(evaluate(replace(config, cohort=cohort, out=tmp_path, split="section")))
    assert result["leaks"]
    assert "leaking" in (tmp_path / "metrics.json").read_text()
    assert "leaking" in (tmp_path / "report.html").read_text()
    assert pd.read_csv(tmp_path / "per_gene.csv")["leaks"].all()


def test_protocol_of_another_unit_gives_correlations_only(config, tmp_path):
    result = finish(evaluate(replace(config, out=tmp_path, protocol="mclstexp")))
    ridge = result["predictors"]["ridge"]
    assert np.isfinite(ridge["r"])
    assert np.isnan(ridge["mse"])
    assert np.isfinite(result["predictors"]["gene mean"]["mse"])
    assert not result["units"]["ridge"]["errors_comparable"]
    assert all(section["set_aside"] == 0 for section in result["sections"])
    assert "only correlations" in (tmp_path / "report.html").read_text()


def test_same_seed_same_figures(config, metrics, tmp_path):
    again = finish(evaluate(replace(config, out=tmp_path)))
    assert again["predictors"]["ridge"]["r"] == metrics["predictors"]["ridge"]["r"]
    assert (tmp_path / "report.html").read_bytes() == (config.out / "report.html").read_bytes()


def test_cancel_leaves_earlier_results_alone(config, metrics):
    before = (config.out / "metrics.json").read_bytes()
    job = evaluate(config)
    for _ in range(5):
        next(job)
    job.close()
    assert (config.out / "metrics.json").read_bytes() == before
    assert sorted(p.name for p in config.out.iterdir()) == ["metrics.json", "per_gene.csv", "report.html"]


def test_settings_go_to_the_recipe_they_name(config):
    both = replace(config, recipes=("ridge", "mclstexp:faithful"), settings={"mclstexp.epochs": "3"})
    assert settings_of("ridge", both) == {}
    assert settings_of("mclstexp:faithful", both) == {"epochs": "3"}
    with pytest.raises(InputError, match="bleep"):
        settings_of("ridge", replace(config, settings={"bleep.k": "3"}))
    with pytest.raises(UsageError, match="no setting"):
        next(evaluate(replace(config, settings={"nonsense": "3"})))


class _Balanced(HTMLParser):
    """Fails where an element is closed that was not the last to be opened."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_section_that_stands_twice_under_two_patients_is_refused(config, tiny_cohort, tmp_path):
    first, *others = read_cohort(tiny_cohort).sections
    again = replace(first, name="again", patient="somebody else")
    cohort = Cohort(tmp_path / "cohort.toml", (first, *others, again))
    write_cohort(cohort)
    with pytest.raises(InputError, match=f"The split leaks: {first.name} .* and again .patient somebody else. hold"):
        finish(evaluate(replace(config, cohort=cohort.path, out=tmp_path / "out")))
    assert not (tmp_path / "out").exists()
