"""How far each gene can be believed: r on tissue left out, what saw no image, the noise ceiling, and the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.types import FloatArray
from geneglass.model.trust import NULL, Trust
from geneglass.workflow.bootstrap import bootstrap_interval, mean_of_defined
from geneglass.workflow.gene_verdict import gene_verdicts, standing_at_zero

_MODEL = ""


@dataclass(frozen=True)
class HeldOut:
    """How one section was predicted by a model that did not see it, (genes,) each.

    Attributes
    ----------
    patient
        Its patient, where known.
    r
        Of the model; NaN for genes that were not scored here.
    nulls
        The same by name of predictors that see no image.
    ceiling
        The noise ceiling, NaN where no signal stands above counting noise.
    """

    patient: str | None
    r: FloatArray
    nulls: Mapping[str, FloatArray]
    ceiling: FloatArray


def trust(held_out: Sequence[HeldOut], *, seed: int = 0) -> Trust:
    """Return what a model file says of each gene, (genes,) each.

    `r`, `r_low`, `r_high` (95 % bootstrap over patients, or sections where they are few; NaN with one section),
    `null.NAME` for each null, `null_r` (the highest of them), `ceiling` and `verdict` (codes, see `gene_verdicts`).
    Means are over sections. A prediction without a defined r stands at 0 where the gene varies; NaN where it never
    does. A section without a ceiling counts as 0 beside others that have one.

    Parameters
    ----------
    held_out
        Each section of the training set, predicted by a model that did not see it.
    seed
        Of the bootstrap.
    """
    patients = [section.patient for section in held_out]
    names = sorted(held_out[0].nulls)
    stacked = {_MODEL: np.stack([section.r for section in held_out])}
    stacked |= {name: np.stack([section.nulls[name] for section in held_out]) for name in names}
    r = standing_at_zero(stacked)
    low, high = bootstrap_interval(r[_MODEL], patients, seed=seed)
    nulls = {name: mean_of_defined(r[name]) for name in names}
    found: dict[str, NDArray[Any]] = {"r": mean_of_defined(r[_MODEL]), "r_low": low, "r_high": high}
    found["null_r"] = np.stack(list(nulls.values())).max(axis=0) if nulls else np.full_like(low, np.nan)
    found |= {NULL + name: values for name, values in nulls.items()}
    found["ceiling"] = _ceiling(held_out, np.isfinite(r[_MODEL]))
    found["verdict"] = gene_verdicts(r[_MODEL], {name: r[name] for name in names}, patients)
    return found


def _ceiling(held_out: Sequence[HeldOut], scored: NDArray[np.bool_]) -> FloatArray:
    ceiling = np.stack([section.ceiling for section in held_out])
    known = (np.isfinite(ceiling) & scored).any(axis=0)
    return mean_of_defined(np.where(known & scored, np.nan_to_num(ceiling), np.nan))
