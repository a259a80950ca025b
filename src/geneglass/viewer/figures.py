"""Figures of the genes of one session, worked out in a thread of their own and kept up to date."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from geneglass.data.annotation import Domain, spots_inside
from geneglass.viewer.colour_scale import UNIT
from geneglass.viewer.gene_columns import HERE, MEAN
from geneglass.viewer.gene_columns import INSIDE as INSIDE_R
from geneglass.viewer.gene_rows import Numbers
from geneglass.viewer.notes import unit_of
from geneglass.viewer.panes import PREDICTED
from geneglass.viewer.selection import Selection
from geneglass.viewer.session import Session
from geneglass.viewer.values import pearson
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.events import Job
from geneglass.workflow.gene_figures import STAGE, GeneFigures, GeneSides, gene_figures, gene_morans
from geneglass.workflow.predicted_figures import PredictedSide, predicted_figures, predicted_morans

ALL, INSIDE, MORAN = "all", "inside", "moran"
"""What is worked out, in this order."""


class Figures:
    """Figures of the listed genes; call `restart` when the genes, the section or the prediction are others.

    Attributes
    ----------
    runner
        Runs one stage at a time, beside the jobs that a person starts.
    whole
        Of the section; None until they are there.
    inside
        Over the spots of the chosen domain; None until they are there, or where none is chosen.
    moran
        (genes,) Moran's I; None until it is there.
    """

    changed = Signal()

    def __init__(self, session: Session, selection: Selection | None) -> None:
        self._session, self._selection = session, selection
        self.runner = JobRunner()
        self.runner.finished.connect(self._next)
        self.runner.failed.connect(self._on_failed)
        self._sides: GeneSides | PredictedSide | None = None
        self._todo: list[str] = []
        self._turn = 0
        self.with_moran = True
        self.whole: GeneFigures | None = None
        self.inside: GeneFigures | None = None
        self.moran: Numbers | None = None

    @property
    def domain(self) -> Domain | None:
        """Return the domain that is chosen."""
        return None if self._selection is None else self._selection.domain

    @property
    def domain_words(self) -> str:
        """Return the domain that is chosen and how many spots it has that are not set aside; empty without both."""
        domain, mask = self.domain, self._mask()
        places = self._session.measured_places
        if domain is None or mask is None or places is None:
            return ""
        kept = int((mask & places.kept).sum())
        aside = int(mask.sum()) - kept
        return f"{domain.name}, n = {kept:,}" + (f", {aside:,} more set aside" if aside else "")

    @property
    def of_predicted(self) -> bool:
        """Return whether the figures are of predicted maps, as nothing was measured."""
        return isinstance(self._sides, PredictedSide)

    @property
    def pending(self) -> bool:
        """Return whether something is still being worked out."""
        return bool(self._todo) or self.runner.running is not None

    def restart(self, names: tuple[str, ...]) -> None:
        """Work out all figures of these genes anew."""
        self.whole = self.inside = self.moran = None
        self._sides = _sides(self._session, names)
        self._begin([ALL, INSIDE, MORAN])

    def restart_inside(self) -> None:
        """Work out r inside the selected domain anew: another one is selected, or it was drawn anew."""
        self.inside = None
        known = {ALL: self.whole, MORAN: self.moran}
        self._begin([stage for stage in (ALL, INSIDE, MORAN) if known.get(stage) is None])
        self.changed.emit()

    def want_moran(self, wanted: bool) -> None:
        """Say whether Moran's I is looked at: the longest work is left where nobody does."""
        self.with_moran = wanted
        if wanted and self.moran is None and MORAN not in self._todo:
            self._todo.append(MORAN)
            self._next()

    def stop(self, *_: object) -> None:
        """Work out nothing more."""
        self._sides, self._todo = None, []
        self._turn += 1
        self.runner.cancel()

    def of_derived(self) -> dict[str, dict[int, float]]:
        """Return by name and column what is known of signatures and untested genes that were worked out."""
        session, places = self._session, self._session.measured_places
        found: dict[str, dict[int, float]] = {}
        mask = self._mask()
        for name in session.derived:
            score, measured, predicted = session.r(name), session.measured(name), session.predicted(name)
            found[name] = {} if score is None else {HERE: score.r}
            if places is None:
                there = predicted is not None and np.isfinite(predicted).any()
                found[name] = {MEAN: float(np.nanmean(predicted, dtype=float))} if there else {}
            elif measured is not None:
                found[name][MEAN] = float(measured[places.kept].mean())
            if score is not None and mask is not None and places is not None:
                within = mask & places.kept & np.isfinite(measured) & np.isfinite(predicted)
                found[name][INSIDE_R] = pearson(measured[within], predicted[within])
        return found

    def _mask(self) -> NDArray[np.bool_] | None:
        """Return (spots,) which lie in the chosen domain; None without spots or domain."""
        domain, places = self.domain, self._session.measured_places
        return None if domain is None or places is None else spots_inside(domain, places.centres_yx)

    def _begin(self, stages: list[str]) -> None:
        self._turn += 1
        self._todo = stages if self._sides is not None else []
        self.runner.cancel()
        self._next()

    def _next(self) -> None:
        while self.runner.running is None and self._todo and self._sides is not None:
            stage = self._todo.pop(0)
            job = self._job(stage, self._sides)
            if job is not None:
                self.runner.run(STAGE, job, partial(self._take, stage, self._turn))

    def _job(self, stage: str, sides: GeneSides | PredictedSide) -> Job[Any] | None:
        if stage == MORAN and not self.with_moran:
            return None
        if isinstance(sides, PredictedSide):
            return {ALL: predicted_figures, MORAN: predicted_morans}[stage](sides) if stage != INSIDE else None
        if stage == MORAN:
            return gene_morans(sides)
        if stage == ALL:
            return gene_figures(sides)
        mask = self._mask()
        return None if mask is None else gene_figures(replace(sides, kept=sides.kept & mask))

    def _take(self, stage: str, turn: int, found: Any) -> None:
        if turn != self._turn:
            return
        if stage == ALL:
            self.whole = found
        elif stage == INSIDE:
            self.inside = found
        else:
            self.moran = found
        self.changed.emit()

    def _on_failed(self, error: Exception) -> None:
        self._session.message.emit(f"The figures of the genes can not be worked out: {error}")


def _sides(session: Session, names: tuple[str, ...]) -> GeneSides | PredictedSide | None:
    """Return what the figures are of, taken once, so that a thread can work on it; None without any map.

    Where nothing was measured they are of the predicted maps.
    """
    section, places, prediction = session.section, session.measured_places, session.prediction
    if section is None or section.spots is None or places is None:
        there = session.predicted_places
        if prediction is None or there is None:
            return None
        columns = prediction.var_names.get_indexer(list(names))
        one_unit = unit_of(session, PREDICTED) == UNIT
        return PredictedSide(names, prediction.X, columns, there.centres_yx, logarithm=one_unit)
    table = section.spots.table
    columns = table.var_names.get_indexer(list(names))
    sides = GeneSides(names, table.X, columns, session.totals(), places.kept, places.centres_yx)
    rows = session.predicted_rows
    if prediction is None or rows is None:
        return sides
    return replace(
        sides,
        predicted=prediction.X,
        predicted_columns=prediction.var_names.get_indexer(list(names)),
        predicted_rows=rows,
    )
