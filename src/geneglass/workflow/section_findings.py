"""What is asked of a section's report, and what it says before anything is drawn."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geneglass.data.section import Section
from geneglass.errors import InputError, UsageError
from geneglass.workflow import section_words as words
from geneglass.workflow.section_facts import GeneFacts, Sides, gene_facts, sides_of

if TYPE_CHECKING:
    from anndata import AnnData

MOST_GENES = 60


@dataclass(frozen=True)
class SectionReport:
    """What is reported.

    Attributes
    ----------
    section
        An open section, with the domains drawn on it.
    prediction
        Of it.
    genes
        In the order they are shown.
    out
        The page, a file that ends in .html; the PDF of the same name goes beside it.
    colourmap
        A sequential matplotlib colourmap.
    note
        What the person who reports wants to say.
    """

    section: Section
    prediction: "AnnData"
    genes: tuple[str, ...]
    out: Path
    colourmap: str = "viridis"
    note: str = ""

    def __post_init__(self) -> None:
        if self.out.suffix.lower() != ".html":
            raise UsageError(f"A report ends in .html, got {self.out.name!r}; its PDF goes beside it.")
        if not 1 <= len(self.genes) <= MOST_GENES:
            raise UsageError(f"A report has 1 to {MOST_GENES} genes, got {len(self.genes)}: choose fewer, or one.")
        if self.section.slide is None and self.section.spots is None:
            raise InputError(f"{self.section.name} has neither slide nor spots to draw.")


@dataclass(frozen=True)
class Found:
    """What the page and the PDF are made of."""

    sides: Sides
    facts: tuple[GeneFacts, ...]
    training: bool
    warnings: tuple[str, ...]
    tables: dict[str, words.Rows]


def find(what: SectionReport) -> Found:
    """Return everything the report says, before anything is drawn."""
    stated = dict(what.prediction.uns.get("geneglass", {}))
    sides = sides_of(what.section, what.prediction, what.genes)
    facts = gene_facts(what.section, what.prediction, what.genes, sides)
    obs = what.prediction.obs
    training = "trained_on" in obs and bool(np.asarray(obs["trained_on"], bool).any())
    tables = {
        "genes": words.gene_table(facts, training=training),
        "domains": words.domain_table(what.section, facts),
        "means": words.means_table(facts),
        "provenance": words.provenance_table(what.section, stated),
    }
    told = words.warnings(what.section, stated, sides, training=training)
    return Found(sides, facts, training, told, tables)
