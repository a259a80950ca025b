"""One reader's blinded reading in one viewer: which map of a gene is which is hidden until it ends."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, ref

from psygnal import Signal

from geneglass.data.atomic import require_folder
from geneglass.errors import InputError
from geneglass.viewer.colour_scale import has_signal
from geneglass.viewer.compare import Compare, compare_of
from geneglass.viewer.panes import BESIDE
from geneglass.viewer.session import Session, session_of
from geneglass.workflow.blinded import Reading, in_random_order, read_readings, recognised, record, sides, summary


@dataclass(frozen=True)
class Plan:
    """What a reader agreed to: name, file, seed, and how many genes of which; no names for all that can be read."""

    reader: str
    path: Path
    seed: int
    count: int
    genes: tuple[str, ...] = ()


class Blind:
    """Shows gene after gene, unlabelled; get it with `blind_of`.

    While it is active it holds the gene and the order of the maps: whoever changes them gets them back. Another
    section or prediction ends it; what was answered is on disk.
    """

    changed = Signal()

    def __init__(self, viewer: Any, compare: Compare, session: Session) -> None:
        self._viewer = ref(viewer)
        self._compare = compare
        self._session = session
        self._plan: Plan | None = None
        self._before = compare.panes
        self._genes: tuple[str, ...] = ()
        self._since = 0.0
        self.answers: list[Reading] = []
        self.told = ""
        """What came out, when it has ended."""
        session.section_changed.connect(self.stop)
        session.prediction_changed.connect(self.stop)
        session.gene_changed.connect(self._hold)
        compare.panes_changed.connect(self._hold)

    @property
    def active(self) -> bool:
        """Return whether a reading is under way."""
        return self._plan is not None

    @property
    def gene(self) -> str:
        """Return the gene that is asked about."""
        return self._genes[len(self.answers)]

    @property
    def total(self) -> int:
        """Return how many genes are to be read."""
        return len(self._genes)

    def start(self, plan: Plan) -> None:
        """Begin a reading.

        Raises
        ------
        InputError
            When it could not be blind, nobody is named, or the file can not be written or holds something else.
        """
        if not plan.reader.strip():
            raise InputError("Who is reading? Write your name: it is recorded with every answer.")
        if not self._session.on_spots:
            raise InputError(
                "A blinded reading needs a prediction at the measured spots, since a grid of tiles shows what it is: "
                "predict at the measured spots first."
            )
        require_folder(plan.path.parent)
        read_readings(plan.path)
        genes = self._readable(plan)
        self._before, self.answers, self.told = self._compare.panes, [], ""
        self._plan, self._genes = plan, genes
        self._show()

    def answer(self, choice: str) -> None:
        """Record which side the reader takes for the measured one, and show the next gene.

        Raises
        ------
        InputError
            When the file can not be written: the gene is then still asked about.
        """
        if self._plan is None or self._session.section is None:
            return
        plan, section, stated = self._plan, self._session.section.name, self._session.provenance
        left, right = sides(plan.seed, section, self.gene)
        reading = Reading(
            time=datetime.now().astimezone().isoformat(timespec="seconds"),
            reader=plan.reader.strip(),
            section=section,
            gene=self.gene,
            left=left,
            right=right,
            choice=choice,
            recognised=recognised(left, choice),
            seconds=f"{time.monotonic() - self._since:.1f}",
            seed=str(plan.seed),
            model=str(stated.get("model", "")),
            model_hash=str(stated.get("model_hash", "")),
        )
        record(plan.path, reading)
        self.answers.append(reading)
        if len(self.answers) == self.total:
            self.stop()
        else:
            self._show()

    def stop(self) -> None:
        """End the reading, label the maps again, and tell what came out."""
        if self._plan is None:
            return
        self._plan, self.told = None, summary(self.answers).sentence()
        self._compare.set_panes(mode=self._before.mode, order=self._before.order, unlabelled=self._before.unlabelled)
        self.changed.emit()

    def _readable(self, plan: Plan) -> tuple[str, ...]:
        """Return the genes to read: a map of one colour would tell which it is.

        Raises
        ------
        InputError
            When a gene that was asked for, or every gene, lacks a side.
        """
        both = {gene.name for gene in self._session.genes if gene.measured and gene.predicted}
        absent = [name for name in plan.genes if name not in both]
        if absent:
            raise InputError(f"{absent[0]} is not both measured and predicted here: leave it out.")
        ordered = in_random_order(sorted(plan.genes or both), plan.seed, len(both))
        chosen: list[str] = []
        for name in ordered:
            if len(chosen) == plan.count:
                break
            if self._has_signal(name):
                chosen.append(name)
        if not chosen:
            raise InputError("No gene has both a measured and a predicted map to compare: predict more genes.")
        return tuple(chosen)

    def _has_signal(self, gene: str) -> bool:
        found: Sequence[Any] = (self._session.measured(gene), self._session.predicted(gene))
        threshold = self._compare.look.threshold
        return all(values is not None and has_signal(values, threshold) for values in found)

    def _show(self) -> None:
        self._since = time.monotonic()
        self._hold()
        self._hush()
        self.changed.emit()

    def _hush(self) -> None:
        """Take back what the status bar and the chosen layer would tell of a map that has moved."""
        viewer = self._viewer()
        if viewer is not None:
            viewer.status = "Blinded reading"
            viewer.layers.selection = {viewer.layers[0]}

    def _hold(self) -> None:
        """Show the gene and the order that are asked about."""
        if self._plan is None or self._session.section is None:
            return
        order = sides(self._plan.seed, self._session.section.name, self.gene)
        self._compare.set_panes(mode=BESIDE, order=order, unlabelled=True)
        if self._session.gene != self.gene:
            self._session.set_gene(self.gene)


_BLINDS: "WeakKeyDictionary[Any, Blind]" = WeakKeyDictionary()


def blind_of(viewer: Any) -> Blind:
    """Return the blinded reading of a napari viewer, made at the first call; it lives as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _BLINDS:
        _BLINDS[model] = Blind(model, compare_of(model), session_of(model))
    return _BLINDS[model]
