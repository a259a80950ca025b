"""The tables of the report, as HTML."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from geneglass.workflow.measured import SHUFFLED
from geneglass.workflow.protocol import TOP_LABELS
from geneglass.workflow.reuse import N_HUBS
from geneglass.workflow.scores import MEASURED
from geneglass.workflow.statements import calibrated_on, number

UPRIGHT = 5
"""With more columns of recipes their names are turned, so that the table fits."""

Metrics = Mapping[str, Any]


def correlations(metrics: Metrics) -> str:
    """Return r of every predictor, with intervals, over all genes and over those that matter most."""
    head = ["", "mean r", "95 %", _top(metrics), "95 %", TOP_LABELS["train_variance"], "95 %"]
    head += ["rank r", "r / ceiling", "shuffled", "undefined"]
    rows = []
    for name, figures in _shown(metrics).items():
        shuffled = metrics["predictors"].get(f"{name}, {SHUFFLED}", {}).get("r")
        cells = [name]
        for key in ("r", "r_top", "r_hvg"):
            cells += [number(figures[key], digits=3), _interval(figures[f"{key}_interval"])]
        cells += [number(figures["spearman"], digits=3), number(figures["of_ceiling"]), number(shuffled, digits=3)]
        rows.append(_row([*cells, str(figures["undefined"])], _kind(name, metrics)))
    limit = metrics["ceiling"]
    ceiling = ["noise ceiling"]
    for key in ("r", "r_top", "r_hvg"):
        ceiling += [number(limit[key], digits=3), ""]
    rows.append(_row([*ceiling, "", "", "", str(limit["undefined"])], "limit"))
    return _table(head, rows)


def structure(metrics: Metrics) -> str:
    """Return errors, spread and spatial structure of every predictor."""
    head = ("", "MSE", "MAE", "spread", "Moran's I", "I: r over genes")
    keys = ("mse", "mae", "spread_ratio", "moran", "moran_r")
    rows = [
        _row([name, *(number(figures.get(key), digits=3) for key in keys)], _kind(name, metrics))
        for name, figures in _shown(metrics).items()
    ]
    measured = ["measured", "0", "0", "1", number(metrics["moran_measured"], digits=3), "1"]
    return _table(head, [*rows, _row(measured, "limit")])


def pairs(metrics: Metrics, genes: str) -> str:
    """Return the differences of recipes as a square, row minus column; `genes` is "all" or "top"."""
    named = (name for item in metrics["paired"] for name in (item["first"], item["second"]))
    recipes = list(dict.fromkeys(named)) or metrics["recipes"]
    found = {(item["first"], item["second"]): item[genes] for item in metrics["paired"]}
    widest = max((abs(item["difference"]) for item in found.values()), default=0.0)
    over = str(metrics["interval_over"])
    rows = []
    for row in recipes:
        cells = [f"<td>{escape(row)}</td>"]
        for column in recipes:
            same_order = (row, column) in found
            item = found.get((row, column)) or found.get((column, row))
            cells.append("<td></td>" if item is None else _difference(item, 1 if same_order else -1, widest, over))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return _table(("", *recipes), rows, kind="turned" if len(recipes) > UPRIGHT else "square")


def groups(metrics: Metrics) -> str:
    """Return ARI and NMI of clusters against labels, by section and on average."""
    found = metrics["groups"]
    sections = list(found["by_section"])
    rows = []
    for name, mean in found["mean"].items():
        cells = [name, *(number(mean[key]) for key in ("ari", "nmi"))]
        for section in sections:
            here = found["by_section"][section][name]
            cells.append(f"{number(here['ari'])} / {number(here['nmi'])}")
        rows.append(_row(cells, "limit" if name == MEASURED else _kind(name, metrics)))
    of = [f"{section} ({len(found['classes'][section])} regions)" for section in sections]
    return _table(("", "mean ARI", "mean NMI", *of), rows)


def calibration(metrics: Metrics) -> str:
    """Return what each recipe's stated confidence is worth."""
    shares_of = ("with confidence", "off by", "right, surer half", "right, other half")
    head = ("", "places", "right", *shares_of, "abstained", "calibrated")
    rows = []
    for name, found in metrics["calibration"].items():
        if found is None:
            rows.append(_row([name, *["–"] * 7, "not judged: its unit can not be computed here"], "recipe"))
            continue
        on = calibrated_on(found) or ("does not say" if found["stated"] else "states no confidence")
        shares = [_percent(found["right"]), str(found["stated"]), number(found["ece"])]
        halves = [_percent(found[key]) for key in ("surer_half", "other_half")]
        rows.append(_row([name, str(found["places"]), *shares, *halves, str(found["abstained"]), on], "recipe"))
    return _table(head, rows)


