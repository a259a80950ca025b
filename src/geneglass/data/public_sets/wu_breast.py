"""Visium of human breast cancer: six sections of six patients."""

import re
from pathlib import Path

from geneglass.data.cohort import SectionSource
from geneglass.data.public_sets import PUBLIC_SETS, PublicFile, PublicSet

_SECTIONS = ("1142243F", "1160920F", "CID4290", "CID4465", "CID44971", "CID4535")
_MD5 = {
    "filtered_count_matrices": "ea1220f0606c4d4e9307468fb2d5427a",
    "spatial": "29b02ae433d459d19dc52b75a529e8e9",
    "metadata": "1d0b34ead70635c094ac74ac58a88d68",
}
_FOLDERS = {"filtered_count_matrix": "filtered_feature_bc_matrix", "spatial": "spatial"}
_MEMBER = re.compile(r"\w+/([A-Z0-9]+)_(filtered_count_matrix|spatial)/([\w.]+)")


def _files(sections: tuple[str, ...]) -> tuple[PublicFile, ...]:
    def place(member: str) -> str | None:
        """Lay the files of a section out as Space Ranger does."""
        found = _MEMBER.fullmatch(member)
        if found and found[1] in sections:
            return f"{found[1]}/{_FOLDERS[found[2]]}/{found[3].removesuffix('.gz')}"
        return f"metadata/{Path(member).name}" if _is_metadata(member, sections) else None

    return tuple(
        PublicFile(f"{name}.tar.gz", f"{name}.tar.gz", known_hash=f"md5:{md5}", unpack=place)
        for name, md5 in _MD5.items()
    )


def _is_metadata(member: str, sections: tuple[str, ...]) -> bool:
    return member in {f"metadata/{name}_metadata.csv" for name in sections}


def _source(folder: Path, name: str) -> SectionSource:
    return SectionSource(name, patient=name, spots=folder / name)


PUBLIC_SETS.register("wu_breast")(
    PublicSet(
        title="Human breast cancers, Visium, with a pathologist's labels",
        citation="Wu et al., Nature Genetics 53, 1334 (2021); data: doi 10.5281/zenodo.4739739",
        licence="CC BY 4.0, according to others who use it: see https://zenodo.org/records/4739739",
        base="https://zenodo.org/records/4739739/files/",
        patients={name: name for name in _SECTIONS},
        files=_files,
        source=_source,
        notes=("It has reduced pictures only (tissue_hires_image.png), no slides at full resolution.",),
    )
)
