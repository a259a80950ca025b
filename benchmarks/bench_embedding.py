"""How fast patches of a slide become features, beside the bare network on ready tensors.

    python benchmarks/bench_embedding.py [--device auto] [--networks resnet50 h-optimus-0] [--places N] [--rounds 3]
                                         [--compile on|off|both] [--small]

A JPEG-tiled pyramid is painted and embedded as a prediction does it (`workflow.embed`: reading ahead, resampling,
encoder, features written to an empty cache), with networks of random weights, bfloat16 where that is native and
channels_last. In turn with it the network alone is given one ready batch of the same length again and again, inside
one block of bfloat16, and the patches alone are read. Rates are the medians of the rounds; compiling and the first
batches are not timed, and the seconds of compiling are printed. On a GPU each network runs as it is and compiled.

DenseNet-121 being trained is measured by `bench_fine_tuning.py`, which takes the same `--device`.
"""

import argparse
import json
import math
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from geneglass.data.cache import CACHE_VARIABLE
from geneglass.data.cohort import SectionSource
from geneglass.data.patches import iter_patches
from geneglass.data.section import open_section, require_slide
from geneglass.data.types import FloatArray
from geneglass.model.make import make_encoder
from geneglass.model.network_encoder import BATCH, NetworkEncoder
from geneglass.model.precision import fast_numbers
from geneglass.workflow.device import pick_device
from geneglass.workflow.embed import embed
from geneglass.workflow.events import finish
from large_slide import MPP, paint
from machine import device_name, wait

NETWORKS = {"resnet50": "timm:resnet50@random", "h-optimus-0": "h-optimus-0@random"}
"""The two sizes, by what they are called here; any other encoder name is taken as it is."""
FOR_A_GPU = ("h-optimus-0",)
"""1,100 million parameters: seconds per patch on a CPU."""

PITCH_PX = 200
"""Between places: 100 um, as those of Visium."""
AIM = 0.85


def grid(n: int, start_px: float = 0.0) -> FloatArray:
    """Return (n, 2) centres a pitch apart, a little wider than high; another start gives other places."""
    columns = math.ceil((1.2 * n) ** 0.5)
    numbers = np.arange(n)
    yx = np.stack([numbers // columns, numbers % columns], axis=-1)
    return ((yx + 1) * PITCH_PX + start_px).astype(np.float32)


def per_second(work: Callable[[], int], device: torch.device) -> float:
    """Return the patches per second of some work that returns how many it did."""
    wait(device)
    start = time.perf_counter()
    done = work()
    wait(device)
    return done / (time.perf_counter() - start)


def embedded(slide: Path, encoder: NetworkEncoder, centres: FloatArray) -> int:
    """Embed places of a slide that was not open before, from file to features."""
    section = open_section(SectionSource("painted", slide=slide, mpp=MPP))
    try:
        return len(finish(embed(section, encoder, centres)))
    finally:
        section.close()


def read(slide: Path, encoder: NetworkEncoder, centres: FloatArray) -> int:
    """Only read the patches of places."""
    section = open_section(SectionSource("painted", slide=slide, mpp=MPP))
    try:
        opened, mpp = require_slide(section)
        return sum(len(rows) for rows, _ in iter_patches(opened, centres, encoder.patches, mpp=mpp, batch=BATCH))
    finally:
        section.close()


def bare(encoder: NetworkEncoder, n: int) -> int:
    """Run the network, as the encoder runs it now, on one ready batch until so many patches have passed."""
    size = encoder.patches[0].size_px
    steps = max(1, n // BATCH)
    with torch.inference_mode(), fast_numbers(encoder.device):
        # Made in here, as the encoder makes its own: for another kind of tensor it would be compiled again.
        pixels = torch.randn(BATCH, 3, size, size, device=encoder.device).contiguous(memory_format=torch.channels_last)
        for _ in range(steps):
            encoder.runner(pixels)
    return steps * BATCH


def measured(slide: Path, encoder: NetworkEncoder, options: argparse.Namespace, *, compiled: bool) -> dict[str, Any]:
    """Return the figures of one network, as it is or compiled."""
    encoder.runner.after = 0 if compiled else None
    start = time.perf_counter()
    bare(encoder, BATCH)
    wait(encoder.device)
    first_s = time.perf_counter() - start
    embedded(slide, encoder, grid(2 * BATCH, 40.5 + compiled))
    if compiled and not encoder.runner.compiled:
        return {"not measured": "the network could not be compiled here, and runs as it is"}
    rates: dict[str, list[float]] = {"bare": [], "embedding": [], "reading alone": []}
    for number in range(options.rounds):
        centres = grid(options.places, number + 0.5 * compiled)
        rates["bare"].append(per_second(partial(bare, encoder, options.places), encoder.device))
        rates["embedding"].append(per_second(partial(embedded, slide, encoder, centres), encoder.device))
        rates["reading alone"].append(per_second(partial(read, slide, encoder, centres), encoder.device))
    middle = {name: median(values) for name, values in rates.items()}
    share = middle["embedding"] / middle["bare"]
    return {
        "patches_per_s": {name: round(rate, 1) for name, rate in middle.items()},
        "share of the bare network": round(share, 3),
        "share that reading allows": round(min(1.0, middle["reading alone"] / middle["bare"]), 3),
        f"at least {AIM}": share >= AIM,
        "seconds of the first batch": round(first_s, 1),
    }


def compare(slide: Path, name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of one network."""
    found = make_encoder(NETWORKS.get(name, name), device=options.device)
    if not isinstance(found, NetworkEncoder):
        raise SystemExit(f"{name} is no network: give one of timm, or of the pathology encoders.")
    parameters = sum(value.numel() for value in found.network().parameters())
    facts: dict[str, Any] = {"parameters_m": round(parameters / 1e6, 1), "bfloat16": found.bfloat16}
    for compiled in {"on": (True,), "off": (False,), "both": (False, True)}[options.compile]:
        facts["compiled" if compiled else "as it is"] = measured(slide, found, options, compiled=compiled)
    return facts


def parsed() -> argparse.Namespace:
    """Return the options, with what follows from the device filled in."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--networks", nargs="+", help=f"of {', '.join(NETWORKS)}, or names of encoders")
    parser.add_argument("--places", type=int, help="patches per round; 8192 on a GPU, 256 on a CPU")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compile", choices=("on", "off", "both"), help="both on a GPU, off on a CPU")
    parser.add_argument("--small", action="store_true", help="two batches and one round: shows that it runs, no more")
    options = parser.parse_args()
    options.device = pick_device(options.device)
    on_gpu = options.device != "cpu"
    options.places = options.places or (8192 if on_gpu else 256)
    if options.small:
        options.places, options.rounds = 2 * BATCH, 1
    options.compile = options.compile or ("both" if on_gpu else "off")
    options.skipped = [] if on_gpu or options.networks else list(FOR_A_GPU)
    options.networks = options.networks or [name for name in NETWORKS if name not in options.skipped]
    return options


def main() -> None:
    """Run and print."""
    options = parsed()
    result: dict[str, Any] = {"device": device_name(torch.device(options.device)), "places": options.places}
    result |= {name: f"not run on a CPU unless --networks {name} is given" for name in options.skipped}
    with tempfile.TemporaryDirectory() as text:
        os.environ[CACHE_VARIABLE] = str(Path(text, "cache"))
        slide = Path(text, "painted.ome.tif")
        height, width = (int(side) + 2 * PITCH_PX for side in grid(max(options.places, 2 * BATCH)).max(axis=0))
        paint(slide, height, width)
        for name in options.networks:
            result[name] = compare(slide, name, options)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
