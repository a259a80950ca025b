"""Saving the session of a window: what is in it is gathered at once, and written in a thread."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geneglass.data.atomic import atomic_path
from geneglass.data.cohort import Cohort
from geneglass.data.geojson import write_domains
from geneglass.errors import InputError
from geneglass.viewer.desk import file_stem
from geneglass.viewer.remembered import REMEMBERED
from geneglass.viewer.session import session_of
from geneglass.workflow.events import Event, Job
from geneglass.workflow.kept_file import file_of
from geneglass.workflow.session_file import SUFFIX, SavedSession, write_session

if TYPE_CHECKING:
    from anndata import AnnData

    from geneglass.data.annotation import Domain


@dataclass(frozen=True)
class Snapshot:
    """What a window shows at one moment; predictions and domains by section name."""

    cohort: Cohort
    section: str | None
    gene: str | None
    model: Path | None
    predictions: "Mapping[str, AnnData]"
    domains: "Mapping[str, tuple[Domain, ...]]"
    window: Mapping[str, Any]


def snapshot(viewer: Any) -> Snapshot:
    """Return what a viewer shows now; to be called in the window's thread.

    Raises
    ------
    InputError
        When nothing is open.
    """
    session = session_of(viewer)
    if session.cohort is None:
        raise InputError("There is no session to save yet: open a slide or a cohort first.")
    return Snapshot(
        cohort=session.cohort,
        section=None if session.source is None else session.source.name,
        gene=session.gene,
        model=session.model_path,
        predictions={source.name: table for source, table in session.predictions.items()},
        domains={source.name: domains for source, domains in session.drawn.items() if domains},
        window={name: part.save(viewer) for name, part in REMEMBERED.items()},
    )


def save(taken: Snapshot, path: Path) -> Job[Path]:
    """Write a snapshot as a session file, its domains beside it as GeoJSON; return the file.

    A prediction that lies in no file of its own is written beside it too.

    Raises
    ------
    InputError
        When something can not be written.
    """
    total = len(taken.predictions) + len(taken.domains) + 1
    stage = f"Saving {path.name}"
    predictions: dict[str, Path] = {}
    for name, table in taken.predictions.items():
        yield Event(stage, len(predictions), total)
        predictions[name] = file_of(table) or _write_prediction(table, _beside(path, name, ".h5ad"))
    domains: dict[str, Path] = {}
    for name, drawn in taken.domains.items():
        yield Event(stage, len(predictions) + len(domains), total)
        domains[name] = _beside(path, name, ".geojson")
        write_domains(domains[name], drawn)
    saved = SavedSession(
        cohort=taken.cohort.path,
        sections=taken.cohort.sections,
        section=taken.section,
        gene=taken.gene,
        model=taken.model,
        predictions=predictions,
        domains=domains,
        window=taken.window,
    )
    write_session(path, saved)
    return path


def _beside(path: Path, section: str, ending: str) -> Path:
    """Return the file of a section's part beside a session file."""
    stem = path.name[: -len(SUFFIX)] if path.name.lower().endswith(SUFFIX) else path.stem
    return path.with_name(f"{stem}.{file_stem(section)}{ending}")


def _write_prediction(table: "AnnData", path: Path) -> Path:
    with atomic_path(path) as temporary:
        table.write_h5ad(temporary)
    return path
