"""What one viewer is looking at: cohort, section, model, prediction and gene. The only owner of that state.

Widgets hold none of it: they call methods of the session and listen to its signals. No Qt in here,
so everything can be tested without a window. Methods and signals belong to the thread of the window;
slow reading is done in a worker first (`viewer.worker`), and handed over with a `set_` method.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from geneglass.data.cohort import Cohort, SectionSource
from geneglass.data.section import Section
from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.viewer.derived import Derived, measured_column, with_derived
from geneglass.viewer.matching import own_cohort_path, place_domains
from geneglass.viewer.slide_histories import sharing
from geneglass.viewer.values import Gene, Places, Score, column_of, genes_of, pearson, places_of, rows_of, take
from geneglass.workflow.config import MIN_COUNTS
from geneglass.workflow.prediction_file import require_same_section

if TYPE_CHECKING:
    from anndata import AnnData

    from geneglass.data.annotation import Domain
    from geneglass.model.checkpoint import ModelInfo


class Session:
    """The state of one viewer; get it with `session_of`.

    Every signal is emitted after the state has changed and carries nothing: listeners read the session.
    `message` carries one sentence for the person at the window. A listener must not raise: psygnal would
    hide the error in one of its own. The gene stays when another section is opened that has it too.
    `predictions` and `drawn` hold what is known of every section of the cohort; change them by the methods.
    `reopened` carries the saved session that was just opened, for parts of the window that kept something in it.
    """

    cohort_changed = Signal()
    section_changed = Signal()
    model_changed = Signal()
    prediction_changed = Signal()
    gene_changed = Signal()
    domains_changed = Signal()
    reopened = Signal(object)
    message = Signal(str)

    def __init__(self) -> None:
        self.cohort: Cohort | None = None
        self.source: SectionSource | None = None
        self.section: Section | None = None
        self.model_path: Path | None = None
        self.model_info: ModelInfo | None = None
        self.gene: str | None = None
        self.predictions: dict[SectionSource, AnnData] = {}
        self.drawn: dict[SectionSource, tuple[Domain, ...]] = {}
        self._cache: dict[str, Any] = {}

    @property
    def domains(self) -> "tuple[Domain, ...]":
        """Return the domains drawn on the current section."""
        return () if self.section is None else self.section.domains

    @property
    def prediction(self) -> "AnnData | None":
        """Return the prediction of the current section, or None."""
        return None if self.source is None else self.predictions.get(self.source)

    def set_cohort(self, cohort: Cohort) -> None:
        """Take a cohort; section and predictions of another one are let go, domains stay where the slide does."""
        self.cohort = cohort
        drawn = {source.slide: domains for source, domains in self.drawn.items() if source.slide and domains}
        self.predictions = {}
        self.drawn = {source: drawn[source.slide] for source in cohort.sections if source.slide in drawn}
        if self.source not in cohort.sections:
            self._let_go_of_section()
        self.cohort_changed.emit()

    def open_section(self, source: SectionSource) -> None:
        """Open a section; one that is not of the cohort becomes a cohort of its own.

        Raises
        ------
        InputError
            When slide or spots can not be read; the session is then as before.
        """
        from geneglass.data.section import open_section

        self.set_section(open_section(source))

    def set_section(self, section: Section) -> None:
        """Take an opened section; one that is not of the cohort becomes a cohort of its own.

        Domains stay when the slide does; what was drawn here goes before the section's own file.
        """
        domains = self.drawn.get(section.source, section.domains)
        if self.source is not None and self.source.slide is not None and self.source.slide == section.source.slide:
            domains = domains or self.domains
        if self.cohort is None or section.source not in self.cohort.sections:
            self.set_cohort(Cohort(path=own_cohort_path(section.source), sections=(section.source,)))
        section = section if domains == section.domains else replace(section, domains=domains)
        previous, self.section, self.source = self.section, section, section.source
        self._cache = {}
        self.drawn[self.source] = place_domains(self.section)
        if self.gene not in self._genes_by_name():
            self.gene = None
        self._emit_all()
        if previous is not None and previous.slide is not None and previous.slide is not section.slide:
            previous.slide.close()

    def set_model(self, path: Path) -> None:
        """Choose the model file to predict with.

        Raises
        ------
        InputError
            When the file is no model; the model is then as before.
        """
        from geneglass.model.checkpoint import read_info

        self.model_info = read_info(path)
        self.model_path = path
        self.model_changed.emit()

    def set_prediction(self, prediction: "AnnData") -> None:
        """Take a prediction of the current section.

        Raises
        ------
        InputError
            When no section is open, or the prediction is of another one.
        """
        if self.source is None or self.section is None:
            raise InputError("A prediction is shown over its section: open the section first.")
        require_same_section(prediction, self.section)
        self.predictions[self.source] = prediction
        self._cache = {}
        self.prediction_changed.emit()

    def set_domains(self, domains: "tuple[Domain, ...]") -> None:
        """Take domains in place of those of the current section; its spots know the one they lie in.

        Raises
        ------
        InputError
            When no section is open.
        """
        if self.section is None or self.source is None:
            raise InputError("Domains are drawn on a slide: open the slide first.")
        self.section = replace(self.section, domains=domains)
        self.drawn.update(dict.fromkeys(sharing(self.cohort, self.source), place_domains(self.section, drawn=True)))
        self.domains_changed.emit()

    def set_gene(self, name: str | None) -> None:
        """Choose the gene that is shown; None shows none.

        Raises
        ------
        InputError
            When the gene is neither measured nor predicted here.
        """
        if name is not None and name not in self._genes_by_name():
            raise InputError(
                f"Gene {name!r} is neither measured nor predicted in this section: choose one of the list."
            )
        if name != self.gene:
            self.gene = name
            self.gene_changed.emit()

    @property
    def genes(self) -> tuple[Gene, ...]:
        """Return the genes that can be shown, in alphabetical order: the union of both sides."""
        return tuple(self._genes_by_name().values())

    @property
    def min_counts(self) -> int:
        """Return the counts below which a spot is set aside: the prediction's rule, else the model's, else 500."""
        if self.prediction is not None:
            return int(self.provenance.get("min_counts", MIN_COUNTS))
        return MIN_COUNTS if self.model_info is None else int(self.model_info.min_counts)

    @property
    def provenance(self) -> dict[str, Any]:
        """Return `uns["geneglass"]` of the prediction (recipe, unit, model, ...); empty without one."""
        return {} if self.prediction is None else dict(self.prediction.uns.get("geneglass", {}))

    @property
    def trained_on(self) -> bool:
        """Return whether the prediction is of a section its model was trained on."""
        adata = self.prediction
        return adata is not None and "trained_on" in adata.obs and bool(adata.obs["trained_on"].to_numpy(bool).any())

    @property
    def measured_places(self) -> Places | None:
        """Return the measured spots of the section; None without any."""
        if self.section is None or self.section.spots is None:
            return None
        if "measured_places" not in self._cache:
            names = self.section.spots.table.obs_names.to_numpy(object)
            kept = self.totals() >= self.min_counts
            self._cache["measured_places"] = Places(names, self.section.centres_yx, kept)
        return self._cache["measured_places"]

    @property
    def predicted_places(self) -> Places | None:
        """Return where the prediction's values belong; None without one.

        A prediction of measured spots comes in the order of `measured_places` (matched by name, with NaN
        where a spot was not predicted), so that the two sides compare row by row; a prediction of a grid
        of tiles has places of its own.
        """
        if self.prediction is None:
            return None
        if "predicted_places" not in self._cache:
            self._cache["predicted_places"] = places_of(self.prediction, self.predicted_rows, self.measured_places)
        return self._cache["predicted_places"]

    @property
    def on_spots(self) -> bool:
        """Return whether measured and predicted values have the same places, row by row."""
        return self.prediction is not None and self.predicted_rows is not None

    @property
    def derived(self) -> dict[str, Derived]:
        """Return maps beyond the two tables by name; another section or prediction empties it."""
        return self._cache.setdefault("derived", {})

    def measured(self, gene: str) -> FloatArray | None:
        """Return ln(1 + 10,000 x / total) of a gene at `measured_places`, (n,); None where it is not measured."""
        if gene in self.derived and self.derived[gene].measured is not None:
            return self.derived[gene].measured
        if self.section is None or self.section.spots is None:
            return None
        table = self.section.spots.table
        return measured_column(self._cache, table, gene, self.totals()) if gene in table.var_names else None

    def predicted(self, gene: str) -> FloatArray | None:
        """Return the prediction of a gene at `predicted_places`, (n,); None where it is not predicted."""
        adata, rows = self.prediction, self.predicted_rows
        if adata is None or (gene not in adata.var_names and gene not in self.derived):
            return None
        values = self.derived[gene].predicted if gene in self.derived else column_of(adata, gene)
        return values if values is None or rows is None else take(values, rows)

    def r(self, gene: str) -> Score | None:
        """Return Pearson's r of both sides over the kept spots; None where a side is missing."""
        measured, predicted, places = self.measured(gene), self.predicted(gene), self.measured_places
        if measured is None or predicted is None or places is None or not self.on_spots:
            return None
        both = places.kept & np.isfinite(measured) & np.isfinite(predicted)
        return Score(pearson(measured[both], predicted[both]), int(both.sum()), self.trained_on)

    def _let_go_of_section(self) -> None:
        section, self.section, self.source, self.gene, self._cache = self.section, None, None, None, {}
        if section is not None:
            self._emit_all()
            section.close()

    def _emit_all(self) -> None:
        for signal in (self.section_changed, self.prediction_changed, self.gene_changed, self.domains_changed):
            signal.emit()

    def totals(self) -> FloatArray:
        """Return the counts per measured spot over all genes of the file, (n,)."""
        from geneglass.data.genes import spot_totals

        if "totals" not in self._cache and self.section is not None and self.section.spots is not None:
            self._cache["totals"] = spot_totals(self.section.spots)
        return self._cache["totals"]

    @property
    def predicted_rows(self) -> NDArray[np.int64] | None:
        """Return, per measured spot, its row of the prediction (-1 for none); None where they share no name."""
        if "rows" not in self._cache:
            spots = None if self.section is None else self.section.spots
            self._cache["rows"] = rows_of(self.prediction, spots)
        return self._cache["rows"]

    def _genes_by_name(self) -> dict[str, Gene]:
        if "genes" not in self._cache:
            spots = None if self.section is None else self.section.spots
            self._cache["genes"] = genes_of(spots, self.prediction)
        return with_derived(self._cache["genes"], self.derived)


_SESSIONS: "WeakKeyDictionary[Any, Session]" = WeakKeyDictionary()


def session_of(viewer: Any) -> Session:
    """Return the session of a napari viewer, made at the first call; it lives as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _SESSIONS:
        _SESSIONS[model] = Session()
    return _SESSIONS[model]
