"""Faults planted in copies of a real section, and in a Visium folder: `check` names each with its fix, and no other."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from geneglass.data.cohort import Cohort, SectionSource, read_cohort, write_cohort
from geneglass.data.pyramid import write_pyramid
from geneglass.workflow.check import SectionReport, check
from turned_pictures import TURNS

WIDTH_PX, HEIGHT_PX = 9272, 9901
PREVIEW_PX = 2000
PITCH_MPP = 0.6857


@pytest.fixture(scope="module")
def original(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> SectionSource:
    """Return C5 with the counts of a few genes: what is tried here is where its spots lie."""
    root, folder = shared_data / "her2st" / "data", tmp_path_factory.mktemp("c5")
    counts = pd.read_csv(root / "ST-cnts" / "C5.tsv.gz", sep="\t", index_col=0)
    counts.iloc[:, np.argsort(-counts.sum())[:40]].to_csv(folder / "C5.tsv", sep="\t")
    positions = folder / "C5_selection.tsv"
    places = pd.read_csv(root / "ST-spotfiles" / "C5_selection.tsv", sep="\t", dtype=str)
    places[(places["x"] + "x" + places["y"]).isin(counts.index)].to_csv(positions, sep="\t", index=False)
    slide = root / "ST-imgs" / "C" / "C5" / "5714_HE_BT_E1.jpg"
    return SectionSource("C5", patient="C", slide=slide, spots=folder / "C5.tsv", positions=positions)


@pytest.fixture(scope="module")
def picture(original: SectionSource) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        assert original.slide is not None
        image = Image.open(original.slide)
    assert image.size == (WIDTH_PX, HEIGHT_PX)
    image.load()
    return image


@pytest.fixture(scope="module")
def preview(picture: Image.Image) -> Image.Image:
    return picture.resize((PREVIEW_PX, round(PREVIEW_PX * HEIGHT_PX / WIDTH_PX)))


def swapped(positions: Path, path: Path) -> Path:
    table = pd.read_csv(positions, sep="\t", dtype=str)
    table.rename(columns={"pixel_x": "pixel_y", "pixel_y": "pixel_x"}).to_csv(path, sep="\t", index=False)
    return path


def saved(picture: Image.Image, path: Path) -> Path:
    picture.save(path, quality=90)
    return path


@pytest.fixture(scope="module")
def planted(
    original: SectionSource, picture: Image.Image, preview: Image.Image, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a cohort of C5 and copies of it with one fault each."""
    folder = tmp_path_factory.mktemp("planted")
    assert original.positions is not None
    mirrored = saved(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), folder / "mirrored.jpg")
    tagged = folder / "tagged.ome.tif"
    write_pyramid(tagged, np.asarray(preview), 0.25)
    small = {"scale": PREVIEW_PX / WIDTH_PX}
    sections = (
        original,
        replace(original, name="swapped", positions=swapped(original.positions, folder / "swapped.tsv")),
        replace(original, name="mirrored", slide=mirrored),
        replace(original, name="preview", slide=saved(preview, folder / "preview.jpg")),
        replace(original, name="given", mpp=0.25),
        replace(original, name="tagged", slide=tagged, **small),
    )
    write_cohort(Cohort(folder / "cohort.toml", sections))
    return folder / "cohort.toml"


def test_exactly_the_planted_fault_is_named(planted: Path, tmp_path: Path) -> None:
    checked = check([planted], picture=tmp_path / "all.png")
    reports = {report.name: report for report in checked.sections}
    assert (reports["C5"].errors, reports["C5"].warnings) == ((), ())
    assert reports["C5"].placement == "the spots follow the outline of the tissue"
    errors = {name: report.errors for name, report in reports.items() if name != "C5"}
    assert [len(sentences) for sentences in errors.values()] == [1] * 5
    told = {name: sentences[0] for name, sentences in errors.items()}
    assert 'x and y of the spot positions are exchanged; set orientation = "swap-xy" for it' in told["swapped"]
    assert 'the slide is mirrored left to right; set orientation = "mirror-x" for it' in told["mirrored"]
    assert (
        "preview.jpg is a reduced copy of the picture that the positions belong to; set scale = 0.21"
        in (told["preview"])
    )
    assert told["given"] == (
        "Section given: the pixel size is 0.25 um as given, but 0.6857 um by the spot pitch of legacy ST: 200 um over "
        "291.7 px; set `mpp = 0.6857` or leave it out, in the cohort.toml."
    )
    assert "the pixel size is 0.25 um by the tags of tagged.ome.tif, but 3.179 um by the spot pitch" in told["tagged"]
    assert (tmp_path / "all.png").stat().st_size > 100_000


def test_what_could_be_read_stands_beside_a_fault(planted: Path) -> None:
    (report,) = check([f"{planted}#preview"]).sections
    assert report.errors
    assert (report.width_px, report.height_px) == (PREVIEW_PX, round(PREVIEW_PX * HEIGHT_PX / WIDTH_PX))
    assert (report.n_spots, report.n_genes, report.platform) == (181, 40, "legacy ST")
    assert (report.slide_format, report.scale, report.orientation) == ("flat", 1.0, "none")
    assert report.content_hash


