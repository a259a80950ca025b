"""The sentences and tables of a section's report, the same in its page and in its PDF."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from geneglass.data.section import Section
from geneglass.model.trust import BETTER, NOT_BETTER
from geneglass.workflow.section_facts import GeneFacts, Sides

Rows = list[tuple[str, ...]]
"""A table: the first row is its head."""

VERDICTS = {
    BETTER: "better than every guess without the image, on patients left out",
    NOT_BETTER: "not shown to be better than a guess without the image",
}


def number(value: float, digits: int = 2) -> str:
    """Return a number with a true minus sign, a dash where it is not known."""
    return "–" if not math.isfinite(value) else f"{value:.{digits}f}".replace("-", "−")


def warnings(section: Section, stated: Mapping[str, Any], sides: Sides, *, training: bool) -> tuple[str, ...]:
    """Return what must be known before any figure is read."""
    told = []
    if training:
        told.append(
            f"{section.name} is training data: the model has seen its measured values, so that r here says nothing "
            "about new tissue; held-out r does."
        )
    if stated.get("leaks"):
        told.append("Held-out r leaks: sister sections of the same patient stayed in training.")
    if sides.measured is None:
        told.append("Nothing was measured on this section: its maps are predictions that can not be checked here.")
    elif not sides.paired:
        told.append("The prediction is of a grid, not of the measured spots: there is no r on this section.")
    return tuple(told)


def headline(facts: GeneFacts, sides: Sides, *, training: bool) -> str:
    """Return what stands above the maps of a gene."""
    held_out = f"held-out r = {number(facts.trust_r)}" if math.isfinite(facts.trust_r) else "no held-out r"
    if sides.paired and not training and math.isfinite(facts.r):
        return f"{facts.gene}: r = {number(facts.r)} here ({facts.n_spots:,} spots), {held_out}"
    return f"{facts.gene}: {held_out}"


def verdict(facts: GeneFacts) -> str:
    """Return how far a gene can be believed, in a sentence."""
    told = VERDICTS.get(facts.verdict, "not assessable: too few patients, or not checked on tissue left out")
    more = []
    if math.isfinite(facts.trust_low):
        more.append(f"95 % of held-out r: {number(facts.trust_low)} to {number(facts.trust_high)}")
    if math.isfinite(facts.null_r):
        more.append(f"best without the image ({facts.null}): {number(facts.null_r)}")
    if math.isfinite(facts.ceiling):
        more.append(f"noise ceiling: {number(facts.ceiling)}")
    return f"{told[:1].upper()}{told[1:]}. {'; '.join(more)}{'.' if more else ''}".strip()


def gene_table(facts: Sequence[GeneFacts], *, training: bool) -> Rows:
    """Return one row per gene."""
    here = "r here (training data)" if training else "r here"
    head = ("gene", here, "spots", "held-out r", "95 %", "without image", "ceiling", "mean", "detected", "verdict")
    rows: Rows = [head]
    for item in facts:
        interval = f"{number(item.trust_low)} to {number(item.trust_high)}" if math.isfinite(item.trust_low) else "–"
        seen = "–" if not math.isfinite(item.detected) else f"{item.detected:.0%}"
        figures = (number(item.r), f"{item.n_spots:,}", number(item.trust_r), interval, number(item.null_r))
        rows.append((item.gene, *figures, number(item.ceiling), number(item.mean), seen, item.verdict))
    return rows


def domain_table(section: Section, facts: Sequence[GeneFacts]) -> Rows:
    """Return one row per domain: its size, and r of each gene in it; a head alone where nothing is drawn."""
    area = {domain.name: 0.0 for domain in section.domains}
    people: dict[str, list[str]] = {name: [] for name in area}
    for domain in section.domains:
        area[domain.name] += float(domain.shape.area)
        people[domain.name] += [domain.annotator] if domain.annotator else []
    unit = "mm²" if section.mpp is not None else "px²"
    factor = 1.0 if section.mpp is None else section.mpp**2 / 1e6
    rows: Rows = [("domain", unit, "spots", "drawn by", *(f"r, {item.gene}" for item in facts))]
    for number_of, name in enumerate(area):
        inside = [item.domains[number_of] for item in facts]
        drawn = ", ".join(dict.fromkeys(people[name])) or "–"
        n = max((found.n_spots for found in inside), default=0)
        rows.append((name, f"{area[name] * factor:,.3g}", f"{n:,}", drawn, *(number(found.r) for found in inside)))
    return rows


def means_table(facts: Sequence[GeneFacts]) -> Rows:
    """Return measured and predicted mean of each gene in each domain."""
    names = [found.domain for found in facts[0].domains] if facts else []
    rows: Rows = [("mean, measured / predicted", *names)]
    for item in facts:
        cells = (f"{number(found.measured)} / {number(found.predicted)}" for found in item.domains)
        rows.append((item.gene, *cells))
    return rows


def provenance_table(section: Section, stated: Mapping[str, Any]) -> Rows:
    """Return where slide, spots, model and figures come from."""
    trained = ", ".join(map(str, stated.get("training_sections", ()))) or "not stated"
    stride = float(stated.get("stride_um", 0) or 0)
    rows: Rows = [("what", "")]
    rows += [
        ("section", f"{section.name}" + (f", patient {section.patient}" if section.patient else "")),
        ("slide", "none" if section.slide is None else section.slide.path.name),
        ("slide hash", str(stated.get("slide_hash", "")) or "not stated"),
        ("pixel size", "unknown" if section.mpp is None else f"{section.mpp:.4g} µm ({section.mpp_source})"),
        ("places predicted", f"a grid of {stride:g} µm" if stride else "the measured spots"),
        ("model", f"{stated.get('model', 'not stated')}"),
        ("model hash", str(stated.get("model_hash", "")) or "not stated"),
        ("recipe, encoder", f"{stated.get('recipe', '')}, {str(stated.get('encoder', '')).partition('@')[0]}"),
        ("trained on", trained),
        ("unit", str(stated.get("unit", ""))),
        ("spots set aside", f"under {stated.get('min_counts', 0)} counts"),
        ("confidence", str(stated.get("calibrated", "")) or "not calibrated"),
        ("geneglass", str(stated.get("version", ""))),
    ]
    return rows
