"""A cohort: sections with patient ids, written in a `cohort.toml`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SectionSource:
    """Where the parts of one section lie; nothing is opened yet. Paths are absolute."""

    name: str
    patient: str | None = None
    slide: Path | None = None
    spots: Path | None = None
    positions: Path | None = None
    mpp: float | None = None
    scale: float = 1.0
    """Slide pixels per spot-file pixel, where the slide is a reduced copy."""
    annotations: Path | None = None


@dataclass(frozen=True)
class Cohort:
    """Sections of one study; section names are unique."""

    path: Path
    sections: tuple[SectionSource, ...]
