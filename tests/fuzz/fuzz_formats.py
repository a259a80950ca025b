"""Open damaged copies of a sample of each format; each must open or be refused in one clear sentence.

Every copy is opened in a process of its own: a crash, more than 10 s, more than 1 GB beyond what was there before
opening, an error that is no sentence, all count as failures. Exit 1 where there is one.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from damage import damaged_copy
from opening import LOOKS
from samples import SAMPLES, Sample

from geneglass.errors import InputError

MAX_SECONDS = 10.0
MAX_BYTES = 2**30
_ADDRESS_SPACE = 6 * 2**30
_LONGEST_SENTENCE = 700
_FORK = multiprocessing.get_context("fork")


@dataclass
class Tally:
    """What became of the copies of one sample."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    most_bytes: int = 0
    sentences: Counter[str] = field(default_factory=Counter)


@dataclass
class Running:
    """One copy being opened."""

    process: Any
    folder: Path
    what: str
    seed: int
    since: float


def main() -> int:
    """Run every sample (or the named ones) and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="samples to run; all without")
    parser.add_argument("--copies", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--first-seed", type=int, default=0)
    options = parser.parse_args()
    _preload()
    failed = 0
    with tempfile.TemporaryDirectory() as root:
        os.environ["GENEGLASS_CACHE"] = str(Path(root) / "cache")
        for name in options.names or list(SAMPLES):
            folder = Path(root) / "whole" / name.replace("/", " ")
            folder.mkdir(parents=True)
            sample = SAMPLES[name]
            path = sample.make(folder)
            if path is None:
                print(f"{name}: not run: real data is not beside the checkout")
                continue
            if not _opens_whole(sample, path, Path(root) / "whole"):
                print(f"{name}: FAILURE the undamaged sample does not open")
                failed += 1
                continue
            tally = _run(sample, path, Path(root) / "copies", options)
            _tell(name, tally)
            failed += len(tally.failures)
    print(f"{failed} failures")
    return 1 if failed else 0


def _opens_whole(sample: Sample, path: Path, folder: Path) -> bool:
    """Open the undamaged sample, in a child: the parent must start no threads, for no fork has them."""
    process = _FORK.Process(target=_open, args=(sample.kind, path, folder))
    process.start()
    process.join()
    outcome = folder / "outcome"
    sentence = json.loads(outcome.read_text())["sentence"] if outcome.exists() else (folder / "said").read_text()
    outcome.unlink(missing_ok=True)
    if sentence:
        print(sentence)
    return not sentence


def _preload() -> None:
    """Import once what every child needs: a fork then starts in milliseconds."""
    import anndata
    import h5py
    import imagecodecs
    import pyarrow.parquet
    import scanpy
    import shapely
    import tifffile
    import zarr

    from geneglass.data.slide_formats import SLIDE_FORMATS
    from geneglass.data.spot_formats import SPOT_FORMATS

    os.environ["OMP_NUM_THREADS"] = "1"
    loaded = (anndata, h5py, imagecodecs, pyarrow.parquet, scanpy, shapely, tifffile, zarr)
    print(f"{len(loaded)} libraries, {len(SLIDE_FORMATS)} slide and {len(SPOT_FORMATS)} spot formats loaded")


def _run(sample: Sample, path: Path, root: Path, options: argparse.Namespace) -> Tally:
    tally = Tally()
    waiting = list(range(options.first_seed, options.first_seed + options.copies))[::-1]
    running: list[Running] = []
    while waiting or running:
        while waiting and len(running) < options.jobs:
            running.append(_start(sample, path, root, waiting.pop()))
        time.sleep(0.002)
        for item in list(running):
            late = time.monotonic() - item.since > MAX_SECONDS
            if late:
                item.process.kill()
                item.process.join()
            if not item.process.is_alive():
                item.process.join()
                running.remove(item)
                _judge(item, tally, late=late)
                shutil.rmtree(item.folder)
    return tally


def _start(sample: Sample, path: Path, root: Path, seed: int) -> Running:
    folder = root / f"{seed}"
    (folder / "copy").mkdir(parents=True)
    copy, what = damaged_copy(path, folder / "copy", seed)
    process = _FORK.Process(target=_open, args=(sample.kind, copy, folder))
    process.start()
    return Running(process, folder, what, seed, time.monotonic())


def _open(kind: str, copy: Path, folder: Path) -> None:
    """Open one copy, in a child: what it says goes to a file, a traceback to another."""
    with (folder / "said").open("wb") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    os.environ["GENEGLASS_CACHE"] = str(folder / "cache")
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    before, began = _peak_bytes(), time.monotonic()
    try:
        LOOKS[kind](copy)
        sentence = ""
    except InputError as error:
        sentence = str(error)
    outcome = {"sentence": sentence, "seconds": time.monotonic() - began, "bytes": _peak_bytes() - before}
    (folder / "outcome").write_text(json.dumps(outcome))


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _judge(item: Running, tally: Tally, *, late: bool) -> None:
    outcome = item.folder / "outcome"
    if late:
        _fail(tally, item, "hang", f"more than {MAX_SECONDS:g} s")
        return
    if not outcome.exists():
        said = (item.folder / "said").read_text(errors="replace").strip().splitlines()
        code = item.process.exitcode
        kind = "crash" if code is not None and code < 0 else "traceback"
        _fail(tally, item, kind, f"exit {code}: {' | '.join(said[-3:])[:400]}")
        return
    result = json.loads(outcome.read_text())
    tally.slowest_s = max(tally.slowest_s, result["seconds"])
    tally.most_bytes = max(tally.most_bytes, result["bytes"])
    sentence = result["sentence"]
    fault = _fault_of(sentence) if sentence else ""
    if result["bytes"] > MAX_BYTES:
        _fail(tally, item, "memory", f"{result['bytes'] / 1e9:.2f} GB")
    elif fault:
        _fail(tally, item, "unclear", f"{fault}: {sentence[:400]!r}")
    else:
        tally.outcomes["refused" if sentence else "opened"] += 1
        tally.sentences[sentence.replace(str(item.folder), "")[:160]] += 1


def _fault_of(sentence: str) -> str:
    if "\n" in sentence:
        return "several lines"
    if not sentence.rstrip().endswith("."):
        return "no full stop"
    return "too long" if len(sentence) > _LONGEST_SENTENCE else ""


def _fail(tally: Tally, item: Running, kind: str, detail: str) -> None:
    tally.outcomes[kind] += 1
    tally.failures.append(f"seed {item.seed}, {item.what}: {kind}: {detail}")


def _tell(name: str, tally: Tally) -> None:
    counts = ", ".join(f"{n} {what}" for what, n in sorted(tally.outcomes.items()))
    print(f"{name}: {counts}; slowest {tally.slowest_s:.2f} s, most memory {tally.most_bytes / 1e6:.0f} MB")
    for sentence, n in tally.sentences.most_common(3):
        print(f"    {n:4d} x {sentence or '(opened)'}")
    for failure in tally.failures[:8]:
        print(f"    FAILURE {failure}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
