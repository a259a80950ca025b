"""Slide and spots on one scale; the pixel size and where it comes from."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from anndata import AnnData
from PIL import Image

from geneglass.data.cohort import SectionSource, read_cohort
from geneglass.data.pyramid import write_pyramid
from geneglass.data.section import Section, open_section, require_slide, require_spots
from geneglass.errors import InputError

HEIGHT_PX, WIDTH_PX = 900, 1300


@pytest.fixture
def opened() -> "Callable[[SectionSource], Section]":
    sections: list[Section] = []

    def opened(source: SectionSource) -> Section:
        sections.append(open_section(source))
        return sections[-1]

    yield opened
    for section in sections:
        section.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "slide.png"
    Image.new("RGB", (WIDTH_PX, HEIGHT_PX), (230, 200, 220)).save(path)
    return path


def tagged(tmp_path: Path, mpp: float) -> Path:
    path = tmp_path / f"tagged_{mpp}.ome.tif"
    write_pyramid(path, np.full((HEIGHT_PX, WIDTH_PX, 3), 220, np.uint8), mpp)
    return path


def legacy(tmp_path: Path, *, pitch_px: float = 100.0, offset_px: float = 50.0, step: int = 1) -> Path:
    """Write 8 x 12 spots of a square array (step 1), or of a staggered one (step 2)."""
    places = [(x, y) for y in range(8) for x in range(y % step, 12, step)]
    (tmp_path / "T.tsv").write_text("\tA\tB\n" + "".join(f"{x}x{y}\t{x + 1}\t{y}\n" for x, y in places))
    rows = [f"{x}\t{y}\t{x * pitch_px + offset_px}\t{y * pitch_px + offset_px}" for x, y in places]
    (tmp_path / "T_selection.tsv").write_text("x\ty\tpixel_x\tpixel_y\n" + "\n".join(rows) + "\n")
    return tmp_path / "T.tsv"


def test_the_pitch_gives_the_pixel_size(opened: Callable[[SectionSource], Section], picture: Path) -> None:
    section = opened(SectionSource("s", "p", slide=picture, spots=legacy(picture.parent)))
    slide, mpp = require_slide(section)
    assert mpp == pytest.approx(2.0)
    assert section.mpp_source == "spot pitch of legacy ST: 200 um over 100.0 px"
    assert (slide.levels[0].height_px, slide.levels[0].width_px) == (HEIGHT_PX, WIDTH_PX)
    assert section.spot_diameter_um == 100
    assert (section.name, section.patient, section.warnings) == ("s", "p", ())
    first = require_spots(section).table.obs_names.get_loc("3x1")
    np.testing.assert_array_equal(section.centres_yx[first], [150, 350])
    assert section.centres_yx.dtype == np.float32


def test_scale_moves_centres_and_pixel_size(opened: Callable[[SectionSource], Section], picture: Path) -> None:
    spots = legacy(picture.parent, pitch_px=400, offset_px=80)
    section = opened(SectionSource("s", slide=picture, spots=spots, scale=0.25))
    assert section.mpp == pytest.approx(2.0)
    first = require_spots(section).table.obs_names.get_loc("3x1")
    np.testing.assert_array_equal(section.centres_yx[first], [120, 320])


def test_given_comes_before_tags_before_pitch(opened: Callable[[SectionSource], Section], tmp_path: Path) -> None:
    spots = legacy(tmp_path)
    section = opened(SectionSource("s", slide=tagged(tmp_path, 2.01), spots=spots))
    assert section.mpp == pytest.approx(2.01)
    assert section.mpp_source == "tags of tagged_2.01.ome.tif"
    assert section.warnings == ()
    section = opened(SectionSource("s", slide=tagged(tmp_path, 2.01), spots=spots, mpp=1.95))
    assert (section.mpp, section.mpp_source, section.warnings) == (1.95, "given", ())


def test_sources_that_disagree_are_refused_with_both_numbers(tmp_path: Path) -> None:
    wrong = SectionSource("s", slide=tagged(tmp_path, 0.5), spots=legacy(tmp_path))
    with pytest.raises(InputError) as caught:
        open_section(wrong)
    assert str(caught.value) == (
        "Section s: the pixel size is 0.5 um by the tags of tagged_0.5.ome.tif, but 2 um by the spot pitch of "
        "legacy ST: 200 um over 100.0 px; set `mpp` to the right one, 0.5 or 2, in the cohort.toml."
    )
    with pytest.raises(InputError, match=r"is 0\.7 um as given, but 0\.5 um by the tags .*set `mpp = 0\.5` or leave"):
        open_section(replace(wrong, mpp=0.7))


@pytest.fixture
def contradicting(tmp_path: Path) -> Path:
    """A slide that states 0.25 um in its description and 2 um in its resolution tag."""
    path = tmp_path / "both.tif"
    options = {"resolution": (5000, 5000), "resolutionunit": "CENTIMETER", "photometric": "rgb", "tile": (256, 256)}
    pixels = np.full((HEIGHT_PX, WIDTH_PX, 3), 220, np.uint8)
    tifffile.imwrite(path, pixels, description="Made from Aperio|MPP = 0.25", metadata=None, **options)
    return path


def test_a_slide_that_contradicts_itself_is_refused_with_both_numbers(contradicting: Path) -> None:
    with pytest.raises(InputError) as caught:
        open_section(SectionSource("s", slide=contradicting))
    assert str(caught.value) == (
        "Section s: the pixel size is 0.25 um by the description of both.tif, but 2 um by the resolution tag of "
        "both.tif; set `mpp` to the right one, 0.25 or 2, in the cohort.toml."
    )


def test_what_is_given_settles_what_the_slide_contradicts(
    opened: Callable[[SectionSource], Section], contradicting: Path
) -> None:
    section = opened(SectionSource("s", slide=contradicting, mpp=0.25))
    assert section.mpp == 0.25
    assert section.warnings == ("The pixel size is 0.25 um (given), but 2 um by the resolution tag of both.tif.",)
    with pytest.raises(InputError, match=r"is 1 um as given, but 0\.25 um by the description of both\.tif"):
        open_section(SectionSource("s", slide=contradicting, mpp=1.0))


def test_the_spots_settle_what_the_slide_contradicts(
    opened: Callable[[SectionSource], Section], contradicting: Path, tmp_path: Path
) -> None:
    section = opened(SectionSource("s", slide=contradicting, spots=legacy(tmp_path)))
    assert (section.mpp, section.mpp_source) == (2.0, "resolution tag of both.tif")
    (told,) = section.warnings
    assert told == ("The pixel size is 2 um (resolution tag of both.tif), but 0.25 um by the description of both.tif.")
    with pytest.raises(InputError, match=r"is 0\.25 um by the description"):
        open_section(SectionSource("s", slide=contradicting, spots=legacy(tmp_path, pitch_px=90)))


@pytest.mark.parametrize("given", [0.5, 2.05])
def test_what_is_given_and_confirmed_stands_against_a_third(
    opened: Callable[[SectionSource], Section], tmp_path: Path, given: float
) -> None:
    section = opened(SectionSource("s", slide=tagged(tmp_path, 0.5), spots=legacy(tmp_path), mpp=given))
    assert section.mpp == given
    (told,) = section.warnings
    assert told.startswith(f"The pixel size is {given} um (given), but {'2' if given == 0.5 else '0.5'} um by the ")


def test_no_way_to_know_the_pixel_size_asks_for_it(opened: Callable[[SectionSource], Section], picture: Path) -> None:
    section = opened(SectionSource("s", slide=picture))
    assert section.mpp is None
    with pytest.raises(InputError, match=r"pixel size of slide\.png is not known: .*give `mpp`, in micrometres"):
        require_slide(section)


def test_a_staggered_array_does_not_tell_its_pitch(opened: Callable[[SectionSource], Section], picture: Path) -> None:
    section = opened(SectionSource("s", slide=picture, spots=legacy(picture.parent, step=2)))
    with pytest.raises(InputError, match="staggered grid of unknown pitch"):
        require_slide(section)


def test_the_platform_unknown_does_not_tell_its_pitch(
    opened: Callable[[SectionSource], Section], picture: Path
) -> None:
    table = AnnData(np.ones((9, 2)), obs=pd.DataFrame(index=list("abcdefghi")))
    table.obsm["spatial"] = np.stack(np.divmod(np.arange(9), 3), axis=1) * 100.0
    table.write_h5ad(picture.parent / "t.h5ad")
    section = opened(SectionSource("s", slide=picture, spots=picture.parent / "t.h5ad"))
    assert section.spot_diameter_um is None
    with pytest.raises(InputError, match="the spot platform is not known"):
        require_slide(section)


def test_spots_outside_the_slide_are_refused_or_told(opened: Callable[[SectionSource], Section], picture: Path) -> None:
    with pytest.raises(InputError, match=r"36 of 96 spots lie outside slide\.png .1300 x 900 px; .*scale. .now 1"):
        opened(SectionSource("s", slide=picture, spots=legacy(picture.parent, offset_px=300)))
    spots = legacy(picture.parent)
    places = (picture.parent / "T_selection.tsv").read_text().replace("0\t0\t50.0\t50.0", "0\t0\t-1\t50.0")
    (picture.parent / "T_selection.tsv").write_text(places)
    section = opened(SectionSource("s", slide=picture, spots=spots, mpp=2.0))
    assert section.warnings == ("1 of 96 spots lie outside slide.png.",)


def test_a_section_may_lack_slide_or_spots_not_both(opened: Callable[[SectionSource], Section], picture: Path) -> None:
    alone = opened(SectionSource("s", spots=legacy(picture.parent)))
    assert alone.mpp == pytest.approx(2.0)
    with pytest.raises(InputError, match="Section s has no slide"):
        require_slide(alone)
    alone = opened(SectionSource("s", slide=picture, mpp=1.0))
    assert alone.centres_yx.shape == (0, 2)
    with pytest.raises(InputError, match="Section s has no measured spots"):
        require_spots(alone)
    with pytest.raises(InputError, match="neither a slide nor spots"):
        open_section(SectionSource("s"))


def test_annotations_are_joined_or_told(opened: Callable[[SectionSource], Section], picture: Path) -> None:
    spots = legacy(picture.parent)
    labels = picture.parent / "labels.tsv"
    labels.write_text("x\ty\tlabel\n" + "".join(f"{x}\t{y}\tfat\n" for y in range(8) for x in range(12)))
    section = opened(SectionSource("s", slide=picture, spots=spots, annotations=labels))
    assert set(require_spots(section).table.obs["label"]) == {"fat"}
    section = opened(SectionSource("s", slide=picture, spots=spots, annotations=labels.with_suffix(".xml")))
    assert section.warnings == ("labels.xml was not read: annotations are a .geojson, or a .tsv or .csv of labels.",)


def test_real_sections_lie_on_one_scale(opened: Callable[[SectionSource], Section], her2st_cohort: Path) -> None:
    sources = {source.name: source for source in read_cohort(her2st_cohort).sections}
    c5, a1 = opened(sources["C5"]), opened(sources["A1"])
    assert c5.mpp == pytest.approx(0.69, abs=0.005)
    assert len(c5.centres_yx) == 181
    slide, mpp = require_slide(a1)
    assert mpp * 2000 / 6954 == pytest.approx(0.92, abs=0.005)
    assert (slide.levels[0].width_px, slide.levels[0].height_px) == (2000, 2138)
    assert (a1.centres_yx < (2138, 2000)).all()
    assert "Left out, having no counts: 2 spots (17x14, 18x20) of A1_selection.tsv." in a1.warnings


def test_real_sections_of_unstated_scale_need_it_by_hand(
    opened: Callable[[SectionSource], Section], mob_cohort: Path, shared_data: Path
) -> None:
    (first, *_) = read_cohort(mob_cohort).sections
    assert require_slide(opened(first))[1] == 4.16
    with pytest.raises(InputError, match=r"pixel size of MOB1\.jpg is not known"):
        require_slide(opened(SectionSource("MOB1", slide=first.slide, spots=first.spots)))
