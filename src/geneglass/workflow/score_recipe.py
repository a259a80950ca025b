"""Everything that is measured of one trained recipe on one test section."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from geneglass.data.neighbours import neighbour_pairs
from geneglass.data.types import FloatArray
from geneglass.model.blend import mixed
from geneglass.model.nulls import gene_mean, shuffled
from geneglass.model.recipe import Answer, QueryData, Recipe
from geneglass.workflow.calibration import Judged, judge_places
from geneglass.workflow.gene_maps import SectionMaps, best_and_worst, gene_maps
from geneglass.workflow.groups import groups_of
from geneglass.workflow.measured import CONTROL, POSITION, SHUFFLED, Measured, image_free
from geneglass.workflow.protocol import Protocol, in_unit
from geneglass.workflow.reuse import Reuse, reuse
from geneglass.workflow.scores import Scored, score, section_seed


@dataclass(frozen=True)
class Asked:
    """A test section as a recipe is asked about it, and what was measured there."""

    test: Measured
    query: QueryData
    protocol: Protocol
    seed: int
    n_references: int
    """How many spots were trained on."""

    @property
    def own_seed(self) -> int:
        """Return the seed of this section."""
        return section_seed(self.seed, self.test.name)


def training_mean(references: Sequence[Measured], unit: str) -> FloatArray | None:
    """Return (genes,) the mean over all training spots in a unit; None where the unit can not be computed."""
    values = [in_unit(unit, reference.counts, reference.totals) for reference in references]
    known = [table for table in values if table is not None]
    return gene_mean(known, 1)[0] if known else None


def with_recipe(scored: Scored, name: str, recipe: Recipe, asked: Asked, mean: FloatArray | None) -> Scored:
    """Return the scored section with one more recipe, and the same recipe with its places shuffled.

    Parameters
    ----------
    mean
        (genes,) mean over the training spots in the recipe's unit, or None.
    """
    test = asked.test
    exclude = not scored.leaks and asked.query.patient is not None
    answer = recipe.predict(asked.query, exclude_patient=exclude)
    same_unit = recipe.unit == asked.protocol.unit
    pairs = neighbour_pairs(test.centres_yx)
    values = score(test.truth, answer.values, same_unit=same_unit, pairs=pairs)
    wrong = shuffled(answer.values, asked.own_seed)
    judged = _judged(recipe.unit, answer, test, mean)
    groups = groups_of(test.labels, {name: answer.values}, seed=asked.own_seed)
    shown = _maps(scored, values["pearson"], asked, answer.values, one_scale=same_unit)
    return replace(
        scored.with_predictor(name, values).with_predictor(
            f"{name}, {SHUFFLED}", score(test.truth, wrong, same_unit=same_unit)
        ),
        groups={**scored.groups, **groups},
        judged={**scored.judged, **({} if judged is None else {name: judged})},
        maps={**scored.maps, name: shown},
        reuse={**scored.reuse, **_reuse(name, answer, asked.n_references)},
    )


def with_position(scored: Scored, asked: Asked, references: Sequence[Measured], recipe: Recipe) -> Scored:
    """Return the scored section with the control that blends the trained baseline with position, half and half."""
    exclude = not scored.leaks and asked.query.patient is not None
    placed = image_free(asked.test, references, seed=asked.own_seed)[POSITION[-1]]
    values = mixed((0.5, 0.5), (recipe.predict(asked.query, exclude_patient=exclude).values, placed))
    pairs = neighbour_pairs(asked.test.centres_yx)
    return scored.with_predictor(CONTROL, score(asked.test.truth, values, same_unit=True, pairs=pairs))


def _reuse(name: str, answer: Answer, n_references: int) -> dict[str, Reuse]:
    return {} if answer.neighbours is None else {name: reuse(answer.neighbours, n_references)}


def _judged(unit: str, answer: Answer, test: Measured, mean: FloatArray | None) -> Judged | None:
    truth = in_unit(unit, test.counts, test.totals)
    if truth is None or mean is None:
        return None
    return judge_places(truth, answer.values, mean, answer.confidence, calibrated=answer.calibrated)


def _maps(scored: Scored, r: FloatArray, asked: Asked, predicted: FloatArray, *, one_scale: bool) -> SectionMaps:
    best, worst = (
        gene_maps(scored.genes, rows, r, asked.test.truth, predicted) for rows in best_and_worst(r, scored.ceiling)
    )
    return SectionMaps(scored.section, asked.query.centres_um_yx, best, worst, one_scale)
