"""Training on two real breast sections from the form: its curve, Cancel, going on, the list of models, a prediction."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from geneglass.model.checkpoint import read_info
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.events import Event, Job
from geneglass.workflow.stopped_runs import stopped_runs
from geneglass.workflow.train import train
from real_tissue import MIN_COUNTS, Real

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
RECIPE = "mclstexp"
EPOCHS, GENES, HELD_AT = 10, 40, 3

KINDS = ("loss", "score")


class Gate:
    """Holds a training after its third held-out r, until it is opened; what it learns is kept after every epoch."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def train(self, config: TrainConfig) -> Job[Any]:
        # Else 20 s lie between two snapshots: as long as this whole training takes.
        job, scores = train(replace(config, snapshot_s=0.0)), 0
        try:
            while True:
                event = next(job)
                yield event
                scores += event.score is not None
                if scores == HELD_AT:
                    assert self.opened.wait(60)
        except StopIteration as stop:
            return stop.value
        finally:
            job.close()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate()
    monkeypatch.setattr("geneglass.viewer.train_tab.train", gate.train)
    yield gate
    gate.opened.set()


def test_training(real: Real, gate: Gate) -> None:
    told: list[Event] = []
    real.panel.desk.runner.progressed.connect(lambda events: told.extend(events))
    fill_in_the_form(real)
    reached = learn_and_stop(real, gate, told)
    go_on(real, told, reached)
    listed(real)
    predict_what_it_never_saw(real)


def fill_in_the_form(real: Real) -> None:
    tab = real.panel.train_tab
    real.page("Train")
    real.key(tab.recipe, Qt.Key.Key_Home)
    real.hand.keys(tab.recipe, RECIPE[:3])
    assert tab.recipe.currentData() == RECIPE
    assert "Processor" in tab.device.currentText()
    for name in ("C4", "A1"):
        untick(real, name)
    real.unfold(tab.settings.parentWidget())
    for form, name, value in ((tab.settings, "panel_size", GENES), (tab.recipe_settings, "epochs", EPOCHS)):
        box = form.editor(name).native
        assert len(box.toolTip()) > 10
        real.type_number(box, f"{value}")
    trust = tab.settings.editor("cross_fit").native
    real.hand.click(trust, QPoint(8, trust.height() // 2))
    asked = tab.config()
    assert not asked.cross_fit, "that would train twice more"
    assert (asked.recipe, asked.panel_size, asked.settings["epochs"]) == (RECIPE, GENES, EPOCHS)
    assert set(asked.hold_out) == {"section:C4", "section:A1"}
    real.look("form")


def untick(real: Real, name: str) -> None:
    listed = real.panel.train_tab.sections
    item = next(listed.item(k) for k in range(listed.count()) if listed.item(k).data(Qt.ItemDataRole.UserRole) == name)
    real.hand.scroll_to(listed)
    rect = listed.visualItemRect(item)
    real.hand.click(listed.viewport(), QPoint(rect.left() + 12, rect.center().y()))
    assert item.checkState() == Qt.CheckState.Unchecked


def steps(told: Sequence[Event]) -> list[int]:
    """Return the steps of the main training of which a loss was told."""
    return [event.done for event in told if event.loss is not None and event.stage == f"Training {RECIPE}"]


def learn_and_stop(real: Real, gate: Gate, told: list[Event]) -> int:
    """Loss and held-out r are seen while it learns; Cancel changes nothing of the session; return how far it was."""
    tab, session = real.panel.train_tab, real.session
    before = (session.model_path, session.prediction, session.gene)
    real.hand.click(tab.train)
    real.hand.wait(lambda: sum(event.score is not None for event in told) == HELD_AT)
    caption = real.panel.job.curve.caption
    real.hand.wait(lambda: caption.isVisible() and "held-out r" in caption.text())
    loss, score = ([value for event in told if (value := getattr(event, name)) is not None] for name in KINDS)
    assert f"training loss {loss[-1]:.3g}" in caption.text()
    assert f"held-out r {score[-1]:.2f}" in caption.text()
    real.look("learning")
    real.hand.click(real.panel.job.cancel)
    gate.opened.set()
    real.idle()
    assert "Cancelled" in real.panel.messages.text.text()
    assert (session.model_path, session.prediction, session.gene) == before
    real.hand.wait(tab.resume.isVisible)
    assert f"A training of {RECIPE} without C4, A1 was stopped just now" in tab.resume.text.text()
    real.hand.scroll_to(tab.resume)
    real.look("stopped")
    return max(steps(told))


def go_on(real: Real, told: list[Event], reached: int) -> None:
    """The training goes on from its last step, ends, and its model is the session's."""
    tab = real.panel.train_tab
    told.clear()
    real.run(tab.resume.go_on)
    assert min(steps(told)) >= reached > 2, "it began anew"
    assert stopped_runs() == ()
    assert not tab.resume.isVisible()
    info = read_info(real.session.model_path)
    assert [section.name for section in info.sections] == ["C2", "C3"]
    assert (info.recipe, len(info.genes)) == (RECIPE, GENES)
    best = max(event.score for event in told if event.score is not None)
    assert best > 0.1
    assert "Trained and saved" in real.panel.messages.text.text()
    real.look("trained")


def listed(real: Real) -> None:
    """The list of models says what this one was trained on."""
    models = real.panel.predict_tab.models
    real.page("Predict")
    real.unfold(models)
    real.hand.wait(lambda: models.models.count() == 1 and models.current() is not None)
    assert models.models.item(0).text() == f"{real.session.model_path.stem} · {RECIPE}"
    assert "Trained on C2, C3" in models.facts.text()
    assert f"{GENES} genes" in models.facts.text()
    assert not models.use.isEnabled(), "it is in use"
    real.look("models")


def predict_what_it_never_saw(real: Real) -> None:
    """C4 is predicted with it, and the r in the title is the one of the files."""
    tab = real.panel.predict_tab
    real.hand.wait(lambda: not tab.check.pending)
    real.run(tab.predict)
    session = real.session
    assert session.provenance["model"] == session.model_path.name
    assert not session.trained_on
    values, totals = real.file_of("C4")
    kept = [name for name in session.prediction.obs_names if totals[name] >= MIN_COUNTS]
    made = session.prediction[kept]
    r = {gene: np.corrcoef(values.loc[kept, gene], np.asarray(made[:, gene].X)[:, 0])[0, 1] for gene in made.var_names}
    assert np.nanmedian(list(r.values())) > 0.1
    gene = session.gene
    titles = [side.title.long for side in real.panel.compare.view.sides.values()]
    assert titles[1] == f"{gene} predicted, r = {r[gene]:.2f} (n = {len(kept)})".replace("-", "−")
    real.look("predicted")
