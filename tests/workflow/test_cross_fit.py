"""What a recipe is shown while it is checked on tissue left out."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from geneglass.data.cohort import SectionSource, read_cohort
from geneglass.data.genes import choose_panel
from geneglass.data.section import open_section, require_spots
from geneglass.data.split import cross_folds
from geneglass.model.make import make_encoder
from geneglass.model.recipe import Answer, FitStep, Recipe
from geneglass.model.trust import null_names
from geneglass.workflow.cross_fit import Training, cross_fit, left_out
from geneglass.workflow.events import finish
from geneglass.workflow.prepare import prepare
from geneglass.workflow.resume import RunFolder


@dataclass(frozen=True)
class NoConfig:
    """Nothing to set."""


class Watched(Recipe):
    """Answers with the mean expression, and notes what it was given."""

    Config = NoConfig

    def __init__(self, genes, seen):
        super().__init__(NoConfig(), genes, make_encoder("texture"))
        self.seen = seen

    def fit(self, sections, *, snapshots=None):
        self.fitted = [section.section for section in sections]
        assert all(section.expression.shape[1] == len(self.genes) for section in sections)
        self.mean = np.concatenate([section.expression for section in sections]).mean(axis=0)
        yield FitStep(1, 1)

    def predict(self, query, *, exclude_patient=False):
        self.seen.append((query.section, tuple(self.fitted), exclude_patient, self.genes))
        return Answer(self.mean + np.arange(len(query.features), dtype=np.float32)[:, None] * (self.mean > 0))

    def state(self):
        return {}

    def load(self, state, texts):
        raise NotImplementedError


@pytest.fixture(scope="module")
def prepared(tiny_cohort):
    sections = [open_section(source) for source in read_cohort(tiny_cohort).sections]
    panel = choose_panel([require_spots(s) for s in sections], 20, 500)
    return panel, [finish(prepare(s, make_encoder("texture"), panel, min_counts=500)) for s in sections]


def checked(prepared, tmp_path, *, choose=None):
    panel, items = prepared
    seen = []
    tmp_path.mkdir(exist_ok=True)
    training = Training(lambda genes: Watched(genes, seen), choose or (lambda rest: panel), panel)
    return finish(cross_fit(training, items, folder=RunFolder(tmp_path, 60.0))), seen


def with_patients(items, patients):
    return [replace(i, data=replace(i.data, patient=p)) for i, p in zip(items, patients, strict=True)]


def test_each_patient_is_left_out_and_excluded(prepared, tmp_path):
    names = [item.section.name for item in prepared[1]]
    _, seen = checked(prepared, tmp_path)
    assert [(section, exclude) for section, _, exclude, _ in seen] == [(name, True) for name in names]
    assert all(section not in fitted and len(fitted) == 2 for section, fitted, _, _ in seen)


@pytest.mark.parametrize("patients", [("Ada",) * 3, ("Ada", None, "Cleo")])
def test_without_patients_to_leave_out_sections_are_and_sisters_stay(prepared, tmp_path, patients):
    panel, items = prepared
    found, seen = checked((panel, with_patients(items, patients)), tmp_path)
    assert all(section not in fitted and len(fitted) == 2 and not exclude for section, fitted, exclude, _ in seen)
    assert not found["verdict"].any()


@pytest.mark.parametrize(
    ("patients", "left", "leaks"),
    [
        (("Ada", "Bo", "Ada"), "patients", False),
        (("Ada",) * 3, "sections", True),
        (("Ada", None, "Cleo"), "sections", True),
    ],
)
def test_what_was_left_out_is_said_and_that_it_leaks_is_told_once(prepared, tmp_path, patients, left, leaks):
    panel, items = prepared
    training = Training(lambda genes: Watched(genes, []), lambda rest: panel, panel)
    events = list(cross_fit(training, with_patients(items, patients), folder=RunFolder(tmp_path, 60.0)))
    told = [event.message for event in events if event.message.startswith("Held-out r leaks: sister sections")]
    assert len(told) == leaks
    sources = [SectionSource(i.section.name, p) for i, p in zip(items, patients, strict=True)]
    assert left_out(cross_folds(sources)) == (left, leaks)
    assert left_out(cross_folds(sources[:1])) == ("", False)


@pytest.mark.parametrize(("patients", "lone"), [(("p", "q", "q"), True), (("p", "q", "r"), False)])
def test_that_a_check_learned_from_one_patient_alone_is_told(prepared, tmp_path, patients, lone):
    panel, items = prepared
    named = [replace(item, data=replace(item.data, patient=p)) for item, p in zip(items, patients, strict=False)]
    training = Training(lambda genes: Watched(genes, []), lambda rest: panel, panel)
    events = list(cross_fit(training, named, folder=RunFolder(tmp_path, float("inf"))))
    assert events[0].message.startswith("Held-out r is of models that learned from one") == lone


def test_sisters_are_left_out_together(prepared, tmp_path):
    panel, items = prepared
    _, seen = checked((panel, with_patients(items, ("Ada", "Ada", "Cleo"))), tmp_path)
    assert [len(fitted) for _, fitted, _, _ in seen] == [1, 1, 2]


def test_a_fold_chooses_its_panel_without_the_patient_left_out(prepared, tmp_path):
    panel, items = prepared
    chosen_on = []

    def choose(rest):
        chosen_on.append([item.section.name for item in rest])
        genes = choose_panel([require_spots(item.section) for item in rest], 20, 500)
        return genes[::-1] if len(chosen_on) > 1 else (*panel[1:], "XIST")

    found, seen = checked(prepared, tmp_path, choose=choose)
    assert chosen_on == [list(fitted) for _, fitted, _, _ in seen]
    assert all(item.section.name not in chosen for item, chosen in zip(items, chosen_on, strict=True))
    assert [genes == panel for *_, genes in seen] == [False] * 3
    assert found["r"].shape == (20,)


def test_a_gene_that_a_fold_did_not_choose_has_no_r_there(prepared, tmp_path):
    panel, _ = prepared
    whole, _ = checked(prepared, tmp_path)
    left = iter([panel[1:], panel, panel])
    part, _ = checked(prepared, tmp_path / "b", choose=lambda rest: next(left))
    never, _ = checked(prepared, tmp_path / "c", choose=lambda rest: panel[1:])
    assert part["r"][0] != whole["r"][0]
    assert np.isnan([never["r"][0], never["null_r"][0]]).all()
    np.testing.assert_allclose(part["r"][1:], whole["r"][1:], atol=1e-6)
    np.testing.assert_allclose(never["r"][1:], whole["r"][1:], atol=1e-6)


def test_every_null_and_the_ceiling_are_there(prepared, tmp_path):
    found, _ = checked(prepared, tmp_path)
    assert set(null_names(found)) == {
        "depth only",
        "position only, K = 10",
        "position only, K = 40",
        "gene mean",
        "random references",
        "shuffled query",
    }
    assert (found["ceiling"] > 0).mean() > 0.8
    assert (found["null.gene mean"] == 0).all()


def test_one_section_has_no_trust(prepared, tmp_path):
    panel, items = prepared
    assert checked((panel, items[:1]), tmp_path)[0] == {}
