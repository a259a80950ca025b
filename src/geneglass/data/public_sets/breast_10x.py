"""Visium of human breast cancer, block A: two sections of one patient."""

from pathlib import Path

from geneglass.data.cohort import SectionSource
from geneglass.data.public_sets import PUBLIC_SETS, PublicFile, PublicSet

_SECTIONS = {"section_1": "V1_Breast_Cancer_Block_A_Section_1", "section_2": "V1_Breast_Cancer_Block_A_Section_2"}


def _files(sections: tuple[str, ...]) -> tuple[PublicFile, ...]:
    return tuple(file for name in sections for file in _of_section(name, _SECTIONS[name]))


def _of_section(name: str, sample: str) -> tuple[PublicFile, ...]:
    def place(member: str) -> str | None:
        return f"{name}/{member}" if member.startswith("spatial/") else None

    address = f"{sample}/{sample}"
    return (
        PublicFile(f"{name}/filtered_feature_bc_matrix.h5", f"{address}_filtered_feature_bc_matrix.h5"),
        PublicFile(f"{name}/spatial.tar.gz", f"{address}_spatial.tar.gz", unpack=place),
        PublicFile(f"{name}/image.tif", f"{address}_image.tif", is_image=True),
    )


def _source(folder: Path, name: str) -> SectionSource:
    return SectionSource(name, patient="block A", slide=folder / name / "image.tif", spots=folder / name)


PUBLIC_SETS.register("breast_10x")(
    PublicSet(
        title="Human breast cancer, block A, Visium (Space Ranger 1.1.0)",
        citation="10x Genomics, V1_Breast_Cancer_Block_A_Section_1 and _2",
        licence="CC BY 4.0, according to the publisher's dataset pages",
        base="https://cf.10xgenomics.com/samples/spatial-exp/1.1.0/",
        patients=dict.fromkeys(_SECTIONS, "block A"),
        files=_files,
        source=_source,
        notes=("Both sections are of one patient: they can not show that a model works on new patients.",),
    )
)
