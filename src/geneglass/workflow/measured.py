"""One section as the evaluator sees it: truth, depth and position, no image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.cohort import SectionSource
from geneglass.data.genes import kept_spots, panel_counts, spot_totals
from geneglass.data.spots import Spots
from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.nulls import POSITION_K, depth_only, gene_mean, position_only, random_references
from geneglass.workflow.groups import spot_labels
from geneglass.workflow.prepare import array_positions
from geneglass.workflow.protocol import Protocol

GENE_MEAN, DEPTH, RANDOM, SHUFFLED = "gene mean", "depth only", "random references", "shuffled query"
POSITION = tuple(f"position only, K = {k}" for k in POSITION_K)
NULLS = (DEPTH, *POSITION, GENE_MEAN, RANDOM)
"""Predictors that see no image, in the order of every table; shuffled queries go with a recipe."""
BASELINE, CONTROL = "ridge", "ridge + position"
"""A control: the mean of the baseline's prediction and what position alone says (K = 40), which no recipe may read."""


@dataclass(frozen=True)
class Measured:
    """Kept spots of one section over one panel.

    Attributes
    ----------
    counts
        (n, genes) raw counts; a column of NaN where the file does not have the gene.
    truth
        (n, genes) the same in the protocol's unit.
    totals
        (n,) counts over all genes of the file.
    array_yx
        (n, 2) array row and column, or None where the file has none.
    centres_yx
        (n, 2) centres in pixels of one picture of the section.
    n_spots
        Spots of the file, set aside or not.
    labels
        (n,) the region that a pathologist named for each spot, "" where none; None where the section has no regions.
    centres_um_yx
        (n, 2) centres in micrometres, or None where no pixel size is known.
    """

    name: str
    patient: str | None
    genes: tuple[str, ...]
    counts: FloatArray
    truth: FloatArray
    totals: FloatArray
    array_yx: FloatArray | None
    centres_yx: FloatArray
    n_spots: int
    labels: NDArray[Any] | None = None
    centres_um_yx: FloatArray | None = None

    @property
    def n_set_aside(self) -> int:
        """Return how many spots had too few counts."""
        return self.n_spots - len(self.totals)


def measure(
    source: SectionSource,
    spots: Spots,
    genes: Sequence[str],
    protocol: Protocol,
    *,
    min_counts: int,
    centres_um_yx: FloatArray | None = None,
) -> Measured:
    """Return what was measured of these genes at the spots that have enough counts.

    Parameters
    ----------
    centres_um_yx
        (n, 2) micrometres of those spots; where not given, what the cohort or the spot file says of its pixels.
    """
    totals = spot_totals(spots)
    kept = kept_spots(totals, min_counts)
    counts = np.full((int(kept.sum()), len(genes)), np.nan, np.float32)
    columns = np.flatnonzero(spots.table.var_names.get_indexer(list(genes)) >= 0).tolist()
    counts[:, columns] = panel_counts(spots, [genes[i] for i in columns])[kept]
    centres_yx = np.asarray(np.asarray(spots.table.obsm["spatial"])[kept][:, 1::-1], np.float32)
    mpp = _mpp(source, spots)
    if centres_um_yx is None and mpp is not None:
        centres_um_yx = centres_yx * np.float32(mpp)
    return Measured(
        name=source.name,
        patient=source.patient,
        genes=tuple(genes),
        counts=counts,
        truth=protocol.truth(counts, totals[kept]),
        totals=totals[kept],
        array_yx=array_positions(spots, kept),
        centres_yx=centres_yx,
        n_spots=len(totals),
        labels=spot_labels(spots.table.obs[kept]),
        centres_um_yx=centres_um_yx,
    )


def image_free(test: Measured, references: Sequence[Measured], *, seed: int) -> dict[str, FloatArray]:
    """Return by name what can be said of a section without its image, (spots, genes) each in the truth's unit.

    Position only takes training sections of the same patient where there are any (a split that leaks),
    else those of all other patients. Training sections without spots have no part in anything.

    Raises
    ------
    InputError
        When no training section has a spot.
    """
    references = [r for r in references if len(r.totals)]
    if not references:
        raise InputError(f"Not one spot of a training section is left to compare {test.name} with; lower min_counts.")
    n = len(test.totals)
    values = [r.truth for r in references]
    sisters = [i for i, r in enumerate(references) if r.patient is not None and r.patient == test.patient]
    near = sisters or list(range(len(references)))
    query_yx, where_yx = _positions(test, [references[i] for i in near])
    predictions = {DEPTH: depth_only(test.totals, len(test.genes))}
    for name, k in zip(POSITION, POSITION_K, strict=True):
        predictions[name] = position_only(query_yx, where_yx, [values[i] for i in near], k=k)
    predictions[GENE_MEAN] = gene_mean(values, n)
    predictions[RANDOM] = random_references(values, n, seed=seed)
    return predictions


def _mpp(source: SectionSource, spots: Spots) -> float | None:
    """Return micrometres per pixel of the picture that the spot file's positions belong to, where known."""
    return spots.mpp if source.mpp is None else source.mpp * source.scale


def _positions(test: Measured, references: Sequence[Measured]) -> tuple[FloatArray, list[FloatArray]]:
    """Return where the spots lie in one unit: array rows and columns, else micrometres, else pixels."""
    every = (test, *references)
    for places in ([m.array_yx for m in every], [m.centres_um_yx for m in every]):
        known = [yx for yx in places if yx is not None]
        if len(known) == len(every):
            return known[0], known[1:]
    return test.centres_yx, [r.centres_yx for r in references]
