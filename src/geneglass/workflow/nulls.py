"""Score the predictors that see no image on a cohort; sections need no slide."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from geneglass.data.cohort import Cohort, SectionSource, read_cohort
from geneglass.data.genes import choose_panel, panel_counts, read_panel
from geneglass.data.laying import laid
from geneglass.data.section import Section
from geneglass.data.sisters import require_apart
from geneglass.data.split import Fold, folds
from geneglass.data.spot_formats import open_spots
from geneglass.data.spots import Spots
from geneglass.errors import InputError
from geneglass.workflow.config import MIN_COUNTS
from geneglass.workflow.enough_spots import require_spots_left, require_training_spots
from geneglass.workflow.measured import NULLS, Measured, measure
from geneglass.workflow.protocol import Protocol, get_protocol
from geneglass.workflow.scores import Scored, ranked, score_image_free, section_figures, summary
from geneglass.workflow.statements import (
    best_null,
    interval_sentence,
    leak_sentence,
    null_sentence,
    protocol_sentence,
    set_aside,
    undefined_sentence,
)

PANEL_SIZE = 1000


def score_nulls(
    cohort_path: Path,
    *,
    protocol: str = "geneglass",
    panel: Path | None = None,
    split: str = "patient",
    min_counts: int = MIN_COUNTS,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the scores of depth, position, gene mean and random references, by section and overall.

    Parameters
    ----------
    protocol
        `geneglass`, or as published `mclstexp` or `hest`, which keep every spot.
    panel
        A text file of genes; else 1,000 are chosen on each fold's training sections.
    split
        `patient` or `section`; the latter leaks and says so.
    """
    rules = get_protocol(protocol)
    cohort = read_cohort(cohort_path)
    divisions = folds(cohort.sections, split)
    limit = 0 if rules.every_spot else min_counts
    genes = None if panel is None else read_panel(panel)
    scored, sections = _score_folds(cohort, divisions, rules, genes, limit=limit, seed=seed)
    predictors = {name: summary(scored, name, rules.ranking, seed=seed) for name in NULLS}
    n_spots = sum(s["spots"] - s["set_aside"] for s in sections)
    return {
        "protocol": rules.name,
        "protocol_note": rules.note,
        "unit": rules.unit,
        "ranking": rules.ranking,
        "split": split,
        "leaks": any(fold.leaks for fold in divisions),
        "panel": "chosen on training sections" if panel is None else panel.name,
        "min_counts": limit,
        "n_spots": n_spots,
        "sections": sections,
        "predictors": predictors,
        "best_null": best_null(predictors),
        "by_ranking": {name: ranked(scored, name) for name in NULLS},
        "by_section": {s.section: {name: section_figures(s, name) for name in NULLS} for s in scored},
        "sentences": [
            f"{n_spots:,} spots of {len(sections)} sections are scored.",
            *protocol_sentence(rules, limit),
            *leak_sentence(scored),
            null_sentence(predictors, rules.ranking),
            interval_sentence([s.patient for s in scored]),
            *undefined_sentence(predictors),
            *(s["note"] for s in sections if s["note"]),
        ],
    }


def _score_folds(
    cohort: Cohort,
    divisions: Sequence[Fold],
    protocol: Protocol,
    genes: tuple[str, ...] | None,
    *,
    limit: int,
    seed: int,
) -> tuple[list[Scored], list[dict[str, Any]]]:
    tables = {source.name: _spots(source) for source in cohort.sections}
    sources = {source.name: source for source in cohort.sections}
    require_apart(divisions, {name: _without_slide(sources[name], table) for name, table in tables.items()})

    def measured(name: str, panel: tuple[str, ...]) -> Measured:
        return measure(sources[name], tables[name], panel, protocol, min_counts=limit)

    fixed = None if genes is None else {name: measured(name, genes) for name in tables}
    scored, sections = [], []
    for fold in divisions:
        for name in fold.train:
            require_training_spots(name, tables[name], limit)
        panel = genes or choose_panel([tables[name] for name in fold.train], PANEL_SIZE, limit)
        by_name = fixed or {name: measured(name, panel) for name in (*fold.train, *fold.test)}
        references = [by_name[name] for name in fold.train]
        require_genes(references, [tables[name] for name in fold.train])
        for name in fold.test:
            require_spots_left(by_name[name], limit)
            one = score_image_free(by_name[name], references, protocol, seed=seed, brief=True)
            scored.append(replace(one, fold=fold.name, leaks=fold.leaks))
            sections.append(set_aside(by_name[name], limit))
    return scored, sections


def require_genes(references: Sequence[Measured], tables: Sequence[Spots]) -> None:
    """Refuse training sections whose file lacks a gene of the panel; `panel_counts` names them."""
    for reference, table in zip(references, tables, strict=True):
        if np.isnan(reference.counts).any():
            panel_counts(table, reference.genes)


def _without_slide(source: SectionSource, spots: Spots) -> Section:
    bare = replace(source, slide=None, orientation=None)
    return Section(bare, None, spots, None, "", laid(bare, None, spots, source.scale), None)


def _spots(source: SectionSource) -> Spots:
    if source.spots is None:
        raise InputError(f"Section {source.name} has no measured spots; add `spots` to it in the cohort file.")
    return open_spots(source.spots, source.positions)