@pytest.mark.parametrize("planted_turn", TURNS)
def test_the_fix_that_is_named_is_the_fix(
    original: SectionSource, preview: Image.Image, tmp_path: Path, planted_turn: str
) -> None:
    picture = preview.resize((600, 640)).transpose(TURNS[planted_turn])
    source = replace(original, slide=saved(picture, tmp_path / "turned.png"), scale=600 / WIDTH_PX)
    found = checked_alone(source, tmp_path)
    (error,) = found.errors
    assert f'set orientation = "{planted_turn}" for it in the cohort.toml' in error
    mended = checked_alone(replace(source, orientation=planted_turn), tmp_path)
    assert (mended.errors, mended.warnings) == ((), ())
    assert (mended.orientation, mended.placement) == (planted_turn, "the spots follow the outline of the tissue")
    assert mended.mpp == pytest.approx(found.mpp)


def test_the_scale_that_is_named_is_the_fix(original: SectionSource, preview: Image.Image, tmp_path: Path) -> None:
    picture = preview.resize((600, 640)).transpose(Image.Transpose.ROTATE_180)
    source = replace(original, slide=saved(picture, tmp_path / "small.png"))
    (error,) = checked_alone(source, tmp_path).errors
    scale = float(error.partition("scale = ")[2].split()[0])
    assert scale == pytest.approx(600 / WIDTH_PX, rel=0.015)
    assert f'set scale = {scale:g} (or the exact ratio of the widths) and orientation = "rotate-180" for it' in error
    mended = checked_alone(replace(source, scale=scale, orientation="rotate-180"), tmp_path)
    assert (mended.errors, mended.warnings) == ((), ())


def test_who_gives_the_orientation_has_the_last_word(
    original: SectionSource, preview: Image.Image, tmp_path: Path
) -> None:
    picture = preview.resize((600, 640)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    source = replace(original, slide=saved(picture, tmp_path / "turned.png"), scale=600 / WIDTH_PX, orientation="none")
    kept = checked_alone(source, tmp_path)
    assert kept.errors == ()
    (warning,) = kept.warnings
    assert 'the slide is mirrored upside down; set orientation = "mirror-y"' in warning
    (warning,) = checked_alone(replace(source, orientation="mirror-x"), tmp_path).warnings
    assert 'orientation = "mirror-x" does not lay the spots onto the tissue; set orientation = "mirror-y"' in warning


def test_a_wrong_scale_with_right_tags_is_one_fault(
    original: SectionSource, preview: Image.Image, tmp_path: Path
) -> None:
    write_pyramid(tmp_path / "small.ome.tif", np.asarray(preview), PITCH_MPP * WIDTH_PX / PREVIEW_PX)
    (error,) = checked_alone(replace(original, slide=tmp_path / "small.ome.tif"), tmp_path).errors
    assert "small.ome.tif is a reduced copy of the picture that the positions belong to; set scale = 0.21" in error


def test_originals_are_clean(mob_cohort: Path) -> None:
    for report in check([mob_cohort, Path(__file__).parents[2] / "sample_data"]).sections:
        assert report.errors == ()
        assert report.placement == "the spots follow the outline of the tissue"
        assert not any("pixel size" in warning for warning in report.warnings)


def checked_alone(source: SectionSource, folder: Path) -> SectionReport:
    write_cohort(Cohort(folder / "cohort.toml", (source,)))
    assert read_cohort(folder / "cohort.toml").sections == (source,)
    (report,) = check([folder / "cohort.toml"]).sections
    return report


@pytest.fixture
def visium(shared_data: Path, tmp_path: Path) -> Callable[[str], SectionSource]:
    def section(slide: str) -> SectionSource:
        folder = shared_data / "visium" / "cytassist-lowres" / "outs"
        return SectionSource("embryo", spots=folder, slide=folder / "spatial" / slide if slide else None)

    return section


def test_a_preview_is_shown_where_there_is_no_slide(visium: Callable[[str], SectionSource], tmp_path: Path) -> None:
    report = checked_alone(visium(""), tmp_path)
    assert report.errors == ()
    assert (report.slide, report.width_px, report.height_px) == ("tissue_lowres_image.png", 600, 600)
    assert report.scale == pytest.approx(0.2)
    assert report.mpp == pytest.approx(23.4, rel=0.02)
    assert report.warnings[0].startswith("Without a slide the lowres tissue_lowres_image.png is used (scale 0.2, 2")
    assert report.warnings[0].endswith("um per pixel); give the full-resolution slide to predict.")
    assert report.on_tissue is not None
    assert report.on_tissue > 0.95


@pytest.mark.parametrize("copied", [False, True])
def test_a_preview_given_as_the_slide_is_known_again(
    visium: Callable[[str], SectionSource], tmp_path: Path, copied: bool
) -> None:
    source = visium("tissue_lowres_image.png")
    if copied:
        assert source.slide is not None
        (tmp_path / "slide.png").write_bytes(source.slide.read_bytes())
        source = replace(source, slide=tmp_path / "slide.png")
    report = checked_alone(source, tmp_path)
    assert report.errors == ()
    assert report.scale == pytest.approx(0.2)
    assert report.mpp == pytest.approx(23.4, rel=0.02)
    assert " is no full slide: the lowres " in report.warnings[0]
