"""HER2-positive breast cancer on legacy ST arrays: 36 sections of 8 patients."""

from importlib.resources import files as package_files
from pathlib import Path, PurePosixPath

from geneglass.data.cohort import SectionSource
from geneglass.data.public_sets import PUBLIC_SETS, PublicFile, PublicSet

TABLE = "her2st_registry.tsv"
"""Path, git blob id, bytes and sha256 of each file; "-" where only the blob id is known."""

BASE = "https://raw.githubusercontent.com/almaan/her2st/85df7411b987a7dec3feff9718b869a7a82091ec/"


def read_table() -> tuple[PublicFile, ...]:
    """Return every file of the set, as the table beside this module lists them."""
    text = package_files(__package__).joinpath(TABLE).read_text(encoding="utf-8")
    return tuple(_row(line) for line in text.splitlines() if line and not line.startswith("#"))


def _row(line: str) -> PublicFile:
    path, blob, n_bytes, sha256 = line.split("\t")
    return PublicFile(
        path=path,
        address=path,
        known_hash=f"git:{blob}" if sha256 == "-" else f"sha256:{sha256}",
        n_bytes=None if n_bytes == "-" else int(n_bytes),
        is_image="ST-imgs" in path,
    )


def _section(file: PublicFile) -> str:
    """Return the section that a file belongs to: its name's first part, or its folder's for a picture."""
    path = PurePosixPath(file.path)
    return path.parent.name if file.is_image else path.name.split(".")[0].split("_")[0]


def _files(sections: tuple[str, ...]) -> tuple[PublicFile, ...]:
    return tuple(file for file in read_table() if _section(file) in sections)


def _source(folder: Path, name: str) -> SectionSource:
    (picture,) = (file.path for file in read_table() if file.is_image and _section(file) == name)
    return SectionSource(
        name,
        patient=name[0],
        slide=folder / picture,
        spots=folder / "data" / "ST-cnts" / f"{name}.tsv.gz",
        positions=folder / "data" / "ST-spotfiles" / f"{name}_selection.tsv",
    )


_COUNTS = {"A": 6, "B": 6, "C": 6, "D": 6, "E": 3, "F": 3, "G": 3, "H": 3}

PUBLIC_SETS.register("her2st")(
    PublicSet(
        title="HER2-positive breast cancer, legacy Spatial Transcriptomics",
        citation="Andersson et al., Nature Communications 12, 6012 (2021); data: doi 10.5281/zenodo.3957257",
        licence="none stated in the repository; its archive on Zenodo is said to be CC BY 4.0, which was not "
        "verified: cite 10.5281/zenodo.3957257",
        base=BASE,
        patients={f"{patient}{i}": patient for patient, count in _COUNTS.items() for i in range(1, count + 1)},
        files=_files,
        source=_source,
        notes=(
            "Some counts and spot files differ by a few spots (A1: 346 and 348, C3: 180 and 182): the others are "
            "left out and told.",
            "Patients differ in scale: spots lie 200 µm apart, which is about 217 px for patient A and 290 px for "
            "B and C.",
        ),
    )
)
