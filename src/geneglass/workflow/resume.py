"""Fits that an interrupted run had finished, taken over by the next one."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from geneglass import __version__
from geneglass.data.atomic import atomic_path
from geneglass.data.cache import cache_folder
from geneglass.model.recipe import Recipe, TrainData
from geneglass.workflow.events import Event, Job
from geneglass.workflow.fit import fit


def resumable_fit(recipe: Recipe, data: Sequence[TrainData], *, stage: str, resume: bool) -> Job[None]:
    """Fit a recipe and keep the result until the run is over; with `resume` take what is already there.

    What is taken over is equal to what would be computed again: its key is everything the fit depends on.
    """
    path = cache_folder("fits") / f"{_key(recipe, data)}.safetensors"
    if resume and _take(recipe, path):
        yield Event(stage, 1, 1, message=f"{stage}: taken over from the interrupted run.")
        return
    yield from fit(recipe, data, stage=stage)
    state = {name: tensor.contiguous() for name, tensor in recipe.state().items()}
    with atomic_path(path) as temporary:
        save_file(state, temporary, metadata={"texts": json.dumps(recipe.texts())})


def forget_fits(recipes_and_data: Sequence[tuple[Recipe, Sequence[TrainData]]]) -> None:
    """Remove the fits of a run that has written its model file."""
    for recipe, data in recipes_and_data:
        (cache_folder("fits") / f"{_key(recipe, data)}.safetensors").unlink(missing_ok=True)


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
