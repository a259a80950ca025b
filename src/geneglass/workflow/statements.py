"""What scores mean, in sentences that a reader who never saw the code understands."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from geneglass.data.genes import MAX_SET_ASIDE
from geneglass.model.calibration import CALIBRATED_ON
from geneglass.model.trust import NOT_ASSESSABLE
from geneglass.workflow.bootstrap import MIN_PATIENTS, enough_patients
from geneglass.workflow.measured import DEPTH, POSITION, Measured
from geneglass.workflow.protocol import N_TOP, RANKINGS, TOP_LABELS, Protocol, Ranking
from geneglass.workflow.reuse import N_HUBS
from geneglass.workflow.scores import Scored

FEW = 3
"""Of more recipes only the best stands in the first sentences."""
LEAK = "leaking: sister sections of the test patient are in training, so these scores say nothing about new patients"
Figures = Mapping[str, Mapping[str, Any]]


def best_null(predictors: Figures, figure: str = "r") -> str:
    """Return the image-free predictor with the highest mean r (`r_top`: over the 50 genes); depth where none has."""
    candidates = [name for name in (DEPTH, *POSITION) if math.isfinite(predictors[name][figure])]
    return max(candidates, key=lambda name: predictors[name][figure], default=DEPTH)


def null_sentence(predictors: Figures, ranking: Ranking) -> str:
    """Return which image-free predictor is best, with its figures."""
    name = best_null(predictors)
    first = f"The best predictor that never saw the image is {name}: mean r {_pair(predictors[name], ranking)}"
    return f"{first}{_best_on_top(predictors)}."


def recipe_sentence(recipe: str, predictors: Figures, ranking: Ranking) -> str:
    """Return a recipe's figures beside those of the best image-free predictor."""
    name = best_null(predictors)
    return (
        f"{recipe}: mean r {_pair(predictors[recipe], ranking)}; the best predictor that never saw the image, {name}, "
        f"has {_pair(predictors[name])}{_best_on_top(predictors)}."
    )


def _best_on_top(predictors: Figures) -> str:
    """Return the best image-free predictor of the 50 genes, where it is another: depth wins on weak genes only."""
    other = best_null(predictors, "r_top")
    if other == best_null(predictors):
        return ""
    return f"; on the {N_TOP}, {other} has {number(predictors[other]['r_top'])}"


def ceiling_sentence(ceiling: Mapping[str, Any], ranking: Ranking) -> str:
    """Return how high mean r could be at this sequencing depth."""
    return (
        f"The noise ceiling, what a perfect prediction would score at this depth, is {_pair(ceiling, ranking)}; "
        f"{ceiling['undefined']} genes (summed over test sections) show no signal above counting noise and count as 0."
    )


def leak_sentence(scored: Sequence[Scored]) -> list[str]:
    """Return the mark of a leaking split, or nothing."""
    leaking = sorted({s.fold for s in scored if s.leaks})
    if not leaking:
        return []
    everywhere = len(leaking) == len({s.fold for s in scored})
    where = "This split is" if everywhere else f"The folds {', '.join(leaking)} are"
    unknown = [s.section for s in scored if s.leaks and s.patient is None]
    doubt = f" (no patient id is known for {', '.join(unknown)})" if unknown else ""
    return [f"{where} {LEAK}{doubt}."]


def protocol_sentence(protocol: Protocol, min_counts: int) -> list[str]:
    """Return the unit, the ranking and which spots count; then the protocol's own note."""
    spots = "every spot is scored" if not min_counts else f"spots under {min_counts} counts are set aside"
    stated = (
        f"Protocol {protocol.name}: truth is {protocol.unit}; {spots}; in brackets the {N_TOP} genes "
        f"{RANKINGS[protocol.ranking]}."
    )
    return [stated, protocol.note] if protocol.note else [stated]


def interval_sentence(patients: Sequence[str | None]) -> str:
    """Return over what the intervals were drawn, and what they can not say."""
    if interval_over(patients) == "patients":
        return f"Intervals are 95 % by bootstrap over {len(set(patients))} patients."
    if len(patients) < 2:
        return "With one test section there is no interval."
    known = len({patient for patient in patients if patient is not None})
    return (
        f"Intervals are 95 % by bootstrap over {len(patients)} sections, not patients ({known} known, {MIN_PATIENTS} "
        "are needed): they say nothing about new patients."
    )


def interval_over(patients: Sequence[str | None]) -> str:
    """Return "patients" or "sections": what the bootstrap draws."""
    return "patients" if enough_patients(patients) else "sections"


def undefined_sentence(predictors: Figures, names: Sequence[str] = (DEPTH,)) -> list[str]:
    """Return how many genes have no defined score, or nothing."""
    said = []
    for name in names:
        lost = predictors[name]["undefined"]
        if lost:
            genes = f"{lost} gene{'' if lost == 1 else 's'}"
            said.append(
                f"{name}: r is not defined for {genes} (summed over test sections), where measured or predicted values "
                "are constant or the file lacks the gene; they are left out of the means."
            )
    return said


def calibration_sentence(recipe: str, found: Mapping[str, Any] | None) -> str:
    """Return what a recipe's stated confidence is worth."""
    if found is None:
        return f"{recipe}: its unit can not be computed from counts here, so its confidence is not judged."
    right = f"{found['right']:.0%} of {found['places']} places are predicted better than by the training mean"
    abstained = _abstention(found)
    if not found["stated"]:
        return f"{recipe} states no confidence; {right}{abstained}."
    silent = found["places"] - found["stated"] - found["abstained"]
    on = calibrated_on(found)
    return (
        f"{recipe}: {right}; its confidence is off by {number(found['ece'])} on average (expected calibration error), "
        f"and {found['surer_half']:.0%} are right in the surer half, {found['other_half']:.0%} in the other"
        + (f"; it is {on}" if on else "; it does not say on what it was calibrated")
        + (f"; {silent} place{' has' if silent == 1 else 's have'} none" if silent else "")
        + f"{abstained}."
    )


