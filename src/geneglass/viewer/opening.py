"""Reading what the user opens, as a job: a slide may need its pyramid built first, which takes seconds."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geneglass.data.cohort import Cohort, SectionSource, find_section, read_cohort
from geneglass.data.section import open_section
from geneglass.errors import InputError
from geneglass.viewer.opened import Opened, joined
from geneglass.viewer.session import Session
from geneglass.workflow.events import Event, Job

if TYPE_CHECKING:
    from anndata import AnnData

FLAT_SUFFIXES = (".jpg", ".jpeg", ".png")


def open_path(path: Path, cohort: Cohort | None = None) -> Job[Opened]:
    """Read a slide, a spot table, a folder, a `cohort.toml` (its first section), or a prediction.

    Parameters
    ----------
    path
        What the user chose.
    cohort
        The open cohort: a prediction of one of its sections brings that section along.

    Raises
    ------
    InputError
        When it can not be read.
    """
    yield Event(f"Opening {path.name}", 0, 0)
    if path.suffix.lower() == ".h5ad" and is_prediction(path):
        return (yield from _open_prediction(path, cohort))
    if path.suffix.lower() == ".toml":
        found = read_cohort(path)
        opened = yield from open_source(found.sections[0])
        return Opened(section=opened.section, cohort=found)
    return (yield from open_source(find_section(path)))


def open_source(source: SectionSource) -> Job[Opened]:
    """Open one section."""
    yield Event(f"Opening section {source.name}", 0, 0)
    return Opened(section=open_section(source))


def open_named(cohort_path: Path, name: str) -> Job[Opened]:
    """Read a cohort and open the section of this name."""
    yield Event(f"Opening {cohort_path.name}", 0, 0)
    source = find_section(f"{cohort_path}#{name}")
    opened = yield from open_source(source)
    return Opened(section=opened.section, cohort=read_cohort(cohort_path))


def opens_slowly(path: Path) -> bool:
    """Return whether what is opened first has a flat slide, whose pyramid may take seconds to make.

    Raises
    ------
    InputError
        When it can not be read.
    """
    from geneglass.data.tiff_file import is_tiff
    from geneglass.data.tiled_tiff import reads_directly

    source = read_cohort(path).sections[0] if path.suffix.lower() == ".toml" else find_section(path)
    slide = source.slide
    if slide is None or not slide.is_file():
        return False
    return not reads_directly(slide) if is_tiff(slide) else slide.suffix.lower() in FLAT_SUFFIXES


def join(session: Session, opened: Opened) -> None:
    """Hand over what was dropped on the window: spots go to the open slide, a slide to the open spots."""
    section = None if opened.section is None else joined(session.section, opened.section)
    take(session, replace(opened, section=section))


def take(session: Session, opened: Opened) -> None:
    """Hand over to the session what a job has read; in the window's thread."""
    if opened.cohort is not None:
        session.set_cohort(opened.cohort)
    if opened.section is not None:
        session.set_section(opened.section)
    if opened.prediction is not None:
        session.set_prediction(opened.prediction)


def is_prediction(path: Path) -> bool:
    """Return whether an h5ad file is a prediction of ours, by what it says about itself."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return "uns/geneglass" in file
    except OSError:
        return False


def read_prediction(path: Path) -> "AnnData":
    """Return a prediction file's table.

    Raises
    ------
    InputError
        When it can not be read, or is no prediction of ours.
    """
    import anndata

    if not path.exists():
        raise InputError(f"No such file: {path}; give a prediction written by geneglass.")
    if not is_prediction(path):
        raise InputError(f"{path.name} is no prediction written by geneglass: open it as spots, or predict again.")
    try:
        return anndata.read_h5ad(path)
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"The prediction {path.name} is damaged and can not be read: predict again.") from error


def _open_prediction(path: Path, cohort: Cohort | None) -> Job[Opened]:
    prediction = read_prediction(path)
    stated: dict[str, Any] = dict(prediction.uns["geneglass"])
    for source in () if cohort is None else cohort.sections:
        if source.name == stated.get("section"):
            opened = yield from open_source(source)
            return Opened(section=opened.section, prediction=prediction)
    return Opened(prediction=prediction)
