"""The whole tissue on a grid, block by block: what is in view comes first, and what was predicted stays after a stop.

An encoder may set a place against the rest of its slide and the tissue around it. Until all is read, places spread
over the whole tissue stand for the slide, so that a part is predicted as it will be in the end, but for places
whose surroundings are still missing.
"""

import time
from dataclasses import dataclass, field, replace

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from geneglass.data.section import require_slide
from geneglass.data.types import FloatArray
from geneglass.model.recipe import Answer
from geneglass.workflow.answering import answer_in_batches
from geneglass.workflow.blocks import View, blocks_of, nearest_first, spread
from geneglass.workflow.embed import kept_features, read_features
from geneglass.workflow.events import Event, Job
from geneglass.workflow.prediction_task import Task

SLIDE_PLACES = 256
"""Places that stand for the whole slide until all of it is read."""

SHARE_OF_TIME = 0.15
"""Of a prediction that showing its parts may take: where that is slow, they come less often."""


@dataclass(frozen=True, kw_only=True)
class Part(Event):
    """Places that were just predicted.

    Attributes
    ----------
    table
        All places of the grid, the same object in each part. Its `X` is filled by the job as it goes on, NaN where
        nothing is predicted yet; its `obs` belongs to whoever receives it.
    rows
        The new places, (k,).
    confidence, abstained
        Of these places, (k,).
    """

    table: AnnData
    rows: NDArray[np.int64]
    confidence: FloatArray
    abstained: NDArray[np.bool_]

    def take(self) -> None:
        """Write confidence and share of the tissue into the table."""
        for name, values in (("confidence", self.confidence), ("abstained", self.abstained)):
            column = self.table.obs[name].to_numpy(copy=True)
            column[self.rows] = values
            self.table.obs[name] = column
        self.table.uns["geneglass"]["covered"] = self.done / self.total


@dataclass
class Pace:
    """Says when the next part is due, so that showing takes no more than a share of the time."""

    share: float = SHARE_OF_TIME
    _cost_s: float = 0.0
    _shown: float = field(default_factory=time.monotonic)

    def due(self) -> bool:
        """Return whether enough time has passed since the last part."""
        return (time.monotonic() - self._shown) * self.share >= self._cost_s

    def took(self, seconds: float) -> None:
        """Take note of what a part has cost, and begin to wait for the next."""
        self._cost_s, self._shown = seconds, time.monotonic()


class Growth:
    """A prediction on a grid while it grows.

    Parameters
    ----------
    task
        What is predicted.
    stride_um
        Step of the grid.
    view
        What comes first; None takes the grid row of blocks by row.
    """

    def __init__(self, task: Task, stride_um: float, view: View | None = None) -> None:
        self._task = task
        _, mpp = require_slide(task.section)
        self._centres_yx = task.places.centres_yx
        self._um_yx = self._centres_yx * np.float32(mpp)
        self._blocks = nearest_first(blocks_of(self._um_yx, stride_um), self._um_yx, view)
        n = len(self._centres_yx)
        self._raw = np.empty((n, task.recipe.encoder.raw_dim), np.float32)
        self._read = np.zeros(n, bool)
        self._slide = np.empty((0, self._raw.shape[1]), np.float32)
        self._table: AnnData | None = None
        self._predicted: list[Part] = []

    def run(self) -> Job[FloatArray]:
        """Read the tissue and predict it in parts, told as `Part`; return the features of all places."""
        task, encoder = self._task, self._task.recipe.encoder
        n = len(self._centres_yx)
        self._slide = yield from read_features(task.section, encoder, self._centres_yx[spread(n, SLIDE_PLACES)])
        waiting, missing = self._kept()
        if waiting and missing:
            yield from self._shown(waiting)
            waiting = []
        pace = Pace()
        for rows in missing:
            done = int(self._read.sum())
            self._raw[rows] = yield from read_features(
                task.section, encoder, self._centres_yx[rows], done=done, total=n
            )
            self._read[rows] = True
            waiting.append(rows)
            if pace.due():
                started = time.monotonic()
                yield from self._shown(waiting)
                pace.took(time.monotonic() - started)
                waiting = []
        return encoder.finish(self._raw, self._um_yx)

    def partial(self) -> AnnData | None:
        """Return what was predicted so far as a table of these places alone; None where nothing was."""
        if self._table is None or not self._predicted:
            return None
        rows = np.concatenate([part.rows for part in self._predicted])
        order = np.argsort(rows)
        # A copy: whoever receives the parts may be reading the table.
        table = self._table[rows[order]].copy()
        for name in ("confidence", "abstained"):
            table.obs[name] = np.concatenate([getattr(part, name) for part in self._predicted])[order]
        table.uns["geneglass"]["covered"] = len(rows) / self._table.n_obs
        return table

    def _kept(self) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
        """Take what an earlier run has read; return these blocks, and those that are still to be read."""
        there, missing = [], []
        for rows in self._blocks:
            features = kept_features(self._task.section, self._task.recipe.encoder, self._centres_yx[rows])
            if features is None:
                missing.append(rows)
                continue
            self._raw[rows], self._read[rows] = features, True
            there.append(rows)
        return there, missing

    def _shown(self, blocks: list[NDArray[np.int64]]) -> Job[None]:
        """Predict blocks that were read, and tell them."""
        task, rows, n = self._task, np.sort(np.concatenate(blocks)), len(self._centres_yx)
        read = np.flatnonzero(self._read)
        features = task.recipe.encoder.finish(self._raw[read], self._um_yx[read], self._slide)
        query = task.query(features[np.searchsorted(read, rows)], rows)
        stage = f"Reading the tissue of {task.section.name}"
        job = answer_in_batches(task.recipe, query, task.config.batch)
        # Within one stage, so that the time that is left is told of the whole.
        answer = yield from _as_stage(job, stage, len(read), n)
        if self._table is None:
            self._table = _empty(task, answer)
        columns = [task.info.genes.index(gene) for gene in task.genes.panel]
        self._table.X[rows, : len(columns)] = answer.values[:, columns]
        confidence = np.full(len(rows), np.nan, np.float32) if answer.confidence is None else answer.confidence
        part = Part(
            stage, len(read), n, table=self._table, rows=rows, confidence=confidence, abstained=task.abstained(answer)
        )
        self._predicted.append(part)
        yield part


def _as_stage(job: Job[Answer], stage: str, done: int, total: int) -> Job[Answer]:
    while True:
        try:
            event = next(job)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        yield replace(event, stage=stage, done=done, total=total)


def _empty(task: Task, like: Answer) -> AnnData:
    """Return a table of all places with nothing in it yet."""
    n = len(task.places.names)
    values = np.full((n, len(task.genes.names)), np.nan, np.float32)
    table = task.table(Answer(values, None, calibrated=like.calibrated))
    table.uns["geneglass"]["covered"] = 0.0
    return table
