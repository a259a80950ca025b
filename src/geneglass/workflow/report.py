"""The report of an evaluation: one HTML file that needs no network."""

from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Any

import pandas as pd

from geneglass.workflow.protocol import N_TOP
from geneglass.workflow.report_figures import gene_scatter, section_strip
from geneglass.workflow.statements import number

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>geneglass evaluation</title>
<style>
:root{--ink:#1d2433;--soft:#5b6475;--line:#e3e6ec;--mark:#5a3e8e;--null:#c77d2e;--bg:#f7f7fa}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:1040px;margin:0 auto;padding:40px 24px 64px}h1{font-size:28px;margin:0 0 4px}
h2{font-size:19px;margin:40px 0 10px}p{margin:8px 0}.soft{color:var(--soft);font-size:14px}
.card{background:#fff;border:1px solid var(--line);border-radius:10px;padding:18px 22px;margin:16px 0;overflow-x:auto}
.sum p{font-size:18px;margin:6px 0}.warn{border-left:6px solid #b3402a;background:#fdf3f1}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th{text-align:right;font-weight:600;color:var(--soft);border-bottom:2px solid var(--line);padding:6px 10px}
td{text-align:right;border-bottom:1px solid var(--line);padding:6px 10px;white-space:nowrap}
th:first-child,td:first-child{text-align:left}tr.recipe td{font-weight:600;color:var(--mark)}
tr.best td{color:var(--null);font-weight:600}tr.limit td{font-style:italic;color:var(--soft)}
img{max-width:100%;height:auto;display:block}.pair{display:grid;gap:16px;
grid-template-columns:repeat(auto-fit,minmax(360px,1fr))}
ul{margin:6px 0;padding-left:20px}li{margin:4px 0}
</style></head><body><main>
<h1>How well does the picture predict the genes?</h1>
<p class="soft">geneglass $version · protocol $protocol · split: $split · encoder $encoder</p>
$banner
<div class="card sum">$summary</div>
<h2>Every predictor, on sections it never saw</h2>
<p class="soft">r is the correlation of predicted and measured values over the spots of a section, averaged over genes,
then over sections; 1 is perfect, 0 is chance. Below the recipes stand predictors that never saw the image:
a recipe is worth something by what it has beyond the best of them (amber).</p>
<div class="card">$table</div>
<div class="card">$strip</div>
<h2>Gene by gene</h2>
<p class="soft">Each dot is a gene, its r averaged over sections. Above the line the picture adds something
to what position or depth alone give.</p>
<div class="pair">$scatters</div>
<h2>Section by section</h2>
<div class="card">$sections</div>
<h2>How this was measured</h2>
<div class="card"><ul>$details</ul></div>
</main></body></html>
""")

_COLUMNS = Template("""<p class="soft">$top genes: $ranking. MSE, MAE and spread (standard deviation predicted over
measured) are given only where prediction and truth have one unit. undefined: genes without a defined r, summed over
sections. Gene mean is the same at every spot: it has no r, and is what MSE must be read against.</p>""")


def render(metrics: Mapping[str, Any], genes: pd.DataFrame) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    metrics
        What `metrics.complete` returned.
    genes
        One row per recipe, test section and gene, as in per_gene.csv.
    """
    recipes = metrics["recipes"]
    scatters = (gene_scatter(genes, recipe, metrics["best_null"]) for recipe in recipes)
    n_main = 2 * len(recipes) + int(metrics["leaks"]) + 1
    said = metrics["sentences"]
    banner = f'<div class="card warn"><p>{escape(said[0])}</p></div>' if metrics["leaks"] else ""
    return _PAGE.substitute(
        version=escape(metrics["version"]),
        protocol=escape(metrics["protocol"]),
        split=escape(metrics["split"]),
        encoder=escape(metrics["encoder"]),
        banner=banner,
        summary=_paragraphs(said[int(metrics["leaks"]) : n_main]),
        table=_predictors(metrics),
        strip=_image(section_strip(metrics), "Mean r of every predictor in every section"),
        scatters="".join(
            f'<div class="card">{_image(picture, f"r per gene of {recipe} against the best null")}</div>'
            for recipe, picture in zip(recipes, scatters, strict=True)
        ),
        sections=_sections(metrics),
        details="".join(f"<li>{escape(sentence)}</li>" for sentence in (*said[n_main:], *_made(metrics))),
    )


def _paragraphs(sentences: Sequence[str]) -> str:
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def _image(source: str, meaning: str) -> str:
    return f'<img src="{source}" alt="{escape(meaning)}">'


def _predictors(metrics: Mapping[str, Any]) -> str:
    head = ("", "mean r", "95 %", f"{N_TOP} genes", "95 %", "rank r", "MSE", "MAE", "spread", "undefined")
    rows = []
    for name, figures in metrics["predictors"].items():
        kind = "recipe" if name in metrics["recipes"] else "best" if name == metrics["best_null"] else ""
        cells = [
            name,
            number(figures["r"], digits=3),
            _interval(figures["r_interval"]),
            number(figures["r_top"], digits=3),
            _interval(figures["r_top_interval"]),
            *(number(figures[key], digits=3) for key in ("spearman", "mse", "mae", "spread_ratio")),
            str(figures["undefined"]),
        ]
        rows.append(_row(cells, kind))
    limit = metrics["ceiling"]
    ceiling = ["noise ceiling", number(limit["r"], digits=3), "", number(limit["r_top"], digits=3), *[""] * 5]
    rows.append(_row([*ceiling, str(limit["undefined"])], "limit"))
    return _table(head, rows) + _COLUMNS.substitute(ranking=escape(metrics["ranking"]), top=N_TOP)


def _sections(metrics: Mapping[str, Any]) -> str:
    shown = [*metrics["recipes"], metrics["best_null"]]
    about = {section["name"]: section for section in metrics["sections"]}
    rows = []
    for name, figures in metrics["by_section"].items():
        section = about[name]
        cells = [
            name,
            section["patient"] or "–",
            str(section["spots"] - section["set_aside"]),
            str(section["set_aside"]),
        ]
        rows.append(_row([*cells, *(number(figures[predictor]["r"], digits=3) for predictor in shown)], ""))
    return _table(("section", "patient", "spots", "set aside", *(f"r, {name}" for name in shown)), rows)


def _made(metrics: Mapping[str, Any]) -> list[str]:
    sizes = sorted(set(metrics["panel"]["genes"].values()))
    size = str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    made = [f"Panel: {size} genes, {metrics['panel']['source']}."]
    made += [f"Fold {f['name']}: tested on {', '.join(f['test'])}{_leak(f)}." for f in metrics["folds"]]
    made += [f"{name}: {unit['reason']}." for name, unit in metrics["units"].items() if unit["reason"]]
    settings = ", ".join(f"{key} = {value}" for key, value in metrics["settings"].items()) or "default"
    return [*made, f"Settings: {settings}; seed {metrics['seed']}."]


def _leak(fold: Mapping[str, Any]) -> str:
    return " (leaking)" if fold["leaks"] else ""


def _interval(limits: Sequence[float]) -> str:
    low, high = (number(value) for value in limits)
    return "–" if low == "–" else f"{low} to {high}"


def _row(cells: Sequence[str], kind: str) -> str:
    return f'<tr class="{kind}">' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _table(head: Sequence[str], rows: Sequence[str]) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
