"""Slides of healthy human liver, four sections of one donor."""

from pathlib import Path

from geneglass.data.cohort import SectionSource
from geneglass.data.public_sets import PUBLIC_SETS, PublicFile, PublicSet

_SAMPLES = {"A1": "GSM7697868", "B1": "GSM7697869", "C1": "GSM7697870", "D1": "GSM7697871"}


def _files(sections: tuple[str, ...]) -> tuple[PublicFile, ...]:
    return tuple(_slide(name, _SAMPLES[name]) for name in sections)


def _slide(name: str, sample: str) -> PublicFile:
    file = f"{sample}_GEX_C73_{name}_Merged.tiff"
    return PublicFile(
        path=f"{file}.gz",
        address=f"{sample}/suppl/{file}.gz",
        is_image=True,
        unpack=lambda member: member.removesuffix(".gz"),
    )


def _source(folder: Path, name: str) -> SectionSource:
    return SectionSource(name, patient="C73", slide=folder / f"{_SAMPLES[name]}_GEX_C73_{name}_Merged.tiff")


PUBLIC_SETS.register("liver")(
    PublicSet(
        title="Healthy human liver, the slides of a Visium study",
        citation="GEO GSE240429; used by Xie et al. (BLEEP), NeurIPS 2023",
        licence="none stated; GEO sets no terms of its own, the submitters may",
        base="https://ftp.ncbi.nlm.nih.gov/geo/samples/GSM7697nnn/",
        patients=dict.fromkeys(_SAMPLES, "C73"),
        files=_files,
        source=_source,
        notes=(
            "Each slide is about 2.4 GB to fetch, and more once unpacked.",
            "These are the slides alone: the counts and positions lie in GSE240429_data of the repository "
            "bowang-lab/BLEEP and are not fetched.",
            "All sections are of one donor: they can not show that a model works on new patients.",
        ),
    )
)
