"""A training that is killed goes on from its last snapshot, and ends as if it never had been killed."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open

from geneglass.data.cache import cache_folder
from geneglass.errors import UsageError
from geneglass.model.checkpoint import load_model
from geneglass.model.training import few_threads
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.resume import FileSnapshots
from geneglass.workflow.train import train

DRIVER = """
import os, signal, sys
from geneglass.cli.main import main
from geneglass.model.training import Trial

seed, step, plain = int(sys.argv.pop(1)), int(sys.argv.pop(1)), Trial._learn

def fatal(trial, *arguments):
    if (trial.seed, trial.step) == (seed, step):
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(trial, *arguments)

Trial._learn = fatal
main()
"""
"""The command line, killed before a batch of the training with a seed: 0 on everything, 1 with a part left out."""

HEAD = {"epochs": "6", "patience": "2", "batch": "16", "embed_dim": "8", "learning_rate": "0.003"}
FINE = HEAD | {"fine_tune": "true", "epochs": "3", "augment": "stain", "learning_rate": "0.001"}
NETWORK = "timm:mobilenetv3_small_050@random?px=32"
"""A small network with batch normalisation, whose running statistics must come back too."""


def config(cohort, out, settings, encoder):
    return TrainConfig(
        cohort=cohort,
        out=out,
        recipe="mclstexp",
        encoder=encoder,
        panel_size=12,
        settings=settings,
        min_counts=0,
        cross_fit=False,
        snapshot_s=0.0,
    )


def killed(given, *, seed, step):
    """Run `geneglass train --resume`, killed before a step, and return the texts of its last snapshot."""
    options = [f"--set={key}={value}" for key, value in given.settings.items()]
    options += ["--out", given.out, "--recipe", given.recipe, "--encoder", given.encoder, "--panel-size", "12"]
    options += ["--min-counts", "0", "--no-cross-fit", "--snapshot-s", "0", "--resume"]
    arguments = [sys.executable, "-c", DRIVER, seed, step, "train", given.cohort, *options]
    # One thread, as in the test itself: on a busy machine two of them wait for each other.
    done = subprocess.run(
        [str(item) for item in arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    (snapshot,) = cache_folder("fits").glob("*/*.snapshot")
    return FileSnapshots(snapshot, 0).load()[1]


def tensors(path):
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@pytest.mark.parametrize(("settings", "encoder"), [(HEAD, "texture"), (FINE, NETWORK)], ids=["head", "fine-tuning"])
def test_killed_in_the_search_and_again_in_the_final_phase_it_ends_bit_for_bit_the_same(
    settings, encoder, tiny_cohort, tmp_path
):
    whole = config(tiny_cohort, tmp_path / "whole.safetensors", settings, encoder)
    with few_threads():
        events = list(train(whole))
    scored = [number for number, event in enumerate(events) if event.score is not None]
    searched, after = events[: scored[-1]], events[scored[-1] :]
    per_epoch = sum(event.loss is not None for event in searched[: scored[0]])
    last = sum(event.loss is not None for event in after) - 1
    given = replace(whole, out=tmp_path / "resumed.safetensors", resume=True)

    one = killed(given, seed=1, step=per_epoch * 3 // 2 // (1 if "fine_tune" in settings else 3))
    assert (one["phase"], len(one["stop"]["scores"])) == ("search", 1)
    two = killed(given, seed=0, step=last)
    assert two["phase"] == "final"
    assert two["epoch"] == two["stop"]["epochs"] - 1
    with few_threads():
        resumed = list(train(given))

    assert any("Going on after epoch" in event.message for event in resumed)
    told, again = ([(e.done, e.total) for e in run if e.loss is not None] for run in (events, resumed))
    assert again == told[-len(again) :]
    expected, found = tensors(whole.out), tensors(given.out)
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    assert not list(cache_folder("fits").iterdir())


def last_phase():
    """Return the phase of the training that the last snapshot is of."""
    held = [FileSnapshots(path, 0).load() for path in cache_folder("fits").glob("*/*.snapshot")]
    return held[0][1]["phase"] if held else ""


def test_geneglass_stopped_in_the_final_phase_still_knows_what_was_predicted_of_tissue_left_out(tiny_cohort, tmp_path):
    whole = replace(config(tiny_cohort, tmp_path / "whole.safetensors", HEAD, "texture"), recipe="geneglass")
    finish(train(whole))
    given = replace(whole, out=tmp_path / "resumed.safetensors", resume=True)
    job = train(given)
    while last_phase() != "final":
        next(job)
    job.close()
    told = [event.message for event in train(given)]
    assert any("Going on after epoch" in message for message in told)

    expected, found = tensors(whole.out), tensors(given.out)
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[name], value) for name, value in expected.items())
    assert load_model(given.out)[0].texts() == load_model(whole.out)[0].texts()


def test_snapshots_come_no_more_often_than_asked_and_a_damaged_one_is_none(tmp_path):
    path = tmp_path / "a.snapshot"
    seldom, always = FileSnapshots(path, 1000.0), FileSnapshots(path, 0.0)
    seldom.save({"x": torch.ones(2)}, {"phase": "search"})
    assert seldom.load() is None
    for number in range(3):
        always.save({"x": torch.full((2, 3), float(number)).T}, {"epoch": number})
        held, texts = always.load()
        assert held["x"].tolist() == [[number] * 2] * 3
        assert texts == {"epoch": number}
    path.write_bytes(path.read_bytes()[:-5])
    assert always.load() is None


def test_a_negative_pause_between_snapshots_is_refused(tiny_cohort, tmp_path):
    with pytest.raises(UsageError, match="snapshot_s"):
        replace(config(tiny_cohort, tmp_path / "m.safetensors", HEAD, "texture"), snapshot_s=-1.0)
