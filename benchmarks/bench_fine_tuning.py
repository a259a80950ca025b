"""How fast DenseNet-121 is fine-tuned, beside the published form of mclSTExp, and beside the bare network.

    python benchmarks/bench_fine_tuning.py [--cohort cohort.toml] [--batches 32] [--steps N] [--device auto]

All take turns, step by step, on the same spots with the same batch, so that whatever else the machine does falls on
each. Four are compared:

- geneglass: the recipe mclstexp with `fine_tune`, reading, changing and standardising patches included;
- published: rebuilt from the description: float32, patches changed one by one, two position tables of 65,536 rows
  each trained by a dense Adam, 116 million parameters with 785 genes;
- bare: forward and backward of the network alone on one ready batch, in the number type that geneglass uses;
- bare float32: the same as the published form computes it.

The published batch of 128 needs more than 20 GB of memory: give it with `--batches 128` where there is so much.
"""

import argparse
import copy
import dataclasses
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from bench_training import prepared, read
from geneglass.data.patches import SlidePatches
from geneglass.data.section import require_slide
from geneglass.model.contrastive import ContrastiveRecipe
from geneglass.model.encoder import Encoder
from geneglass.model.make import make_encoder, make_recipe
from geneglass.model.precision import bfloat16_helps, fast_numbers
from geneglass.model.recipe import TrainData
from geneglass.model.training import Trial
from geneglass.workflow.device import pick_device
from geneglass.workflow.prepare import Prepared
from machine import device_name

ENCODER = "timm:densenet121@random?native=1&final_act=0"


def with_patches(item: Prepared, encoder: Encoder) -> TrainData:
    """Return a section's spots with patches for this encoder to be read, and no features: nothing here needs them."""
    slide, mpp = require_slide(item.section)
    source = SlidePatches(slide, item.section.centres_yx[item.kept], encoder.patches, mpp)
    features = np.zeros((len(item.data.features), encoder.dim), np.float32)
    return dataclasses.replace(item.data, features=features, patches=source)


def published(panel: Sequence[str], data: Sequence[TrainData], encoder: Encoder, batch: int) -> tuple[Any, Trial]:
    """Return the published form and its training: float32, in the usual order of memory, with a plain Adam."""
    changes = {"batch": batch, "table_rows": "all"}
    recipe: Any = make_recipe("mclstexp:faithful", changes, panel, encoder, device=str(device_of(encoder)))
    recipe.run_network = _plain
    trial = recipe.trial(recipe.pool(data), 0)
    trial.modules["network"].to(memory_format=torch.contiguous_format)
    settings = recipe.config
    parameters = list(trial.modules.parameters())
    trial.optimiser = torch.optim.Adam(parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    return recipe, trial


def device_of(encoder: Encoder) -> torch.device:
    """Return where an encoder's network lies."""
    network: Any = encoder.network()
    return next(network.parameters()).device


def _plain(network: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = network(pixels.contiguous())
    return found


def losses(trial: Trial, recipe: ContrastiveRecipe) -> Iterator[float]:
    """Yield losses without end."""
    while True:
        yield from trial.epoch(recipe)


def bare(encoder: Encoder, batch: int, *, fast: bool) -> Iterator[float]:
    """Pass a ready batch through a copy of the network, there and back, without end."""
    size, device = encoder.patches[0].size_px, device_of(encoder)
    order = torch.channels_last if fast else torch.contiguous_format
    network: Any = copy.deepcopy(encoder.network())
    network = network.train().requires_grad_(True).to(memory_format=order)
    pixels = torch.randn(batch, 3, size, size, device=device).contiguous(memory_format=order)
    while True:
        with fast_numbers(device) if fast else nullcontext():
            features = network(pixels)
        loss = features.float().square().mean()
        loss.backward()
        network.zero_grad(set_to_none=True)
        yield loss.item()


def race(runners: dict[str, Iterator[float]], batch: int, n_steps: int) -> dict[str, dict[str, float]]:
    """Let all take steps in turn, and return the patches per second of each: wall clock, and processor time."""
    spent = {name: [0.0, 0.0] for name in runners}
    for name in runners:
        next(runners[name])
    for _ in range(n_steps):
        for name, runner in runners.items():
            wall, work = time.perf_counter(), time.process_time()
            next(runner)
            spent[name][0] += time.perf_counter() - wall
            spent[name][1] += time.process_time() - work
    done = batch * n_steps
    return {name: {"patches_per_s": done / w, "patches_per_processor_s": done / c} for name, (w, c) in spent.items()}


def compare(
    panel: Sequence[str], data: Sequence[TrainData], encoder: Encoder, batch: int, n_steps: int
) -> dict[str, Any]:
    """Return the figures of one batch size."""
    changes = {"fine_tune": True, "batch": batch, "learning_rate": 1e-4}
    ours: Any = make_recipe("mclstexp", changes, panel, encoder, device=str(device_of(encoder)))
    theirs, trial = published(panel, data, encoder, batch)
    runners = {
        "geneglass": losses(ours.trial(ours.pool(data), 0), ours),
        "published": losses(trial, theirs),
        "bare": bare(encoder, batch, fast=True),
        "bare float32": bare(encoder, batch, fast=False),
    }
    found: dict[str, Any] = race(runners, batch, n_steps)
    found["parameters of the published form"] = sum(p.numel() for p in trial.modules.parameters())
    for kind in ("patches_per_s", "patches_per_processor_s"):
        rate = {name: found[name][kind] for name in runners}
        found[f"times faster than published, {kind}"] = rate["geneglass"] / rate["published"]
        found[f"share of the bare network, {kind}"] = rate["geneglass"] / rate["bare"]
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohort", type=Path, help="else her2st C2 to C5, else the sample")
    parser.add_argument("--batches", type=int, nargs="+", default=[32])
    parser.add_argument("--steps", type=int, help="3 on a CPU, 20 on a GPU")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    name, sources = read(arguments)
    panel, items = prepared(sources, "texture")
    device = pick_device(arguments.device)
    n_steps = arguments.steps or (3 if device == "cpu" else 20)
    encoder = make_encoder(ENCODER, device=device)
    data = [with_patches(item, encoder) for item in items]
    facts = {
        "device": device_name(torch.device(device)),
        "data": name,
        "spots": sum(len(d.features) for d in data),
        "genes": len(panel),
        "bfloat16": bfloat16_helps(torch.device(device)),
    }
    result = facts | {f"batch {batch}": compare(panel, data, encoder, batch, n_steps) for batch in arguments.batches}
    print(json.dumps(result, indent=None if arguments.json else 2))


if __name__ == "__main__":
    main()
