"""The report of an evaluation: one HTML file that needs no network."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from geneglass.workflow import report_tables as tables
from geneglass.workflow.calibration import MEANING
from geneglass.workflow.gene_maps import N_SHOWN, SectionMaps
from geneglass.workflow.protocol import N_TOP
from geneglass.workflow.report_figures import gene_scatter, predictor_strip, reliability_plots
from geneglass.workflow.report_maps import map_picture
from geneglass.workflow.report_page import CLUSTERS, COLUMNS, LEAKS, MAPS, OFF_BY, PAGE, PAIRS, REUSE, STRUCTURE
from geneglass.workflow.statements import headline, not_new_patients

Metrics = Mapping[str, Any]


def render(metrics: Metrics, genes: pd.DataFrame, maps: Mapping[str, SectionMaps]) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    metrics
        What `metrics.complete` returned.
    genes
        One row per recipe, test section and gene, as in per_gene.csv.
    maps
        Recipe -> its best and worst gene maps of one test section.
    """
    said = metrics["sentences"]
    banner = f'<div class="card warn"><p>{escape(said[0])}</p></div>' if metrics["leaks"] else ""
    return PAGE.substitute(
        version=escape(metrics["version"]),
        protocol=escape(metrics["protocol"]),
        split=escape(metrics["split"]),
        encoder=escape(metrics["encoder"]),
        banner=banner,
        summary=_paragraphs(headline(metrics)),
        strip=_image(predictor_strip(metrics), "Mean r of every predictor: sections, mean and interval"),
        table=tables.correlations(metrics),
        columns=COLUMNS.substitute(ranking=escape(metrics["ranking"]), hvg=escape(metrics["ranking_hvg"]), top=N_TOP),
        pairs=_pairs(metrics),
        scatters=_cards(
            _image(gene_scatter(genes, recipe, metrics["best_null"]), f"r per gene of {recipe} against the best null")
            for recipe in metrics["recipes"]
        ),
        maps=_maps(metrics, maps),
        structure=STRUCTURE + _card(tables.structure(metrics)),
        groups=_groups(metrics),
        calibration=_calibration(metrics),
        reuse=_reuse(metrics),
        sections=tables.sections(metrics),
        leaks=_leaks(metrics),
        details=_items([*said[int(metrics["leaks"]) :], *_made(metrics)]),
    )


def _pairs(metrics: Metrics) -> str:
    if len(metrics["recipes"]) < 2:
        return ""
    over = metrics["interval_over"]
    return PAIRS.substitute(
        all=tables.pairs(metrics, "all"), top=tables.pairs(metrics, "top"), over=escape(over), n_top=N_TOP
    )


def _maps(metrics: Metrics, maps: Mapping[str, SectionMaps]) -> str:
    best = max(maps, key=lambda name: metrics["predictors"][name]["r"], default=None)
    parts = []
    for recipe, found in maps.items():
        inside = "".join(
            f"<h3>{title}</h3>" + _cards(_image(map_picture(item, found), f"{item.gene}, {recipe}") for item in items)
            for title, items in (("Best", found.best), ("Worst", found.worst))
            if items
        )
        scale = "" if found.one_scale else "; the recipe predicts in another unit, so each map has its own scale"
        title = f"{recipe}, section {found.section}{scale}"
        opened = " open" if recipe == best else ""
        parts.append(f"<details{opened}><summary>{escape(title)}</summary>{inside}</details>")
    if not parts:
        return '<p class="soft">No recipe has a defined r, so there are no maps to choose.</p>'
    return MAPS.substitute(shown=N_SHOWN, unit=escape(metrics["unit"])) + "".join(parts)


def _groups(metrics: Metrics) -> str:
    if not metrics["groups"]["by_section"]:
        return '<p class="soft">No test section has regions named by a pathologist, so there is nothing to compare.</p>'
    return CLUSTERS + _card(tables.groups(metrics))


def _calibration(metrics: Metrics) -> str:
    found = metrics["calibration"]
    plots = ""
    if any(item and item["stated"] for item in found.values()):
        picture = reliability_plots(found)
        plots = f'<div class="card fit">{_image(picture, "Stated confidence against the share that was right")}</div>'
    return f'<p class="soft">{escape(MEANING)} {OFF_BY}</p>{plots}{_card(tables.calibration(metrics))}'


def _reuse(metrics: Metrics) -> str:
    table = tables.reuse(metrics)
    return REUSE + _card(table) if table else ""


def _leaks(metrics: Metrics) -> str:
    return (
        LEAKS + _card(tables.folds(metrics)) + f'<div class="card"><ul>{_items(not_new_patients(metrics))}</ul></div>'
    )


def _made(metrics: Metrics) -> list[str]:
    sizes = sorted(set(metrics["panel"]["genes"].values()))
    size = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    made = [f"Panel: {size} genes, {metrics['panel']['source']}."]
    made += [f"{name}: {unit['reason']}." for name, unit in metrics["units"].items() if unit["reason"]]
    settings = ", ".join(f"{key} = {value}" for key, value in metrics["settings"].items()) or "default"
    return [*made, f"Settings: {settings}; seed {metrics['seed']}."]


def _paragraphs(sentences: Sequence[str]) -> str:
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def _items(sentences: Iterable[str]) -> str:
    return "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)


def _card(content: str) -> str:
    return f'<div class="card">{content}</div>'


def _cards(contents: Iterable[str]) -> str:
    return f'<div class="grid">{"".join(_card(content) for content in contents)}</div>'


def _image(source: str, meaning: str) -> str:
    return f'<img src="{source}" alt="{escape(meaning)}">'
