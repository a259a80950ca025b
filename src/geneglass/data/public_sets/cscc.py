"""Cutaneous squamous cell carcinoma on legacy ST arrays: 12 sections of 4 patients."""

import re
from pathlib import Path

from geneglass.data.cohort import SectionSource
from geneglass.data.public_sets import PUBLIC_SETS, PublicFile, PublicSet

_FIRST_SAMPLE = 4284316
_SECTIONS = {f"{patient}_rep{replicate}": patient for patient in ("P2", "P5", "P9", "P10") for replicate in range(1, 4)}
_SAMPLES = {name: f"GSM{_FIRST_SAMPLE + i}" for i, name in enumerate(_SECTIONS)}
_MEMBER = re.compile(r"GSM\d+_(?:(?P<counts>P\d+)|spot_data-selection-(?P<spots>P\d+))_ST_(?P<replicate>rep\d)(.*)")
_ENDINGS = ("_stdata.tsv.gz", ".tsv.gz", ".jpg.gz", ".jpg", ".tsv", "_stdata.tsv")


def _files(sections: tuple[str, ...]) -> tuple[PublicFile, ...]:
    def place(member: str) -> str | None:
        found = _MEMBER.fullmatch(member)
        if found is None or not found[4].endswith(_ENDINGS):
            return None
        name = f"{found['counts'] or found['spots']}_{found['replicate']}"
        return member.removesuffix(".gz") if name in sections else None

    return (PublicFile("GSE144240_RAW.tar", "GSE144240_RAW.tar", unpack=place),)


def _source(folder: Path, name: str) -> SectionSource:
    patient, replicate = name.split("_")
    sample = f"{patient}_ST_{replicate}"
    return SectionSource(
        name,
        patient=patient,
        slide=folder / f"{_SAMPLES[name]}_{sample}.jpg",
        spots=folder / f"{_SAMPLES[name]}_{sample}_stdata.tsv",
        positions=folder / f"{_SAMPLES[name]}_spot_data-selection-{sample}.tsv",
    )


PUBLIC_SETS.register("cscc")(
    PublicSet(
        title="Cutaneous squamous cell carcinoma, legacy Spatial Transcriptomics",
        citation="Ji et al., Cell 182, 497 (2020); data: GEO GSE144240",
        licence="none stated; GEO sets no terms of its own, the submitters may",
        base="https://ftp.ncbi.nlm.nih.gov/geo/series/GSE144nnn/GSE144240/suppl/",
        patients=_SECTIONS,
        files=_files,
        source=_source,
        notes=("It comes as one archive, which is fetched whole; only the sections asked for are unpacked.",),
    )
)
