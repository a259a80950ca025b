"""How well a recipe does on sections it did not see, within the training set: the trust in a model file."""

from collections.abc import Callable, Sequence
from pathlib import Path

from geneglass.data.types import FloatArray
from geneglass.model.recipe import Recipe
from geneglass.workflow.events import Job
from geneglass.workflow.prepare import Prepared
from geneglass.workflow.resume import resumable_fit
from geneglass.workflow.trust import trust


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
    predicted: dict[str, FloatArray] = {}
    for number, group in enumerate(groups, start=1):
        recipe = make()
        rest = [p.data for other in groups if other is not group for p in other]
        stage = f"Checking on tissue left out ({number} of {len(groups)})"
        yield from resumable_fit(recipe, rest, stage=stage, folder=folder)
        for item in group:
            predicted[item.data.section] = recipe.predict(item.data.query()).values
    return trust(prepared, predicted)


def _groups(prepared: Sequence[Prepared]) -> list[list[Prepared]]:
    patients = [p.data.patient for p in prepared]
    by_patient = None not in patients and len(set(patients)) > 1
    groups: dict[str | None, list[Prepared]] = {}
    for item in prepared:
        groups.setdefault(item.data.patient if by_patient else item.data.section, []).append(item)
    return list(groups.values())
