"""Reports and scores as tables for people."""

import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

FILE_WIDTH = 120
"""Characters of a table that goes into a file or a pipe."""


def console_for_tables() -> Console:
    """Return a console as wide as the terminal, or wide enough for a file."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH)


def show_checks(checked: Any) -> None:
    """Print what was read of each section, and which sections belong together."""
    out = Console(highlight=False)
    for report in checked.sections:
        facts = dict(report.to_dict())
        warnings, errors = facts.pop("warnings", []), facts.pop("errors", [])
        out.print(f"[bold]{escape(str(facts.pop('name', '')))}[/]")
        table = Table(box=None, show_header=False, pad_edge=False)
        for key, value in facts.items():
            if value not in (None, "", [], {}):
                table.add_row(f"  {key.replace('_', ' ')}", escape(_text(value)))
        out.print(table)
        for kind, colour, sentences in (("warning", "yellow", warnings), ("error", "red", errors)):
            for sentence in sentences:
                out.print(f"  [{colour}]{kind}:[/] {escape(sentence)}", soft_wrap=True)
    for sentence in checked.sisters:
        out.print(f"[yellow]sisters:[/] {escape(sentence)}", soft_wrap=True)


def show_scores(metrics: Mapping[str, Any]) -> None:
    """Print each recipe beside every null, then the sentences of the evaluation."""
    _show_predictors("predictor", metrics["predictors"], metrics["ranking_name"])
    _show_sentences(metrics)


def show_nulls(scores: Mapping[str, Any]) -> None:
    """Print the predictors that see no image."""
    _show_predictors("sees no image", scores["predictors"], scores["ranking"])
    _show_rankings(scores["by_ranking"])
    _show_sentences(scores)


def _show_predictors(title: str, predictors: Mapping[str, Mapping[str, Any]], ranking: str) -> None:
    from geneglass.workflow.protocol import HVG, TOP_LABELS  # heavy, and of no use to most commands

    labels = dict[str, str](TOP_LABELS.items())
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title, no_wrap=True)
    for column in ("mean r", labels[ranking], labels[HVG], "MSE", "undefined"):
        table.add_column(column, justify="right")
    for name, values in predictors.items():
        r, at_top = (_with_interval(values, key) for key in ("r", "r_top"))
        table.add_row(escape(name), r, at_top, *(_text(values.get(key)) for key in ("r_hvg", "mse", "undefined")))
    console_for_tables().print(table)


def _show_rankings(by_ranking: Mapping[str, Mapping[str, Any]]) -> None:
    """Print mean r over the 50 genes of every ranking, whichever the protocol's own is."""
    from geneglass.workflow.protocol import TOP_LABELS

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("mean r over", no_wrap=True)
    for label in ("all genes", *TOP_LABELS.values()):
        table.add_column(label, justify="right")
    for name, values in by_ranking.items():
        shown = (values["r"], *(values[f"r_top_{ranking}"] for ranking in TOP_LABELS))
        table.add_row(escape(name), *map(_text, shown))
    console_for_tables().print(table)


def _with_interval(values: Mapping[str, Any], key: str) -> str:
    low, high = values.get(f"{key}_interval") or (None, None)
    return _text(values.get(key)) + ("" if low is None else f" [{low:.3f}, {high:.3f}]")


def _show_sentences(scores: Mapping[str, Any]) -> None:
    for sentence in scores.get("sentences", []):
        Console(highlight=False).print(escape(sentence), soft_wrap=True)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    return str(value)
