"""Everything an evaluation found, as the dictionary that metrics.json holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geneglass import __version__
from geneglass.metric import GROUP_METRICS
from geneglass.model.trust import NOT_ASSESSABLE
from geneglass.workflow.bootstrap import mean_of_defined
from geneglass.workflow.calibration import reliability
from geneglass.workflow.config import EvaluateConfig
from geneglass.workflow.measured import CONTROL, NULLS, POSITION, SHUFFLED, Measured
from geneglass.workflow.paired import paired
from geneglass.workflow.protocol import HVG, RANKINGS, Protocol
from geneglass.workflow.reuse import mean_reuse
from geneglass.workflow.scores import (
    MEASURED,
    Scored,
    ceiling_figures,
    moran_measured,
    ranked,
    section_figures,
    summary,
)
from geneglass.workflow.statements import (
    best_null,
    calibration_sentence,
    ceiling_sentence,
    interval_over,
    interval_sentence,
    leak_sentence,
    number,
    paired_sentence,
    protocol_sentence,
    recipe_sentence,
    reuse_sentence,
    set_aside,
    undefined_sentence,
)
from geneglass.workflow.verdict import new_patients


@dataclass(frozen=True)
class Facts:
    """How an evaluation was made.

    Attributes
    ----------
    panels
        Fold -> genes.
    units
        Recipe -> the unit it predicts in.
    sections
        The test sections, each once.
    """

    config: EvaluateConfig
    protocol: Protocol
    panels: Mapping[str, tuple[str, ...]]
    units: Mapping[str, str]
    sections: tuple[Measured, ...]


def complete(facts: Facts, scored: Sequence[Scored]) -> dict[str, Any]:
    """Return how the evaluation was made, every figure, and what they mean in sentences; NaN where undefined."""
    config, protocol = facts.config, facts.protocol
    recipes = config.recipes
    controls = [name for name in (CONTROL,) if name in scored[0].scores]
    names = [*recipes, *controls, *NULLS, *(f"{recipe}, {SHUFFLED}" for recipe in recipes)]
    predictors = {name: summary(scored, name, protocol.ranking, seed=config.seed) for name in names}
    patients = [s.patient for s in scored]
    ceiling = ceiling_figures(scored, protocol.ranking)
    null = best_null(predictors)
    verdicts = {name: new_patients(scored, name, null, seed=config.seed) for name in recipes}
    limit = 0 if protocol.every_spot else config.min_counts
    pairs = paired(scored, [*recipes, *controls], seed=config.seed)
    calibration = {name: _calibration(scored, name) for name in recipes}
    reused = {name: _reuse(scored, name) for name in recipes}
    sections = [set_aside(section, limit) for section in facts.sections]
    return {
        "version": __version__,
        "protocol": protocol.name,
        "protocol_note": protocol.note,
        "unit": protocol.unit,
        "split": "given sections" if config.train else config.split,
        "leaks": any(s.leaks for s in scored),
        "encoder": config.encoder,
        "settings": dict(config.settings),
        "seed": config.seed,
        "min_counts": limit,
        "panel": _panel(facts),
        "ranking": RANKINGS[protocol.ranking],
        "ranking_name": protocol.ranking,
        "ranking_hvg": RANKINGS[HVG],
        "recipes": list(recipes),
        "controls": controls,
        "nulls": list(NULLS),
        "best_null": null,
        "folds": _folds(scored),
        "sections": sections,
        "predictors": predictors,
        "ceiling": ceiling,
        "moran_measured": moran_measured(scored),
        "paired": pairs,
        "groups": _groups(scored, recipes, facts.sections),
        "calibration": calibration,
        "reuse": reused,
        "interval_over": interval_over(patients),
        "interval_sentence": interval_sentence(patients),
        "new_patients": verdicts,
        "units": {name: _unit(unit, protocol) for name, unit in facts.units.items()},
        "by_ranking": {name: ranked(scored, name) for name in names},
        "by_section": {s.section: {name: section_figures(s, name) for name in names} for s in scored},
        "sentences": [
            *leak_sentence(scored),
            *(recipe_sentence(recipe, predictors, protocol.ranking) for recipe in recipes),
            *(_verdict_sentence(name, verdict) for name, verdict in verdicts.items()),
            ceiling_sentence(ceiling, protocol.ranking),
            interval_sentence(patients),
            *protocol_sentence(protocol, limit),
            *undefined_sentence(predictors, recipes),
            *(paired_sentence(item) for item in pairs if item["first"] == recipes[0]),
            *(calibration_sentence(name, found) for name, found in calibration.items()),
            *(reuse_sentence(name, found) for name, found in reused.items() if found),
            *(section["note"] for section in sections if section["note"]),
        ],
    }


def _groups(scored: Sequence[Scored], recipes: Sequence[str], sections: Sequence[Measured]) -> dict[str, Any]:
    """Return the agreement of clusters with a pathologist's labels: by section where there are any, and the means."""
    named = {s.name: set(s.labels) - {""} for s in sections if s.labels is not None}
    order = (MEASURED, *recipes, *POSITION)
    by_section = {s.section: {name: dict(s.groups[name]) for name in order} for s in scored if s.groups}
    mean = {
        name: {
            metric: float(mean_of_defined(np.array([[found[name][metric]] for found in by_section.values()]))[0])
            for metric in GROUP_METRICS
        }
        for name in (order if by_section else ())
    }
    return {
        "classes": {name: sorted(named[name]) for name in by_section},
        "by_section": by_section,
        "mean": mean,
    }