def reuse(metrics: Metrics) -> str:
    """Return how each recipe that retrieves uses its reference spots."""
    rows = [
        _row([name, *(f"{found[key]:.1%}" for key in ("used", "hubs", "even"))], "recipe")
        for name, found in metrics["reuse"].items()
        if found
    ]
    head = ("", "reference spots used", f"weight of the {N_HUBS} most used", "if all were used alike")
    return _table(head, rows) if rows else ""


def sections(metrics: Metrics) -> str:
    """Return mean r by test section, of every recipe and of the best null."""
    shown = [*metrics["recipes"], metrics["best_null"]]
    about = {section["name"]: section for section in metrics["sections"]}
    rows = []
    for name, figures in metrics["by_section"].items():
        section = about[name]
        scored = section["spots"] - section["set_aside"]
        cells = [name, section["patient"] or "–", str(scored), str(section["set_aside"])]
        rows.append(_row([*cells, *(number(figures[predictor]["r"], digits=3) for predictor in shown)], ""))
    head = ("section", "patient", "spots", "set aside", *(f"r, {name}" for name in shown))
    return _table(head, rows, kind="turned" if len(shown) > UPRIGHT else "")


def folds(metrics: Metrics) -> str:
    """Return which sections were tested in which fold, and which folds leak."""
    rows = [
        _row([fold["name"], ", ".join(fold["test"]), "yes: the patient is in training" if fold["leaks"] else "no"], "")
        for fold in metrics["folds"]
    ]
    return _table(("left out", "tested on", "leaks"), rows, kind="words")


def _shown(metrics: Metrics) -> dict[str, Any]:
    return {
        name: metrics["predictors"][name] for name in (*metrics["recipes"], *metrics["controls"], *metrics["nulls"])
    }


def _kind(name: str, metrics: Metrics) -> str:
    return "recipe" if name in metrics["recipes"] else "best" if name == metrics["best_null"] else ""


def _top(metrics: Metrics) -> str:
    return str(TOP_LABELS[metrics["ranking_name"]])


def _difference(item: Mapping[str, Any], sign: int, widest: float, over: str) -> str:
    value = sign * item["difference"]
    limits = [number(sign * limit, digits=3) for limit in item["interval"][::sign]]
    by_gene = [number(sign * limit, digits=3) for limit in item["interval_genes"][::sign]]
    low, high = item["interval"]
    mark = "*" if low > 0 or high < 0 else ""
    strength = abs(value) / widest if widest else 0.0
    colour = "90,62,142" if value > 0 else "199,125,46"
    told = (
        f"95 % {limits[0]} to {limits[1]} over {over}, {by_gene[0]} to {by_gene[1]} over genes; "
        f"higher in {item['higher' if sign > 0 else 'lower']} of {item['genes']} genes; "
        f"p = {item['p']:.2g}"
    )
    style = f"background:rgba({colour},{0.4 * strength:.2f})"
    return f'<td style="{style}" title="{escape(told)}">{value:+.3f}{mark}</td>'


def _interval(limits: Sequence[float]) -> str:
    low, high = (number(value) for value in limits)
    return "–" if low == "–" else f"{low} to {high}"


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.0%}"


def _row(cells: Sequence[str], kind: str) -> str:
    return f'<tr class="{kind}">' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _table(head: Sequence[str], rows: Sequence[str], *, kind: str = "") -> str:
    titles = "".join(f"<th><span>{escape(title)}</span></th>" for title in head)
    return f'<table class="{kind}"><thead><tr>{titles}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
