"""Fetch a public data set: licence first, then its files, checked, and a cohort.toml over them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from geneglass.data.atomic import require_folder
from geneglass.data.checksum import matches
from geneglass.data.cohort import Cohort, SectionSource, read_cohort, write_cohort
from geneglass.data.download import Download
from geneglass.data.fetch_record import FetchRecord, read_record, write_record
from geneglass.data.public_sets import (
    PUBLIC_SETS,
    PublicFile,
    PublicSet,
    choose_files,
    choose_sections,
    choose_sources,
)
from geneglass.data.unpack import unpack
from geneglass.data.web import Patience
from geneglass.errors import InputError
from geneglass.workflow.config import FetchConfig
from geneglass.workflow.events import Event, Job

COHORT = "cohort.toml"
LOCK = ".geneglass-fetch.lock"


@dataclass(frozen=True)
class FetchResult:
    """What a fetch left on disk.

    Attributes
    ----------
    cohort
        The cohort.toml over the sections.
    sections
        Their names.
    fetched, present
        Files downloaded now, and files that were there and intact.
    licence, citation
        Of the set, as shown before the first request.
    """

    cohort: Path
    sections: tuple[str, ...]
    fetched: tuple[str, ...]
    present: tuple[str, ...]
    licence: str
    citation: str


def fetch(config: FetchConfig, *, patience: Patience | None = None) -> Job[FetchResult]:
    """Fetch a public data set, or some of its sections, into a folder; what is there and intact is kept.

    The first events carry the licence, before the first request. A cancelled or killed fetch goes on where it
    was when it is run again.

    Parameters
    ----------
    config
        The set, the folder, the sections.
    patience
        How long to wait for a slow server.

    Raises
    ------
    InputError
        When the set is unknown or can only be got by hand, the folder can not be written or is in use by
        another fetch, or a file can not be fetched or is not what was published.
    """
    chosen = PUBLIC_SETS[config.name]
    if chosen.by_hand:
        raise InputError(chosen.by_hand)
    sections = choose_sections(chosen, config.sections)
    files = choose_files(chosen, sections, images=config.images)
    folder = (config.to or Path(config.name)).expanduser().absolute()
    for line in statement(chosen, files, folder):
        yield Event("Licence", 0, 0, message=line)
    require_folder(folder)
    with _alone(folder):
        record = replace(
            read_record(folder, config.name),
            title=chosen.title,
            citation=chosen.citation,
            licence=chosen.licence,
            address=_base(chosen, config),
        )
        write_record(folder, record)
        fetched: list[str] = []
        present: list[str] = []
        for number, file in enumerate(files, start=1):
            is_new, record = yield from _get(file, f"{number} of {len(files)}", folder, record, patience)
            (fetched if is_new else present).append(file.path)
            record = yield from _unpack(file, sections, folder, record, again=is_new)
        cohort = yield from _write(folder / COHORT, choose_sources(chosen, folder, sections, images=config.images))
    return FetchResult(cohort, sections, tuple(fetched), tuple(present), chosen.licence, chosen.citation)


def statement(chosen: PublicSet, files: tuple[PublicFile, ...], folder: Path) -> tuple[str, ...]:
    """Return what a user is told before anything is downloaded, the licence among it."""
    known = sum(file.n_bytes or 0 for file in files)
    unknown = sum(file.n_bytes is None for file in files)
    size = [f"{known / 1e6:,.1f} MB"] * bool(known) + [f"{unknown} of a size that is not published"] * bool(unknown)
    first = sum(file.known_hash is None for file in files)
    told = f"No hash is published for {first} of them: that of the first fetch is noted and checked from then on."
    return (
        f"{chosen.title}. {chosen.citation}.",
        f"Licence: {chosen.licence}.",
        f"Fetching {len(files)} files ({', '.join(size)}) into {folder}.",
        *([told] if first else []),
        *chosen.notes,
    )


def _base(chosen: PublicSet, config: FetchConfig) -> str:
    base = config.mirror or chosen.base
    return base if base.endswith("/") else f"{base}/"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second fetch out of the folder; the system takes the lock back when a process is killed."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=0)
    try:
        with suppress(NotImplementedError):  # a network disk may have no locks
            lock.acquire()
    except Timeout:
        raise InputError(f"Another fetch is writing to {folder}: wait for it, or choose another folder.") from None
    try:
        yield
    finally:
        lock.release()


def _get(
    file: PublicFile, which: str, folder: Path, record: FetchRecord, patience: Patience | None
) -> Job[tuple[bool, FetchRecord]]:
    """Bring one file to its place; return whether it was downloaded, and the record."""
    target = folder / file.path
    known_hash = file.known_hash or record.first_hashes.get(file.path)
    stage = f"{target.name} ({which}, kB)"
    yield Event(stage, 0, (file.n_bytes or 0) // 1000)
    if target.is_file() and known_hash is not None:
        if matches(target, known_hash):
            return False, record
        yield Event(stage, 0, 0, message=f"{target} is not as it was published: it is fetched again.")
    download = Download(
        record.address + file.address, target, known_hash=known_hash, n_bytes=file.n_bytes, patience=patience
    )
    for step in download.steps():
        yield Event(stage, step.done // 1000, step.total // 1000, message=step.message)
    checked_by = download.put_in_place()
    if file.known_hash is None:
        record = record.with_hash(file.path, checked_by)
        write_record(folder, record)
    return True, record


def _unpack(
    file: PublicFile, sections: tuple[str, ...], folder: Path, record: FetchRecord, *, again: bool
) -> Job[FetchRecord]:
    """Unpack an archive, unless all that it holds for the sections is there already."""
    if file.unpack is None or (not again and record.is_unpacked(folder, file.path, sections)):
        return record
    stage = f"Unpacking {file.path} (kB)"
    steps = unpack(folder / file.path, folder, file.unpack)
    while True:
        try:
            step = next(steps)
        except StopIteration as stop:
            written: tuple[Path, ...] = stop.value
            break
        yield Event(stage, step.done // 1000, step.total // 1000)
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in written}
    record = record.with_unpacked(file.path, sections, sizes)
    write_record(folder, record)
    return record


def _write(path: Path, new: tuple[SectionSource, ...]) -> Job[Path]:
    """Write the cohort; sections of an earlier fetch stay, and so does what a user wrote of them."""
    missing = [f"{file}" for section in new for file in _files_of(section) if not file.exists()]
    if missing:
        raise InputError(
            f"What was fetched does not hold {', '.join(missing)}: the publisher laid it out anew; look at what is in "
            f"{path.parent} and write a cohort.toml by hand, or leave these sections out."
        )
    old: dict[str, SectionSource] = {}
    if path.exists():
        try:
            old = {section.name: section for section in read_cohort(path).sections}
        except InputError as error:
            kept = path.with_name(f"{path.name}.old")
            path.replace(kept)
            yield Event("Writing", 0, 0, message=f"{error} It was kept as {kept.name} and a new one written.")
    sections = old | {section.name: _filled(old.get(section.name, section), section) for section in new}
    write_cohort(Cohort(path, tuple(sections.values())))
    return path


def _files_of(section: SectionSource) -> tuple[Path, ...]:
    return tuple(file for file in (section.slide, section.spots, section.positions) if file is not None)


def _filled(old: SectionSource, new: SectionSource) -> SectionSource:
    parts = ("patient", "slide", "spots", "positions")
    return replace(old, **{part: getattr(old, part) or getattr(new, part) for part in parts})
