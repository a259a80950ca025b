"""Public data sets: one file each, found at the first look-up. Nothing here touches the network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from geneglass.data.cohort import SectionSource
from geneglass.errors import UsageError
from geneglass.registry import Registry


@dataclass(frozen=True)
class PublicFile:
    """One file of a public data set.

    Attributes
    ----------
    path
        Where it goes, below the folder of the set, with forward slashes.
    address
        Where it lies, relative to the base address of the set.
    known_hash
        "sha256:...", "md5:..." or "git:..." (the id of a git blob) as published; None where none is. The hash
        of the first fetch is then recorded beside the data and checked from then on.
    n_bytes
        Its size, None where not published.
    is_image
        Whether it is a picture of tissue, which a fetch without images leaves out.
    unpack
        For an archive (tar, tar.gz) or a compressed file (gz): where a member goes, by its name, or None to
        leave it; a member that ends in .gz and goes where none does is decompressed.
    """

    path: str
    address: str
    known_hash: str | None = None
    n_bytes: int | None = None
    is_image: bool = False
    unpack: Callable[[str], str | None] | None = None


@dataclass(frozen=True)
class PublicSet:
    """What is known of a public data set, and how its files become a cohort.

    Attributes
    ----------
    title, citation, licence
        Shown before anything is downloaded; the licence as stated by the publisher, or that none is.
    base
        The address below which its files lie; `fetch` can be given another (a mirror).
    patients
        The patient of each section.
    files
        The files that some of its sections need.
    source
        Where the parts of one section lie, given the folder of the set.
    notes
        Facts about the data that a user should know, one sentence each.
    by_hand
        For a set that can not be fetched: one sentence on how to get it.
    """

    title: str
    citation: str
    licence: str
    base: str = ""
    patients: Mapping[str, str] = field(default_factory=dict)
    files: Callable[[tuple[str, ...]], tuple[PublicFile, ...]] = lambda _: ()
    source: Callable[[Path, str], SectionSource] = lambda folder, name: SectionSource(name, spots=folder)
    notes: tuple[str, ...] = ()
    by_hand: str = ""


PUBLIC_SETS: Registry[PublicSet] = Registry("public data set", __name__)


def choose_sections(chosen: PublicSet, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the sections of a set that names of sections or patients mean, in the set's order; all for none.

    Raises
    ------
    UsageError
        When a name is neither a section nor a patient of the set.
    """
    unknown = [name for name in wanted if name not in {*chosen.patients, *chosen.patients.values()}]
    if unknown:
        patients = ", ".join(dict.fromkeys(chosen.patients.values()))
        raise UsageError(
            f"{', '.join(unknown)} is no section or patient of this set; its sections are "
            f"{', '.join(chosen.patients)} and its patients {patients}."
        )
    return tuple(name for name, patient in chosen.patients.items() if not wanted or name in wanted or patient in wanted)


def choose_files(chosen: PublicSet, sections: tuple[str, ...], *, images: bool) -> tuple[PublicFile, ...]:
    """Return the files that sections need, without the pictures of tissue where they are not wanted.

    Raises
    ------
    UsageError
        When nothing is left.
    """
    files = tuple(file for file in chosen.files(sections) if images or not file.is_image)
    if not files:
        raise UsageError("Without images nothing of this set is left to fetch; leave --no-images out.")
    return files


def choose_sources(
    chosen: PublicSet, folder: Path, sections: tuple[str, ...], *, images: bool
) -> tuple[SectionSource, ...]:
    """Return where the parts of sections lie once their files are in the folder."""
    sources = tuple(chosen.source(folder, name) for name in sections)
    return sources if images else tuple(replace(source, slide=None) for source in sources)
