"""A training that was stopped is found again, with everything it was asked to do, unless it is going on."""

import json
import os
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from geneglass.errors import UsageError
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.config_text import config_of, config_values
from geneglass.workflow.run_folder import NOTE, run_folder
from geneglass.workflow.stopped_runs import give_up, stopped_runs


@pytest.fixture
def config(tmp_path):
    (tmp_path / "cohort.toml").write_text("")
    (tmp_path / "panel.txt").write_text("ERBB2\n")
    return TrainConfig(
        cohort=tmp_path / "cohort.toml",
        out=tmp_path / "m.safetensors",
        recipe="mclstexp",
        hold_out=("section:C5", "patient:A"),
        panel=tmp_path / "panel.txt",
        settings={"epochs": 3, "learning_rate": 1e-4, "validate": False},
        seed=7,
    )


def stopped(config):
    with suppress(KeyboardInterrupt), run_folder(config) as folder:
        (folder.path / "fit.safetensors").write_text("finished")
        raise KeyboardInterrupt
    return folder.path


def test_a_config_comes_back_from_its_json(config):
    assert config_of(json.loads(json.dumps(config_values(config)))) == config
    blank = replace(config, panel=None, hold_out=())
    assert config_of(json.loads(json.dumps(config_values(blank)))) == blank


@pytest.mark.parametrize("changes", [{"colour": "red"}, {"panel_size": 0}])
def test_a_config_of_another_version_is_refused(config, changes):
    with pytest.raises(UsageError):
        config_of(config_values(config) | changes)


def test_a_stopped_run_is_offered_with_what_it_was_asked_to_do_and_can_go_on(config):
    folder = stopped(config)
    (run,) = stopped_runs(config.cohort)
    assert (run.folder, run.config) == (folder, replace(config, resume=True))
    assert abs(time.time() - run.stopped) < 60
    with run_folder(run.config) as again:
        assert again.path == folder
        assert stopped_runs() == ()
    assert stopped_runs() == ()


def test_only_the_latest_of_equal_runs_and_only_those_on_the_cohort_are_offered(config, tmp_path):
    older, newer, other = stopped(config), stopped(config), stopped(replace(config, seed=8))
    for path, age_s in ((older, 90), (newer, 60), (other, 30)):
        os.utime(path, (time.time() - age_s,) * 2)
    assert [run.folder for run in stopped_runs()] == [other, newer]
    assert stopped_runs(tmp_path / "other.toml") == ()


def test_what_is_given_up_is_offered_no_more(config):
    folder = stopped(config)
    give_up(stopped_runs()[0])
    assert not folder.exists()
    assert stopped_runs() == ()


@pytest.mark.parametrize("damage", ["{", '{"colour": 1}', "[]"])
def test_a_damaged_note_or_a_cohort_that_is_gone_is_no_offer(config, damage):
    folder = stopped(config)
    (folder / NOTE).write_text(damage)
    assert stopped_runs() == ()
    stopped(config)
    config.cohort.unlink()
    assert stopped_runs() == ()