def _calibration(scored: Sequence[Scored], recipe: str) -> dict[str, Any] | None:
    """Return how the recipe's confidence compares with what happened; None where its unit can not be computed."""
    judged = [s.judged[recipe] for s in scored if recipe in s.judged]
    return reliability(judged) if judged else None


def _reuse(scored: Sequence[Scored], recipe: str) -> dict[str, float] | None:
    """Return how a recipe uses its reference spots, the mean over sections; None where it retrieves nothing."""
    found = [s.reuse[recipe] for s in scored if recipe in s.reuse]
    return mean_reuse(found) if found else None


def _panel(facts: Facts) -> dict[str, Any]:
    chosen = facts.config.panel is None
    source = "chosen on the training sections of each fold" if chosen else f"from {facts.config.panel.name}"  # type: ignore[union-attr]
    return {"source": source, "genes": {fold: len(panel) for fold, panel in facts.panels.items()}}


def _folds(scored: Sequence[Scored]) -> list[dict[str, Any]]:
    names = dict.fromkeys(s.fold for s in scored)
    return [
        {
            "name": name,
            "test": [s.section for s in scored if s.fold == name],
            "leaks": any(s.leaks for s in scored if s.fold == name),
        }
        for name in names
    ]


def _unit(unit: str, protocol: Protocol) -> dict[str, Any]:
    if unit == protocol.unit:
        return {"unit": unit, "errors_comparable": True, "reason": ""}
    reason = f"predicts {unit}, the truth is {protocol.unit}: only correlations are given"
    return {"unit": unit, "errors_comparable": False, "reason": reason}


def _verdict_sentence(recipe: str, verdict: Mapping[str, Any]) -> str:
    if verdict["verdict"] == NOT_ASSESSABLE:
        return f"{recipe} on new patients: {NOT_ASSESSABLE} ({verdict['reason']})."
    low, high = verdict["interval"]
    return (
        f"{recipe} on new patients: {verdict['verdict']} than the best predictor that never saw the image "
        f"(difference in mean r {number(verdict['difference'])}, 95 % interval {number(low)} to {number(high)}); "
        f"better for {verdict['genes_better']} of {verdict['genes']} genes (q = 0.05)."
    )
