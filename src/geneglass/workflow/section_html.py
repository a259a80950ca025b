"""A section's report as one HTML file that needs no network."""

from html import escape
from string import Template

from geneglass import __version__
from geneglass.workflow import section_words as words
from geneglass.workflow.events import Event, Job
from geneglass.workflow.report_svg import new_figure, png, svg
from geneglass.workflow.section_figures import Painter
from geneglass.workflow.section_findings import Found, SectionReport

WIDTH_IN, DPI = 7.6, 130

PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root{--ink:#1d2433;--soft:#545d6e;--line:#e3e6ec;--mark:#5a3e8e;--bg:#f7f7fa}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}h1{font-size:28px;margin:0 0 4px}
h2{font-size:20px;margin:40px 0 8px}h3{font-size:17px;margin:4px 0}
p{margin:8px 0;max-width:860px}.soft{color:var(--soft);font-size:14px}
.card{background:#fff;border:1px solid var(--line);border-radius:10px;padding:14px 18px;margin:14px 0;overflow-x:auto}
.warn{border-left:6px solid #b3402a;background:#fdf3f1}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
th{text-align:right;font-weight:600;color:var(--soft);border-bottom:2px solid var(--line);padding:6px 9px}
td{text-align:right;border-bottom:1px solid var(--line);padding:5px 9px}
th:first-child,td:first-child{text-align:left;white-space:nowrap}
table.words td,table.words th{text-align:left;overflow-wrap:anywhere}
img{max-width:100%;height:auto;display:block}
@media print{.card{break-inside:avoid}body{background:#fff}}
</style></head><body><main>
<h1>$title</h1>
<p class="soft">Predicted from the H&amp;E by geneglass $version. For research; not a diagnosis.</p>
$warnings
$note
<h2>How far each gene can be believed</h2>
<p class="soft">r is the correlation of predicted and measured values over spots: 1 is perfect, 0 is chance. Held-out r
was measured on training tissue that was left out. Without image: the best guess that never saw the picture. Ceiling:
the r that counting noise allows.</p>
<div class="card">$genes</div>
$trust
<h2>Maps</h2>
$maps
$domains
<h2>Where this comes from</h2>
<div class="card">$provenance</div>
</main></body></html>
""")


def render(what: SectionReport, found: Found) -> Job[str]:
    """Return the page."""
    painter = Painter(what, found)
    maps = []
    for column, facts in enumerate(found.facts):
        yield Event("Drawing the page", column, len(found.facts))
        figure = new_figure(WIDTH_IN, WIDTH_IN * 0.44 * painter.aspect * 2 / len(painter.maps(column)) + 0.3)
        painter.gene(figure, column)
        title = words.headline(facts, found.sides, training=found.training)
        told = f'<h3>{escape(title)}</h3><p class="soft">{escape(words.verdict(facts))}</p>'
        maps.append(f'<div class="card">{told}{_image(png(figure, DPI), f"Maps of {facts.gene}")}</div>')
    return PAGE.substitute(
        title=escape(f"{what.section.name}: {_genes(what)}"),
        version=escape(__version__),
        warnings="".join(f'<div class="card warn"><p>{escape(told)}</p></div>' for told in found.warnings),
        note=f'<div class="card"><p>{escape(what.note)}</p></div>' if what.note else "",
        genes=_table(found.tables["genes"]),
        trust=_trust(painter),
        maps="".join(maps),
        domains=_domains(painter),
        provenance=_table(found.tables["provenance"], kind="words"),
    )


def _genes(what: SectionReport) -> str:
    return ", ".join(what.genes) if len(what.genes) <= 4 else f"{len(what.genes)} genes"


def _trust(painter: Painter) -> str:
    if not len(painter.trust_values()):
        return '<p class="soft">The model file holds no held-out r: it was not checked on tissue left out.</p>'
    figure = new_figure(WIDTH_IN, 2.6)
    painter.trust(figure)
    return f'<div class="card">{_image(svg(figure), "Held-out r of all genes, the chosen ones marked")}</div>'


def _domains(painter: Painter) -> str:
    if not painter.what.section.domains:
        return '<h2>Domains</h2><p class="soft">No domains were drawn on this section.</p>'
    figure = new_figure(WIDTH_IN * 0.6, WIDTH_IN * 0.6 * painter.aspect)
    painter.domains(figure)
    tables = painter.found.tables
    return (
        f'<h2>Domains</h2><div class="card">{_image(png(figure, DPI), "The domains on the tissue")}</div>'
        f'<div class="card">{_table(tables["domains"])}</div><div class="card">{_table(tables["means"])}</div>'
    )


def _table(rows: words.Rows, *, kind: str = "") -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _image(source: str, meaning: str) -> str:
    return f'<img src="{source}" alt="{escape(meaning)}">'
