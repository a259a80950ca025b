"""Training and prediction when the device has too little memory: half as much at a time, and the model says so."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from geneglass.model.checkpoint import read_info
from geneglass.model.recipe import Answer, QueryData
from geneglass.model.training import Trial, few_threads
from geneglass.workflow.answering import answer_in_batches
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.train import train

SETTINGS = {"epochs": 2, "validate": False, "batch": 64, "embed_dim": 8}
FULL = "CUDA out of memory. Tried to allocate 2.00 GiB."


@pytest.fixture
def config(tiny_cohort, tmp_path):
    return TrainConfig(
        cohort=tiny_cohort,
        out=tmp_path / "model.safetensors",
        recipe="mclstexp",
        panel_size=8,
        settings=SETTINGS,
        min_counts=0,
        cross_fit=False,
    )


@pytest.fixture
def little_memory(monkeypatch):
    """Let batches of more than 20 spots fail, and return the lengths of those that did not."""
    plain, learned = Trial._learn, []

    def learn(trial, objective, rows):
        if len(rows) > 20:
            raise torch.OutOfMemoryError(FULL)
        learned.append(len(rows))
        return plain(trial, objective, rows)

    monkeypatch.setattr(Trial, "_learn", learn)
    return learned


def test_a_model_is_trained_on_smaller_batches_and_states_them(config, little_memory):
    with few_threads():
        events = list(train(config))
    assert max(little_memory) == 16
    assert read_info(config.out).settings["batch"] == 16
    assert [event.message for event in events if "Memory" in event.message] == [
        "Memory did not suffice for 64 spots at a time: going on with 32.",
        "Memory did not suffice for 32 spots at a time: going on with 16.",
    ]


def test_a_fit_that_is_taken_over_keeps_the_batch_it_had(config, little_memory, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, few_threads():
        patch.setattr("geneglass.workflow.train.save_model", killed)
        with pytest.raises(KeyboardInterrupt):
            finish(train(config))
    little_memory.clear()
    finish(train(replace(config, resume=True)))
    assert not little_memory
    assert read_info(config.out).settings["batch"] == 16


class Small:
    """A recipe that can answer for five places at a time."""

    def predict(self, query):
        if len(query.features) > 5:
            raise torch.OutOfMemoryError(FULL)
        return Answer(2 * query.features)


def test_places_are_predicted_fewer_at_a_time():
    features = np.arange(23 * 3, dtype=np.float32).reshape(23, 3)
    query = QueryData("query:x", None, features, np.zeros((23, 2), np.float32))
    events, job = [], answer_in_batches(Small(), query, 16)
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            np.testing.assert_array_equal(stop.value.values, 2 * features)
            break
    assert [event.message for event in events][:3] == [
        "Memory did not suffice for 16 places at a time: going on with 8.",
        "Memory did not suffice for 8 places at a time: going on with 4.",
        "",
    ]
    assert (events[-1].done, events[-1].total) == (23, 23)


def test_another_error_of_prediction_is_not_swallowed():
    class Broken(Small):
        def predict(self, query):
            raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        finish(answer_in_batches(Broken(), QueryData("q", None, np.zeros((3, 2), np.float32), np.zeros((3, 2))), 4))
