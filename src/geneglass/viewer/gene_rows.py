"""Which genes the table lists, and what the model file says of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.gene_book import SIGN
from geneglass.model.trust import VERDICTS
from geneglass.viewer.session import Session
from geneglass.viewer.values import SIGNATURE, UNTESTED

Numbers = NDArray[np.float64]
NO_VERDICT = -1


@dataclass(frozen=True)
class GeneRows:
    """(genes,) each: signatures first, then genes by name.

    Attributes
    ----------
    kinds
        `SIGNATURE`, `UNTESTED` or "".
    predicted
        Whether the open prediction has the gene.
    verdict
        Codes of `model.trust.VERDICTS`, -1 where the model says nothing.
    held_out, low, high
        r on tissue left out of the training, and its interval; NaN where unknown.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    predicted: NDArray[np.bool_]
    verdict: NDArray[np.int8]
    held_out: Numbers
    low: Numbers
    high: Numbers


def gene_rows(session: Session, signatures: Iterable[str] = (), offered: Iterable[str] = ()) -> GeneRows:
    """Return what is listed for the open section.

    Parameters
    ----------
    session
        Whose genes are listed.
    signatures
        Names of the user's signatures, without the sign.
    offered
        Genes that the prediction lacks and the model's reference spots know.
    """
    if session.section is None:
        return _rows((), {}, frozenset(), {})
    genes = {gene.name: gene for gene in session.genes if gene.kind != SIGNATURE}
    untested = frozenset(offered) | {gene.name for gene in genes.values() if gene.kind == UNTESTED}
    names = sorted(genes.keys() | untested, key=lambda name: (name.upper(), name))
    listed = [SIGN + name for name in sorted(signatures, key=str.upper)] + names
    predicted = {gene.name for gene in genes.values() if gene.predicted and not gene.kind}
    return _rows(tuple(listed), dict.fromkeys(predicted, True), untested, _trust(session))


def _rows(
    names: tuple[str, ...], predicted: dict[str, bool], untested: frozenset[str], trust: dict[str, tuple[float, ...]]
) -> GeneRows:
    kinds = tuple(SIGNATURE if name.startswith(SIGN) else UNTESTED if name in untested else "" for name in names)
    nothing = (NO_VERDICT, np.nan, np.nan, np.nan)
    table = np.array([trust.get(name, nothing) for name in names], dtype=float).reshape(-1, 4)
    there = np.array([name in predicted for name in names], dtype=bool)
    return GeneRows(names, kinds, there, table[:, 0].astype(np.int8), table[:, 1], table[:, 2], table[:, 3])


def _trust(session: Session) -> dict[str, tuple[float, ...]]:
    """Return verdict, r, and the ends of its interval by gene: as the prediction says, else as the model does."""
    if session.prediction is not None:
        var = session.prediction.var
        words = {word: code for code, word in enumerate(VERDICTS)}
        verdict = [words.get(str(word), NO_VERDICT) for word in var.get("verdict", [""] * len(var))]
        columns = [_column(var, name) for name in ("trust_r", "trust_r_low", "trust_r_high")]
        return dict(zip(map(str, var.index), zip(verdict, *columns, strict=True), strict=True))
    info = session.model_info
    if info is None:
        return {}
    nothing = np.full(len(info.genes), np.nan)
    verdict = info.trust.get("verdict", np.zeros(len(info.genes)))
    columns = [info.trust.get(name, nothing) for name in ("r", "r_low", "r_high")]
    return dict(zip(info.genes, zip(verdict, *columns, strict=True), strict=True))


def _column(var: Any, name: str) -> Numbers:
    return var[name].to_numpy(float) if name in var else np.full(len(var), np.nan)
