"""A training run works alone in its folder, and what nobody resumes does not stay for ever."""

import os
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from geneglass.data.cache import cache_folder
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.run_folder import KEPT_DAYS, run_folder


@pytest.fixture
def config(tmp_path):
    return TrainConfig(cohort=tmp_path / "cohort.toml", out=tmp_path / "m.safetensors", recipe="ridge")


def stopped(config):
    """Return the folder of a run that was stopped after its first fit."""
    with suppress(KeyboardInterrupt), run_folder(config) as folder:
        (folder.path / "fit").write_text("finished")
        raise KeyboardInterrupt
    return folder.path


def test_a_stopped_run_is_taken_over_once_and_its_folder_removed_when_it_is_done(config):
    kept = stopped(config)
    with run_folder(replace(config, resume=True)) as folder:
        assert folder.path == kept
        assert (folder.path / "fit").read_text() == "finished"
    assert not list(cache_folder("fits").iterdir())


@pytest.mark.parametrize("first_resumes", [True, False])
def test_a_second_run_leaves_the_folder_of_the_first_alone(config, first_resumes):
    again = replace(config, resume=True)
    with run_folder(again if first_resumes else config) as first:
        (first.path / "fit").write_text("half")
        with run_folder(again) as second:
            assert second.path != first.path
        assert (first.path / "fit").read_text() == "half"
        assert not second.path.exists()


def test_a_resumed_run_takes_the_latest_folder_that_is_free(config):
    older, newer = stopped(config), stopped(config)
    os.utime(older, (time.time() - 60,) * 2)
    again = replace(config, resume=True)
    with run_folder(again) as first, run_folder(again) as second:
        assert (first.path, second.path) == (newer, older)


def test_old_folders_go_unless_a_run_is_in_them(config):
    old, recent = stopped(config), stopped(config)
    with run_folder(config) as busy:
        for path, days in ((old, KEPT_DAYS + 1), (busy.path, KEPT_DAYS + 1), (recent, KEPT_DAYS - 1)):
            os.utime(path, (time.time() - days * 86_400,) * 2)
        with run_folder(replace(config, recipe="geneglass")):
            assert not old.exists()
            assert recent.exists()
            assert busy.path.exists()