def calibrated_on(found: Mapping[str, Any]) -> str:
    """Return on what a confidence was calibrated, fold by fold; "" where it does not say."""
    first, *others = found["calibrated"] or [""]
    return ", ".join([first, *(text.removeprefix(CALIBRATED_ON) for text in others)])


def _abstention(found: Mapping[str, Any]) -> str:
    if not found["abstained"]:
        return ""
    places = "1 place looks" if found["abstained"] == 1 else f"{found['abstained']} places look"
    return f"; {places} like nothing in training, where it abstains ({found['abstained_right']:.0%} are right)"


def reuse_sentence(recipe: str, found: Mapping[str, float]) -> str:
    """Return whether retrieval leans on a few reference spots."""
    return (
        f"{recipe} retrieves {found['used']:.0%} of the reference spots for one place or another; the {N_HUBS} most "
        f"used have {found['hubs']:.1%} of all weight ({found['even']:.1%} if all were used alike)."
    )


def paired_sentence(item: Mapping[str, Any]) -> str:
    """Return how much higher one recipe's r is than another's, over the same genes."""
    parts = []
    for key, where in (("all", "over all genes"), ("top", f"over the {N_TOP} highest by training mean")):
        found = item[key]
        intervals = [_span(found["interval"]), f"{_span(found['interval_genes'])} over genes"]
        known = ", ".join(text for text in intervals if not text.startswith("–"))
        parts.append(f"{found['difference']:+.3f} {where} (95 % {known}; Wilcoxon over genes p = {found['p']:.2g})")
    return f"{item['first']} against {item['second']}, r gene by gene: {'; '.join(parts)}."


def _span(limits: Sequence[float]) -> str:
    low, high = (number(value, digits=3) for value in limits)
    return "–" if low == "–" else f"{low} to {high}"


def headline(metrics: Mapping[str, Any]) -> list[str]:
    """Return the few sentences that stand on top: the best recipe, new patients, the ceiling."""
    predictors, recipes = metrics["predictors"], metrics["recipes"]
    ranking = metrics["ranking_name"]
    scored = [name for name in recipes if math.isfinite(predictors[name]["r"])]
    if len(recipes) <= FEW:
        said = [recipe_sentence(name, predictors, ranking) for name in recipes]
    elif scored:
        best = max(scored, key=lambda name: predictors[name]["r"])
        chosen = f"Of {len(recipes)} recipes the highest here (chosen after the fact) is "
        said = [chosen + recipe_sentence(best, predictors, ranking)]
    else:
        said = ["No recipe has a defined r."]
    verdicts = metrics["new_patients"]
    reasons = {verdict["reason"] for verdict in verdicts.values() if verdict["verdict"] == NOT_ASSESSABLE}
    said += [f"On new patients: {NOT_ASSESSABLE} ({reason})." for reason in sorted(reasons)]
    by_verdict: dict[str, list[str]] = {}
    for name, verdict in verdicts.items():
        if verdict["verdict"] != NOT_ASSESSABLE:
            by_verdict.setdefault(verdict["verdict"], []).append(name)
    than = f"than the best predictor that never saw the image, {metrics['best_null']}"
    said += [f"On new patients, {verdict} {than}: {', '.join(names)}." for verdict, names in by_verdict.items()]
    return [*said, ceiling_sentence(metrics["ceiling"], ranking)]


def not_new_patients(metrics: Mapping[str, Any]) -> list[str]:
    """Return what in this evaluation favours the scores, and what they do not speak of."""
    said = [metrics["protocol_note"]] if metrics["protocol_note"] else []
    if metrics["ranking_name"] in ("test_mean", "test_variance"):
        said.append(f"The {N_TOP} genes of the second figure were ranked on the test sections themselves.")
    said.append("Panel, normalisation and every fitted step come from training sections only.")
    nameless = [section["name"] for section in metrics["sections"] if section["patient"] is None]
    if nameless:
        said.append(f"No patient id is known for {', '.join(nameless)}: whether they leak can not be known.")
    loud = [section["name"] for section in metrics["sections"] if section["more_than_a_fifth"]]
    if loud:
        said.append(f"More than a fifth of the spots were set aside in {', '.join(loud)}.")
    return [*said, metrics["interval_sentence"]]


def set_aside(section: Measured, min_counts: int) -> dict[str, Any]:
    """Return how many spots of a test section are scored, and a sentence where some are not."""
    lost, share = section.n_set_aside, section.n_set_aside / max(section.n_spots, 1)
    note = ""
    if lost:
        loud = ", more than a fifth" if share > MAX_SET_ASIDE else ""
        note = (
            f"{section.name}: {lost} of {section.n_spots} spots have under {min_counts} counts and are set aside"
            f" ({share:.0%}{loud})."
        )
    return {
        "name": section.name,
        "patient": section.patient,
        "spots": section.n_spots,
        "set_aside": lost,
        "more_than_a_fifth": share > MAX_SET_ASIDE,
        "note": note,
    }


def number(value: float | None, *, digits: int = 2) -> str:
    """Return a figure as text; a dash where it is not defined."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def _pair(figures: Mapping[str, Any], ranking: Ranking | None = None) -> str:
    label = "" if ranking is None else f"{TOP_LABELS[ranking]} "
    return f"{number(figures['r'])} ({label}{number(figures['r_top'])})"
