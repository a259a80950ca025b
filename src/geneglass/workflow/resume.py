"""Fits that an interrupted run had finished, taken over by the next one."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from geneglass import __version__
from geneglass.data.atomic import atomic_path
from geneglass.data.cache import cache_folder
from geneglass.model.recipe import Recipe, TrainData
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.events import Event, Job
from geneglass.workflow.fit import fit


@contextmanager
def run_folder(config: TrainConfig) -> Iterator[Path]:
    """Give a run the folder of its finished fits; it is removed when the run is done, kept when it is stopped."""
    settled = repr(replace(config, resume=False))
    key = hashlib.sha256(settled.encode()).hexdigest()[:24]
    earlier = sorted(cache_folder("fits").glob(f"{key}-*"), key=lambda path: path.stat().st_mtime)
    # A folder of its own, since the same run may be going on beside this one.
    folder = earlier[-1] if config.resume and earlier else cache_folder("fits") / f"{key}-{secrets.token_hex(4)}"
    folder.mkdir(exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def resumable_fit(recipe: Recipe, data: Sequence[TrainData], *, stage: str, folder: Path) -> Job[None]:
    """Fit a recipe and keep the result in the run's folder, or take what is already there.

    What is taken over is equal to what would be computed again: its key is everything the fit depends on.
    """
    path = folder / f"{_key(recipe, data)}.safetensors"
    if _take(recipe, path):
        yield Event(stage, 1, 1, message=f"{stage}: taken over from the interrupted run.")
        return
    yield from fit(recipe, data, stage=stage)
    state = {name: tensor.contiguous() for name, tensor in recipe.state().items()}
    with atomic_path(path) as temporary:
        save_file(state, temporary, metadata={"texts": json.dumps(recipe.texts())})


def _take(recipe: Recipe, path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            texts = json.loads((file.metadata() or {}).get("texts", "{}"))
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, json.JSONDecodeError):
        return False
    recipe.load(state, texts)
    return True


def _key(recipe: Recipe, data: Sequence[TrainData]) -> str:
    digest = hashlib.sha256()
    facts = (__version__, type(recipe).__name__, repr(recipe.config), recipe.encoder.identity, recipe.seed)
    digest.update(json.dumps([*map(str, facts), *recipe.genes]).encode())
    for section in data:
        digest.update(f"{section.section}\0{section.patient}".encode())
        for array in (section.features, section.expression, section.counts, section.centres_um_yx):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:40]
