"""Annotations of a section: domains on its slide, spots in them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import shapely
from PIL import Image

from geneglass.data.annotation import Domain
from geneglass.data.cohort import SectionSource
from geneglass.data.geojson import write_domains
from geneglass.data.section import Section, open_section, require_spots
from geneglass.errors import InputError

Opener = Callable[..., Section]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Open a section of 8 x 12 spots, 100 px apart, on a slide of 1300 x 900 px, with these domains."""
    places = [(x, y) for y in range(8) for x in range(12)]
    (tmp_path / "T.tsv").write_text("\tA\tB\n" + "".join(f"{x}x{y}\t{x + 1}\t{y}\n" for x, y in places))
    rows = "".join(f"{x}\t{y}\t{x * 100 + 50}\t{y * 100 + 50}\n" for x, y in places)
    (tmp_path / "T_selection.tsv").write_text("x\ty\tpixel_x\tpixel_y\n" + rows)
    Image.new("RGB", (1300, 900), (230, 200, 220)).save(tmp_path / "slide.png")
    sections: list[Section] = []

    def opened(domains: list[Domain], *, slide: bool = True, spots: bool = True) -> Section:
        write_domains(tmp_path / "d.geojson", domains)
        source = SectionSource(
            "s",
            slide=tmp_path / "slide.png" if slide else None,
            spots=tmp_path / "T.tsv" if spots else None,
            mpp=2.0,
            annotations=tmp_path / "d.geojson",
        )
        sections.append(open_section(source))
        return sections[-1]

    yield opened
    for section in sections:
        section.close()


def test_spots_know_their_domain(opened: Opener) -> None:
    tumour = Domain("tumour", shapely.box(0, 0, 500, 200), (200, 0, 0))
    domains = [tumour, Domain("fat", shapely.box(900, 600, 990, 700))]
    section = opened(domains)
    assert section.domains == tuple(domains)
    assert not any("d.geojson" in warning for warning in section.warnings)
    column = require_spots(section).table.obs["domain"]
    assert isinstance(column.dtype, pd.CategoricalDtype)
    assert column.value_counts().to_dict() == {"tumour": 10, "fat": 1}
    assert column.isna().sum() == 85
    assert column["9x6"] == "fat"
    assert column["4x1"] == "tumour"


def test_domains_without_spots_or_slide(opened: Opener) -> None:
    domains = [Domain("tumour", shapely.box(0, 0, 500, 200))]
    assert opened(domains, spots=False).domains == tuple(domains)
    alone = opened(domains, slide=False)
    assert require_spots(alone).table.obs["domain"].notna().sum() == 10


def test_annotations_of_another_slide_are_told_with_numbers(opened: Opener) -> None:
    section = opened([Domain("near", shapely.box(0, 0, 10, 10)), Domain("far", shapely.box(2000, 3000, 2100, 3200))])
    assert [domain.name for domain in section.domains] == ["near"]
    assert (
        "1 of 2 annotations of d.geojson lie wholly outside slide.png (1300 x 900 px; they span x 2000 to 2100, "
        "y 3000 to 3200) and were left out: they belong to another slide, or to this one at another scale."
    ) in section.warnings
    assert "No spot lies in one of the 1 domains of d.geojson." in section.warnings


def test_cells_are_no_domains(opened: Opener) -> None:
    cell = Domain("cell", shapely.box(0, 0, 500, 200), kind="cell")
    section = opened([cell, Domain("tumour", shapely.box(0, 0, 500, 200))])
    assert [domain.name for domain in section.domains] == ["tumour"]
    assert "1 of 2 objects of d.geojson are cells or tiles, no domains." in section.warnings


def test_a_damaged_file_is_refused(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "bad.geojson").write_text("{")
    with pytest.raises(InputError, match=r"bad\.geojson is no JSON"):
        open_section(SectionSource("s", slide=tmp_path / "slide.png", annotations=tmp_path / "bad.geojson"))


def test_real_exports_belong_to_other_slides(shared_data: Path) -> None:
    section = open_section(
        SectionSource(
            "s",
            slide=shared_data / "slides" / "CMU-1-Small-Region.svs",
            annotations=shared_data / "geojson" / "dlup_qupath05.geojson",
        )
    )
    section.close()
    assert section.domains == ()
    assert any("3 of 3 annotations" in warning and "2220 x 2967 px" in warning for warning in section.warnings)
