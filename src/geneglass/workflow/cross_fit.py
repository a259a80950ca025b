"""How well a recipe does on sections it did not see, within the training set: the trust in a model file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geneglass.data.cohort import SectionSource
from geneglass.data.genes import normalise, panel_counts
from geneglass.data.section import require_spots
from geneglass.data.split import Fold, cross_folds
from geneglass.data.types import FloatArray
from geneglass.metric.pearson import pearson
from geneglass.model.nulls import shuffled
from geneglass.model.recipe import Recipe
from geneglass.model.trust import Trust
from geneglass.workflow.ceiling import noise_ceiling
from geneglass.workflow.events import Event, Job
from geneglass.workflow.measured import SHUFFLED, Measured, image_free
from geneglass.workflow.prepare import Prepared
from geneglass.workflow.resume import RunFolder, resumable_fit
from geneglass.workflow.scores import section_seed
from geneglass.workflow.trust import HeldOut, trust

Genes = tuple[str, ...]


@dataclass(frozen=True)
class Training:
    """How the model that is to be trusted was made.

    Attributes
    ----------
    make
        Panel -> a fresh recipe, equal to the saved one in everything else.
    choose
        Training sections -> their panel. Each fold's panel is chosen on its own training sections, as that of the
        saved model is: choosing it on all would let the tissue that is left out choose genes it shows well.
    panel
        The saved model's.
    seed
        Of everything random.
    """

    make: Callable[[Genes], Recipe]
    choose: Callable[[Sequence[Prepared]], Genes]
    panel: Genes
    seed: int = 0


def cross_fit(training: Training, prepared: Sequence[Prepared], *, folder: RunFolder) -> Job[Trust]:
    """Return what a model file says of each gene of its panel, each patient (else each section) left out in turn.

    Empty where there is only one section: nothing can be held out. A gene that a fold did not choose has no r there.

    Parameters
    ----------
    training
        How the model was made.
    prepared
        The training sections, with the expression of the model's panel.
    folder
        The run's folder, where finished fits are kept for a resumed run.
    """
    divisions = cross_folds([SectionSource(item.section.name, patient=item.data.patient) for item in prepared])
    if not divisions:
        return {}
    by_name = {item.section.name: item for item in prepared}
    held_out = []
    for number, fold in enumerate(divisions, start=1):
        stage = f"Checking on tissue left out ({number} of {len(divisions)})"
        rest = [by_name[name] for name in fold.train]
        yield Event(stage, 0, 1, message=(leak_told(divisions) or lone_told(rest)) if number == 1 else "")
        panel = training.choose(rest)
        recipe = training.make(panel)
        data = [with_panel(item, training.panel, panel).data for item in rest]
        yield from resumable_fit(recipe, data, stage=stage, folder=folder)
        for item in (by_name[name] for name in fold.test):
            # As in an evaluation: under a patient split nothing of the patient is retrieved.
            predicted = recipe.predict(item.data.query(), exclude_patient=not fold.leaks).values
            known = _columns(predicted, panel, training.panel)
            held_out.append(_held_out(item, rest, known, training))
            yield Event(stage, 1, 1)
    return trust(held_out, seed=training.seed)


def leak_told(divisions: Sequence[Fold]) -> str:
    """Return the sentence that held-out r leaks; empty where patients are left out."""
    if not any(fold.leaks for fold in divisions):
        return ""
    return (
        "Held-out r leaks: sister sections of the same patient stay in training, or may, where a patient id is "
        "missing; name two patients or more to learn how it is with a new one."
    )


def lone_told(rest: Sequence[Prepared]) -> str:
    """Return the sentence that a fold's model learned from one patient alone; empty where there are more."""
    if len({item.data.patient for item in rest}) > 1:
        return ""
    return (
        "Held-out r is of models that learned from one patient alone; the saved one learned from more, and may do "
        "better. Name three patients or more to judge one like it."
    )


def left_out(divisions: Sequence[Fold]) -> tuple[str, bool]:
    """Return what is left out in turn ("patients" or "sections", empty for nothing), and whether that leaks."""
    leaks = any(fold.leaks for fold in divisions)
    return ("sections" if leaks else "patients") if divisions else "", leaks


def with_panel(item: Prepared, panel: Genes, wanted: Genes) -> Prepared:
    """Return a section prepared over `panel` with the expression of `wanted` instead."""
    if wanted == panel:
        return item
    counts = panel_counts(require_spots(item.section), wanted)[item.kept]
    return replace(item, data=replace(item.data, counts=counts, expression=normalise(counts, item.totals)))


def _columns(values: FloatArray, panel: Genes, wanted: Genes) -> FloatArray:
    """Return the columns of `wanted`, NaN for genes that are not in the panel."""
    if wanted == panel:
        return values
    place = {gene: column for column, gene in enumerate(panel)}
    columns = np.array([place.get(gene, -1) for gene in wanted])
    return np.where(columns >= 0, values[:, columns], np.nan).astype(np.float32)


def _held_out(item: Prepared, rest: Sequence[Prepared], predicted: FloatArray, training: Training) -> HeldOut:
    seed = section_seed(training.seed, item.section.name)
    truth = item.data.expression
    references = [_measured(reference, training.panel) for reference in rest]
    predictions = image_free(_measured(item, training.panel), references, seed=seed)
    predictions[SHUFFLED] = shuffled(predicted, seed)
    chosen = np.isfinite(predicted).all(axis=0)
    nulls = {name: np.where(chosen, pearson(truth, values), np.nan) for name, values in predictions.items()}
    ceiling = noise_ceiling(item.data.counts, item.totals, normalise, seed=seed)
    return HeldOut(item.data.patient, pearson(truth, predicted), nulls, ceiling)


def _measured(item: Prepared, panel: Genes) -> Measured:
    return Measured(
        name=item.section.name,
        patient=item.data.patient,
        genes=panel,
        counts=item.data.counts,
        truth=item.data.expression,
        totals=item.totals,
        array_yx=item.data.array_yx,
        centres_yx=item.section.centres_yx[item.kept],
        n_spots=len(item.kept),
        centres_um_yx=item.data.centres_um_yx,
    )
