"""Spots with their domains as tables, out and in."""

from dataclasses import replace
from pathlib import Path

import anndata
import pandas as pd
import pytest
import shapely

from geneglass.data.annotation import Domain, spots_in
from geneglass.data.cohort import find_section
from geneglass.data.domain_tables import read_regions, write_spot_domains, write_spots_h5ad
from geneglass.data.section import Section, open_section
from geneglass.errors import InputError


@pytest.fixture
def section(tiny_cohort: Path) -> Section:
    opened = open_section(find_section(f"{tiny_cohort}#Ada"))
    opened.close()
    x, y = opened.centres_yx[:, 1], opened.centres_yx[:, 0]
    half = (x.min() + x.max()) / 2
    left = Domain("Tumor", shapely.box(0, 0, half, y.max() + 1), annotator="A. Smith")
    right = Domain("Stroma", shapely.box(half + 1, 0, x.max() - 20, y.max() - 20))
    return replace(opened, domains=(left, right))


@pytest.mark.parametrize("name", ["a.csv", "a.h5ad"])
def test_spots_come_back_in_their_domains(section: Section, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith(".csv"):
        names = list(section.spots.table.obs_names)
        write_spot_domains(path, names, section.centres_yx, section.domains)
    else:
        write_spots_h5ad(path, section)
    wanted = list(spots_in(section.domains, section.centres_yx))
    assert len(set(wanted)) == 3
    back = read_regions(path, section, {"Tumor": (1, 2, 3)})
    assert list(spots_in(back, section.centres_yx)) == wanted
    colours = {domain.name: domain.colour_rgb for domain in back}
    assert colours["Tumor"] == (1, 2, 3)
    assert colours["Stroma"] not in ((1, 2, 3), None)


def test_the_h5ad_says_who_drew_and_leaves_the_open_table_alone(section: Section, tmp_path: Path) -> None:
    before = list(section.spots.table.obs.columns)
    write_spots_h5ad(tmp_path / "a.h5ad", section)
    obs = anndata.read_h5ad(tmp_path / "a.h5ad").obs
    assert set(obs["annotator"][obs["domain"] == "Tumor"]) == {"A. Smith"}
    assert set(obs["annotator"][obs["domain"] != "Tumor"]) == {""}
    assert list(section.spots.table.obs.columns) == before


def test_a_table_of_labels_is_read_by_its_spots(section: Section, tmp_path: Path) -> None:
    names = list(section.spots.table.obs_names)
    (tmp_path / "labels.csv").write_text("spot,label\n" + "".join(f"{name},fat\n" for name in names[:9]))
    (domain,) = read_regions(tmp_path / "labels.csv", section, {})
    assert pd.notna(spots_in([domain], section.centres_yx)).sum() == 9


def test_files_without_regions_of_this_section_are_refused_in_a_sentence(section: Section, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("spot,x_px,y_px,domain\nnobody,1,2,Tumor\n")
    with pytest.raises(InputError, match="names no region for any spot of Ada"):
        read_regions(tmp_path / "other.csv", section, {})
    table = section.spots.table.copy()
    table.obs = table.obs[[]]
    table.write_h5ad(tmp_path / "bare.h5ad")
    with pytest.raises(InputError, match="no column `domain` or `label`"):
        read_regions(tmp_path / "bare.h5ad", section, {})
    (tmp_path / "broken.h5ad").write_text("no")
    with pytest.raises(InputError, match="can not be read as h5ad"):
        read_regions(tmp_path / "broken.h5ad", section, {})
