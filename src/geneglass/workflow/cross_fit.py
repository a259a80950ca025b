"""How well a recipe does on sections it did not see, within the training set: the trust in a model file."""

from collections.abc import Callable, Sequence
from pathlib import Path

from geneglass.data.types import FloatArray
from geneglass.model.nulls import POSITION_K, depth_only, position_only
from geneglass.model.recipe import Recipe
from geneglass.workflow.events import Job
from geneglass.workflow.prepare import Prepared
from geneglass.workflow.resume import resumable_fit
from geneglass.workflow.trust import HeldOut, trust


def cross_fit(make: Callable[[], Recipe], prepared: Sequence[Prepared], *, folder: Path) -> Job[dict[str, FloatArray]]:
    """Return held-out r per gene with its interval, each patient (else each section) left out in turn.

    Empty where there is only one section: nothing can be held out.

    Parameters
    ----------
    make
        Returns a fresh recipe, equal in everything to the one that is saved.
    prepared
        The training sections.
    folder
        The run's folder, where finished fits are kept for a resumed run.
    """
    groups = _groups(prepared)
    if len(groups) < 2:
        return {}
    held_out = []
    for number, group in enumerate(groups, start=1):
        recipe = make()
        rest = [item for other in groups if other is not group for item in other]
        stage = f"Checking on tissue left out ({number} of {len(groups)})"
        yield from resumable_fit(recipe, [item.data for item in rest], stage=stage, folder=folder)
        for item in group:
            predicted = recipe.predict(item.data.query()).values
            nulls = image_free(item, rest)
            held_out.append(HeldOut(item.data.patient, item.data.expression, predicted, nulls))
    return trust(held_out)


def image_free(item: Prepared, references: Sequence[Prepared]) -> dict[str, FloatArray]:
    """Return what can be said of a section without its image: from depth, and from position where known."""
    predictions = {"depth only": depth_only(item.totals, item.data.expression.shape[1])}
    placed = [reference for reference in references if reference.data.array_yx is not None]
    if item.data.array_yx is None or not placed:
        return predictions
    where = [reference.data.array_yx for reference in placed if reference.data.array_yx is not None]
    values = [reference.data.expression for reference in placed]
    for k in POSITION_K:
        predictions[f"position only, K = {k}"] = position_only(item.data.array_yx, where, values, k=k)
    return predictions


def _groups(prepared: Sequence[Prepared]) -> list[list[Prepared]]:
    patients = [p.data.patient for p in prepared]
    by_patient = None not in patients and len(set(patients)) > 1
    groups: dict[str | None, list[Prepared]] = {}
    for item in prepared:
        groups.setdefault(item.data.patient if by_patient else item.data.section, []).append(item)
    return list(groups.values())
