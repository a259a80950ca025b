"""What `check` tells of sections, good and bad."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from geneglass.data.cohort import Cohort, SectionSource, find_section, read_cohort, write_cohort
from geneglass.data.section import open_section
from geneglass.errors import InputError
from geneglass.workflow.check import check
from geneglass.workflow.check_facts import SectionReport
from geneglass.workflow.check_picture import check_picture

TISSUE = (150, 80, 160)


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """A slide of 600 x 900 px with tissue on its left half, 6 x 8 spots, and a section that is broken."""
    picture = np.full((600, 900, 3), 245, np.uint8)
    rng = np.random.default_rng(0)
    picture[50:550, 50:450] = np.clip(np.array(TISSUE) + rng.normal(0, 15, (500, 400, 3)), 0, 255)
    Image.fromarray(picture).save(tmp_path / "a.png")
    (tmp_path / "broken.png").write_text("no picture")
    places = [(x, y) for y in range(6) for x in range(8)]
    rows = [f"{x}x{y}\t{400 if x else 100}\t{300 if x else 50}" for x, y in places]
    (tmp_path / "a.tsv").write_text("\tA\tB\n" + "\n".join(rows) + "\n")
    pixels = [f"{x}\t{y}\t{100 + 50 * x}\t{100 + 50 * y}" for x, y in places]
    (tmp_path / "a_selection.tsv").write_text("x\ty\tpixel_x\tpixel_y\n" + "\n".join(pixels) + "\n")
    path = tmp_path / "cohort.toml"
    good = SectionSource("good", "p1", tmp_path / "a.png", tmp_path / "a.tsv")
    write_cohort(Cohort(path, (good, SectionSource("bad", "p2", tmp_path / "broken.png", tmp_path / "a.tsv"))))
    return path


def test_a_section_is_described(cohort: Path) -> None:
    good, _ = check([cohort]).sections
    assert (good.name, good.patient, good.slide, good.spots) == ("good", "p1", "a.png", "a.tsv")
    assert (good.height_px, good.width_px) == (600, 900)
    assert good.levels is not None
    assert good.mpp == pytest.approx(4.0)
    assert good.mpp_source == "spot pitch of legacy ST: 200 um over 50.0 px"
    assert (good.platform, good.n_spots, good.n_genes) == ("legacy ST", 48, 2)
    assert (good.median_counts, good.max_counts, good.under_min_counts) == (700.0, 700.0, 6)
    assert good.on_tissue is not None
    assert 0.8 < good.on_tissue < 1
    assert (good.warnings, good.errors) == ((), ())


def test_one_broken_section_does_not_hide_the_others(cohort: Path) -> None:
    good, bad = check([cohort]).sections
    assert not good.errors
    assert len(bad.errors) == 1
    assert "broken.png" in bad.errors[0]
    assert (bad.name, bad.slide) == ("bad", "broken.png")


def test_every_kind_of_path_is_taken(cohort: Path) -> None:
    folder = cohort.parent
    reports = check([folder / "a.tsv", f"{cohort}#good", folder, folder / "gone.svs", folder / "a.png"]).sections
    assert [r.name for r in reports] == ["a", "good", "good", "bad", str(folder / "gone.svs"), "a"]
    assert [len(r.errors) for r in reports] == [0, 0, 0, 1, 1, 1]
    assert "No such file" in reports[4].errors[0]
    assert "give `mpp`" in reports[5].errors[0]


def test_a_report_is_json(cohort: Path) -> None:
    good, bad = (json.loads(json.dumps(report.to_dict())) for report in check([cohort]).sections)
    assert good["n_spots"] == 48
    assert good["warnings"] == []
    assert bad["errors"][0].count("broken.png") >= 1
    assert set(good) == set(SectionReport.__dataclass_fields__)


def test_many_shallow_spots_are_named(cohort: Path) -> None:
    (report,) = check([f"{cohort}#good"], min_counts=701).sections
    assert report.under_min_counts == 48
    assert report.warnings == ("48 of 48 spots (100%) have under 701 counts and are set aside: more than a fifth.",)


def moved(cohort: Path, by_x_px: int, by_y_px: int) -> None:
    positions = cohort.parent / "a_selection.tsv"
    lines = positions.read_text().splitlines()
    for number, line in enumerate(lines[1:], start=1):
        x, y, pixel_x, pixel_y = line.split("\t")
        lines[number] = f"{x}\t{y}\t{int(pixel_x) + by_x_px}\t{int(pixel_y) + by_y_px}"
    positions.write_text("\n".join(lines) + "\n")


def test_spots_that_no_turn_lays_onto_the_tissue_are_told(cohort: Path) -> None:
    moved(cohort, 330, 110)
    (report,) = check([f"{cohort}#good"]).sections
    assert report.on_tissue is not None
    assert report.on_tissue < 0.2
    assert report.errors == ()
    (warning,) = report.warnings
    assert "of the spots of good lie on tissue, and no turning, mirroring or scaling mends it" in warning
    assert "a.png may be the slide of another section" in warning


def test_an_outline_that_leaves_open_which_way_is_right_says_so(cohort: Path) -> None:
    moved(cohort, 400, 75)
    picture = np.full((600, 900, 3), 245, np.uint8)
    picture[150:450, 25:425] = TISSUE
    Image.fromarray(picture).save(cohort.parent / "a.png")
    (report,) = check([f"{cohort}#good"]).sections
    assert report.on_tissue == 0
    (error,) = report.errors
    assert "its outline leaves open which way is right" in error
    assert 'try orientation = "mirror-x" or orientation = "rotate-180" in the cohort.toml' in error
    assert 'or orientation = "none" to use it as it is' in error


def test_a_slide_without_tissue_is_told(cohort: Path) -> None:
    Image.new("RGB", (900, 600), (245, 245, 245)).save(cohort.parent / "a.png")
    (report,) = check([f"{cohort}#good"]).sections
    assert report.errors == ()
    assert report.placement == "no tissue was found"
    assert report.warnings == ("No tissue was found on a.png: whether the spots lie right can not be told.",)


def test_a_picture_shows_the_spots(cohort: Path, tmp_path: Path) -> None:
    section = open_section(find_section(f"{cohort}#good"))
    try:
        check_picture([section], tmp_path / "with.png")
    finally:
        section.close()
    with_spots = np.asarray(Image.open(tmp_path / "with.png").convert("RGB")).astype(int)
    assert min(with_spots.shape[:2]) > 500
    blue = (np.abs(with_spots - (0, 114, 178)) < 40).all(axis=2)
    orange = (np.abs(with_spots - (213, 94, 0)) < 40).all(axis=2)
    assert blue.sum() > 1000
    assert orange.sum() > 100


def test_a_clean_section_is_not_painted_as_faulty_for_another_of_its_name(
    cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = find_section(f"{cohort}#good")
    (tmp_path / "other").mkdir()
    assert good.slide is not None
    write_cohort(Cohort(tmp_path / "other" / "cohort.toml", (replace(good, scale=3.0), replace(good, name="bare"))))
    titles: list[str] = []
    monkeypatch.setattr(Axes, "set_title", lambda axes, label, **looks: titles.append(label))
    reports = check([f"{cohort}#good", tmp_path / "other"], picture=tmp_path / "three.png").sections
    assert [(report.name, bool(report.errors)) for report in reports] == [
        ("good", False),
        ("good", True),
        ("bare", False),
    ]
    assert ["faulty" in title for title in titles] == [False, True, False]


def test_a_picture_has_a_panel_for_every_section_that_opens(cohort: Path, tmp_path: Path) -> None:
    checked = check([cohort], picture=tmp_path / "one.png")
    assert checked.failed
    check([f"{cohort}#good", f"{cohort}#good", f"{cohort}#good"], picture=tmp_path / "three.png")
    with Image.open(tmp_path / "one.png") as one, Image.open(tmp_path / "three.png") as three:
        assert one.width == one.height
        assert three.width > one.width
    with pytest.raises(InputError, match=r"none\.png was not written: none of the sections could be opened"):
        check([f"{cohort}#bad"], picture=tmp_path / "none.png")


def test_what_can_be_read_of_a_section_that_does_not_open_is_told(cohort: Path) -> None:
    (bad,) = check([f"{cohort}#bad"]).sections
    assert (bad.n_spots, bad.platform, bad.median_counts) == (48, "legacy ST", 700)
    assert bad.width_px is None
    (cohort.parent / "a.tsv").write_text("no table")
    (bad,) = check([f"{cohort}#good"]).sections
    assert (bad.width_px, bad.slide_format) == (900, "flat")
    assert bad.n_spots is None
    assert len(bad.errors) == 1


def test_sections_that_belong_together_are_told(cohort: Path) -> None:
    checked = check([f"{cohort}#good", f"{cohort}#good"])
    assert len(checked.sisters) >= 1
    assert checked.to_dict()["sisters"] == list(checked.sisters)


def test_a_picture_without_a_slide_or_without_spots(cohort: Path, tmp_path: Path) -> None:
    check_picture([open_section(find_section(cohort.parent / "a.tsv"))], tmp_path / "spots.png")
    slide = open_section(find_section(cohort.parent / "a.png"))
    check_picture([slide], tmp_path / "slide.png")
    slide.close()
    assert (tmp_path / "spots.png").stat().st_size > 0
    assert (tmp_path / "slide.png").stat().st_size > 0


def test_a_picture_that_can_not_be_written_leaves_the_old_one(cohort: Path, tmp_path: Path) -> None:
    section = open_section(find_section(cohort.parent / "a.tsv"))
    with pytest.raises(InputError, match="gone"):
        check_picture([section], tmp_path / "gone" / "a.png")
    assert not (tmp_path / "gone").exists()


def test_real_sections_lie_on_their_tissue(her2st_cohort: Path) -> None:
    reports = {report.name: report for report in check([her2st_cohort]).sections}
    assert [reports[name].n_spots for name in ("C2", "C3", "C4", "C5", "A1")] == [187, 180, 184, 181, 346]
    assert sum(reports[name].under_min_counts or 0 for name in ("C2", "C3", "C4", "C5")) == 5
    for report in reports.values():
        assert report.errors == ()
        assert report.on_tissue is not None
        assert report.on_tissue > 0.95
        assert report.placement == "the spots follow the outline of the tissue"
    assert reports["A1"].labels is not None
    assert reports["A1"].labels["invasive cancer"] == 282
    assert len(read_cohort(her2st_cohort).sections) == len(reports)
