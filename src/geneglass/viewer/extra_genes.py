"""Signatures, and genes outside the prediction that its model's reference spots know: worked out when shown."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from geneglass.data.gene_book import SIGN
from geneglass.errors import InputError
from geneglass.viewer.derived import Derived
from geneglass.viewer.kept_genes import KeptGenes
from geneglass.viewer.session import Session
from geneglass.viewer.values import SIGNATURE, UNTESTED, Gene
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.any_gene import AnyGene
from geneglass.workflow.events import Event, Job
from geneglass.workflow.signature import SignatureScore, score_signature

if TYPE_CHECKING:
    from anndata import AnnData

TOLD = 4
"""Genes named in a sentence."""


class ExtraGenes:
    """What can be shown beyond the genes of a session's tables.

    Attributes
    ----------
    offered
        Genes that the prediction lacks and the model's reference spots know.
    runner
        Works one map out at a time, beside the jobs that a person starts.
    """

    offered_changed = Signal()

    def __init__(self, session: Session, kept: KeptGenes) -> None:
        self._session, self._kept = session, kept
        self.offered: frozenset[str] = frozenset()
        self._reference: AnyGene | None = None
        self._opening = False
        self._wanted: str | None = None
        self._signature: str | None = None
        self.runner = JobRunner()
        self.runner.finished.connect(self._next)
        self.runner.failed.connect(self._on_failed)

    @property
    def wanted(self) -> str | None:
        """Return the name that is being worked out."""
        return self._wanted

    def show(self, name: str) -> None:
        """Choose a gene, a signature or an untested gene; what has to be worked out first follows."""
        self._signature = name if name.startswith(SIGN) else None
        if self._is_there(name):
            self._wanted = None
            self._session.set_gene(name)
        elif self._is_known(name):
            self._wanted = name
            self._next()
        self._complete()

    def reopen(self) -> None:
        """Look again what the prediction's model knows, and work the chosen signature out for this section."""
        self._reference, self._opening = None, _reference_of(self._session) is not None
        if self.offered:
            self.offered = frozenset()
            self.offered_changed.emit()
        self._wanted = self._signature if self._session.section is not None else None
        self.runner.cancel()
        self._next()

    def forget(self, name: str) -> None:
        """Let go of a map, for instance of a signature that now has other genes."""
        self._session.derived.pop(name, None)
        if self._session.gene == name:
            self._signature = None
            self._session.set_gene(None)

    def stop(self, *_: object) -> None:
        """Work out nothing more."""
        self._wanted, self._opening = None, False
        self.runner.cancel()

    def _is_there(self, name: str) -> bool:
        return any(gene.name == name for gene in self._session.genes)

    def _is_known(self, name: str) -> bool:
        return name in self.offered or name.removeprefix(SIGN) in self._kept.book.signatures

    def _complete(self) -> None:
        """Work out the predicted side of a measured gene that only the reference spots know."""
        gene = self._session.gene
        if self._wanted is None and gene in self.offered and gene not in self._session.derived:
            self._wanted = gene
            self._next()

    def _next(self) -> None:
        if self.runner.running is not None or self._session.section is None:
            return
        opened = _reference_of(self._session)
        if self._opening and opened is not None:
            self._opening = False
            self.runner.run(
                "Opening the model's reference spots", _open(*opened), partial(self._take_reference, opened)
            )
        elif self._wanted is not None:
            prediction, section = self._session.prediction, self._session.section
            job = self._job(self._wanted)
            self.runner.run(
                f"Working out {self._wanted}", job, partial(self._take, self._wanted, (section, prediction))
            )

    def _job(self, name: str) -> Job[Derived]:
        session = self._session
        spots = None if session.section is None else session.section.spots
        counts = None if spots is None else spots.table
        if name.startswith(SIGN):
            return _signature(name, self._kept.book.signatures[name.removeprefix(SIGN)], counts, session.prediction)
        return _untested(name, self._reference, measured=counts is not None and name in counts.var_names)

    def _take(self, name: str, of: tuple[Any, Any], made: Derived) -> None:
        session = self._session
        if of[0] is not session.section or of[1] is not session.prediction:
            return
        session.derived[name] = made
        if self._wanted != name:
            return
        self._wanted = None
        if session.gene == name:
            session.gene_changed.emit()
        else:
            session.set_gene(name)
        if made.told:
            session.message.emit(made.told)

    def _take_reference(self, of: tuple[Any, Any], reference: AnyGene | None) -> None:
        if reference is None or of != _reference_of(self._session):
            return
        self._reference = reference
        predicted = frozenset(map(str, reference.table.var_names))
        self.offered = frozenset(reference.genes) - predicted
        self.offered_changed.emit()
        self._complete()

    def _on_failed(self, error: Exception) -> None:
        self._wanted = None
        self._session.message.emit(str(error))


def _reference_of(session: Session) -> "tuple[AnnData, Path] | None":
    """Return a prediction by retrieval and the chosen model; None where nothing can be retrieved."""
    prediction, model = session.prediction, session.model_path
    if prediction is None or model is None or "neighbour_rows" not in prediction.obsm:
        return None
    return prediction, model


def _open(prediction: "AnnData", model: Path) -> Job[AnyGene | None]:
    """Open the reference spots of a prediction; None where another model is chosen than it was made with."""
    yield Event("Opening the model", 0, 1)
    try:
        return AnyGene(prediction, model)
    except InputError:
        return None


def _untested(name: str, reference: AnyGene | None, *, measured: bool) -> Job[Derived]:
    yield Event("Asking the reference spots", 0, 1)
    if reference is None:
        raise InputError(f"{name} is known to no model that is open: predict the section first.")
    gene = Gene(name, measured=measured, predicted=True, kind=UNTESTED)
    return Derived(gene, predicted=reference.gene_map(name))


def _signature(name: str, genes: Any, counts: Any, prediction: Any) -> Job[Derived]:
    score: SignatureScore = yield from score_signature(genes, counts, prediction)
    sides = Gene(name, measured=score.measured is not None, predicted=score.predicted is not None, kind=SIGNATURE)
    return Derived(sides, score.measured, score.predicted, _told(name, score))


def _told(name: str, score: SignatureScore) -> str:
    if not score.absent:
        return ""
    n = len(score.genes)
    some = ", ".join(score.absent[:TOLD]) + (", …" if len(score.absent) > TOLD else "")
    return f"{name} is the score of {n} of its {n + len(score.absent)} genes; not on every side here: {some}."
