"""Fits that an interrupted run had finished or begun, taken over by the next one."""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from geneglass import __version__
from geneglass.data.atomic import atomic_path
from geneglass.model.recipe import Recipe, TrainData
from geneglass.workflow.events import Event, Job
from geneglass.workflow.fit import fit

SHARE_OF_TIME = 0.05
"""Of a training that writing snapshots may take: where a snapshot is large or the disk slow, they come less often."""
_BATCH = "settings.batch"

Held = tuple[dict[str, torch.Tensor], dict[str, Any]]


class FileSnapshots:
    """Snapshots of one fit in one file.

    Parameters
    ----------
    path
        The file.
    every_s
        Seconds between two snapshots at least; what comes earlier is not kept.
    """

    def __init__(self, path: Path, every_s: float) -> None:
        self.path = path
        self.every_s = every_s
        self._due = time.monotonic() + every_s

    def load(self) -> Held | None:
        """Return the last snapshot, or None where there is none that can be read."""
        return _read(self.path)

    def save(self, tensors: Mapping[str, torch.Tensor], texts: Mapping[str, Any]) -> None:
        """Keep a snapshot in place of the last one, unless that was a moment ago."""
        start = time.monotonic()
        if start < self._due:
            return
        _write(self.path, tensors, texts)
        end = time.monotonic()
        self._due = end + max(self.every_s, (end - start) / SHARE_OF_TIME if self.every_s else 0.0)


@dataclass(frozen=True)
class RunFolder:
    """Where a run keeps its finished fits, and snapshots of the one under way `snapshot_s` seconds apart at least."""

    path: Path
    snapshot_s: float


def resumable_fit(recipe: Recipe, data: Sequence[TrainData], *, stage: str, folder: RunFolder) -> Job[None]:
    """Fit a recipe and keep the result in the run's folder, or take what is already there.

    What is taken over is equal to what would be computed again: its key is everything the fit depends on. A fit
    that was killed half-way goes on from its last snapshot.

    Parameters
    ----------
    recipe
        What is trained.
    data
        The training sections.
    stage
        What the events call it.
    folder
        The run's folder.
    """
    path = folder.path / f"{_key(recipe, data)}.safetensors"
    finished = _read(path)
    if finished is not None:
        tensors, texts = finished
        batch = texts.pop(_BATCH, None)
        if batch is not None:
            recipe.config = replace(recipe.config, batch=batch)
        recipe.load(tensors, texts)
        yield Event(stage, 1, 1, message=f"{stage}: taken over from the interrupted run.")
        return
    snapshots = FileSnapshots(path.with_suffix(".snapshot"), folder.snapshot_s)
    yield from fit(recipe, data, stage=stage, snapshots=snapshots)
    # The batch may have been halved, where memory did not suffice.
    batch = getattr(recipe.config, "batch", None)
    _write(path, recipe.state(), recipe.texts() | ({} if batch is None else {_BATCH: batch}))
    snapshots.path.unlink(missing_ok=True)


def _write(path: Path, tensors: Mapping[str, torch.Tensor], texts: Mapping[str, Any]) -> None:
    held = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(held, temporary, metadata={"texts": json.dumps(texts)})


def _read(path: Path) -> Held | None:
    """Return what `_write` has written, or None where there is nothing whole."""
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            texts = json.loads((file.metadata() or {}).get("texts", "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, texts  # noqa: SIM118
    except (SafetensorError, OSError, json.JSONDecodeError):
        return None


def _key(recipe: Recipe, data: Sequence[TrainData]) -> str:
    digest = hashlib.sha256()
    facts = (__version__, type(recipe).__name__, repr(recipe.config), recipe.encoder.identity, recipe.seed)
    digest.update(json.dumps([*map(str, facts), *recipe.genes]).encode())
    for section in data:
        digest.update(f"{section.section}\0{section.patient}".encode())
        given = (section.features, section.slide_features, section.centres_um_yx, section.array_yx)
        for array in (*given, section.expression, section.counts):
            digest.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:40]
