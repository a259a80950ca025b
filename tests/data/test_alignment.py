"""Spots laid onto the tissue in every way; the right one is found, and nothing is said where nothing is wrong."""

import json
import warnings
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from PIL import Image

from geneglass.data.alignment import Outline, align
from geneglass.data.array_slide import ArraySlide
from geneglass.data.cohort import read_cohort
from geneglass.data.orientation import ORIENTATIONS, UNTURNED
from geneglass.data.section import open_section
from geneglass.data.spots import Spots
from geneglass.data.types import LEGACY_ST, VISIUM, Platform, UInt8Array
from turned_pictures import TURNS

WORK_PX = 600
REAL = ("C2", "C3", "C4", "C5", "A1", "MOB1", "MOB2", "MOB3", "dlpfc", "cytassist")

Case = tuple[UInt8Array, Spots]


def slide_of(picture: UInt8Array, orientation: str = UNTURNED) -> ArraySlide:
    if orientation != UNTURNED:
        picture = np.asarray(Image.fromarray(picture).transpose(TURNS[orientation]))
    return ArraySlide(np.ascontiguousarray(picture), Path("picture.png"))


def spots_at(centres_xy: np.ndarray, array: np.ndarray | None = None, platform: Platform | None = LEGACY_ST) -> Spots:
    obs = pd.DataFrame(index=[str(i) for i in range(len(centres_xy))])
    if array is not None:
        obs["array_row"], obs["array_col"] = np.asarray(array).T
    table = AnnData(np.ones((len(obs), 1), np.float32), obs=obs)
    table.obsm["spatial"] = np.asarray(centres_xy, np.float64)
    return Spots(table, platform)


def scaled(spots: Spots, factor: float) -> Spots:
    return spots_at(spots.table.obsm["spatial"] * factor, platform=None)


def painted(shape: str) -> Case:
    """Return tissue of 600 x 800 px, longer to the right below ("boot") or round ("disc"), with spots 25 px apart."""
    y, x = np.mgrid[:600, :800]
    if shape == "boot":
        tissue = ((x > 150) & (x < 350) & (y > 80) & (y < 520)) | ((x > 150) & (x < 620) & (y > 380) & (y < 520))
    else:
        tissue = (x - 400) ** 2 + (y - 300) ** 2 < 200**2
    picture = np.full((600, 800, 3), 240, np.uint8)
    picture[tissue] = (170, 90, 160)
    grid_xy = np.stack(np.meshgrid(np.arange(12, 800, 25), np.arange(12, 600, 25)), axis=-1).reshape(-1, 2)
    on = tissue[grid_xy[:, 1], grid_xy[:, 0]]
    return picture, spots_at(grid_xy[on])


@pytest.fixture(scope="module")
def real(shared_data: Path) -> dict[str, Case]:
    """Return small pictures of real sections with their spots; array positions where the table has them."""
    breast, bulb, visium = shared_data / "her2st", shared_data / "mob", shared_data / "visium"
    slides = {"C2": "5714_HE_BT_C2", "C3": "5714_HE_BT_D1", "C4": "5714_HE_BT_D2", "C5": "5714_HE_BT_E1"}
    cases = {}
    for name, slide in slides.items():
        picture, factor = _small(breast / "data" / "ST-imgs" / "C" / name / f"{slide}.jpg")
        cases[name] = picture, _legacy(breast / "data" / "ST-spotfiles" / f"{name}_selection.tsv", factor)
    picture, factor = _small(breast / "app" / "www" / "imgs" / "A1_HE_image_dark.png")
    cases["A1"] = picture, _legacy(breast / "data" / "ST-spotfiles" / "A1_selection.tsv", factor * 2000 / 6954)
    for name in ("MOB1", "MOB2", "MOB3"):
        picture, factor = _small(bulb / f"{name}.jpg")
        cases[name] = picture, _legacy(bulb / f"alignment_table_{name}.tsv", factor)
    cases["dlpfc"] = _visium(visium / "dlpfc-151673" / "spatial")
    cases["cytassist"] = _visium(visium / "cytassist-lowres" / "outs" / "spatial")
    return cases


def _small(path: Path) -> tuple[UInt8Array, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(path)
    with image:
        width = image.width
        image.draft("RGB", (WORK_PX, WORK_PX))
        image.thumbnail((WORK_PX, WORK_PX))
        return np.asarray(image.convert("RGB")), image.width / width


def _legacy(path: Path, factor: float) -> Spots:
    table = pd.read_csv(path, sep="\t")
    table = table[table["selected"] == 1] if "selected" in table else table
    array = None if "MOB" in path.name else table[["y", "x"]].to_numpy()
    return spots_at(table[["pixel_x", "pixel_y"]].to_numpy() * factor, array)


def _visium(folder: Path) -> Case:
    (positions,) = folder.glob("tissue_positions*.csv")
    header = None if positions.name.endswith("_list.csv") else 0
    table = pd.read_csv(positions, header=header).iloc[:, 1:6].to_numpy(np.float64)
    table = table[table[:, 0] == 1]
    factor = json.loads((folder / "scalefactors_json.json").read_text())["tissue_lowres_scalef"]
    picture, _ = _small(folder / "tissue_lowres_image.png")
    return picture, spots_at(table[:, [4, 3]] * factor, table[:, 1:3], VISIUM)


@pytest.mark.parametrize("name", REAL)
def test_nothing_is_wrong_with_real_sections(real: dict[str, Case], name: str) -> None:
    picture, spots = real[name]
    found = align(slide_of(picture), spots, orientation=UNTURNED, scale=1.0)
    assert found.better == ()
    assert found.has_tissue
    assert found.follows_outline
    assert found.now.on_tissue > 0.8
    assert found.now.beside < 0.2


@pytest.mark.parametrize("name", REAL)
def test_every_turn_of_a_real_section_is_named(real: dict[str, Case], name: str) -> None:
    picture, spots = real[name]
    named = {}
    for planted in TURNS:
        found = align(slide_of(picture, planted), spots, orientation=UNTURNED, scale=1.0)
        named[planted] = [better.orientation for better in found.better]
    assert named == {planted: [planted] for planted in TURNS}


@pytest.mark.parametrize("name", ["C3", "A1", "MOB3", "dlpfc"])
@pytest.mark.parametrize(("planted", "turn"), [(0.216, "none"), (0.4, "mirror-y"), (1 / 0.15, "none")])
def test_another_scale_of_a_real_section_is_named(real: dict[str, Case], name: str, planted: float, turn: str) -> None:
    picture, spots = real[name]
    found = align(slide_of(picture, turn), scaled(spots, 1 / planted), orientation=UNTURNED, scale=1.0)
    (better,) = found.better
    assert better.orientation == turn
    assert better.scale == pytest.approx(planted, rel=0.015)
    again = align(slide_of(picture, turn), scaled(spots, 1 / planted), orientation=turn, scale=better.scale)
    assert again.better == ()


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("wrong_by", [0.5, 0.6, 0.7, 0.8, 1.25, 1.4, 1.6, 2.0])
def test_a_wrong_scale_of_a_real_section_is_told(real: dict[str, Case], name: str, wrong_by: float) -> None:
    picture, spots = real[name]
    found = align(slide_of(picture), spots, orientation=UNTURNED, scale=wrong_by)
    (told,) = found.better or (found.nearly,)
    assert told is not None
    assert told.orientation == UNTURNED
    assert told.scale == pytest.approx(1, rel=0.02)
    if name != "cytassist":  # whose tissue is not seen as sharply
        assert found.better == (told,)


def test_the_slide_of_a_neighbouring_section_is_no_turn_of_this_one(real: dict[str, Case]) -> None:
    breast, bulb = ("C2", "C3", "C4", "C5", "A1"), ("MOB1", "MOB2", "MOB3")
    for one, other in [*permutations(breast, 2), *permutations(bulb, 2)]:
        found = align(slide_of(real[other][0]), real[one][1], orientation=UNTURNED, scale=1.0)
        assert (found.better, found.nearly) == ((), None), f"spots of {one} on {other}"


@pytest.mark.parametrize("name", REAL)
def test_spots_on_a_part_of_their_tissue_are_not_stretched_over_all_of_it(real: dict[str, Case], name: str) -> None:
    picture, spots = real[name]
    centres = spots.table.obsm["spatial"]
    away = centres - np.median(centres, axis=0)
    far = np.hypot(*away.T)
    parts = [away[:, 0] < 0, away[:, 0] >= 0, away[:, 1] < 0, away[:, 1] >= 0, (away < 0).all(axis=1)]
    for number, part in enumerate([*parts, *(far <= np.quantile(far, share) for share in (0.3, 0.5, 0.7))]):
        found = align(slide_of(picture), Spots(spots.table[part], spots.platform), orientation=UNTURNED, scale=1.0)
        assert (found.better, found.nearly) == ((), None), f"part {number}"


def test_nothing_is_wrong_with_the_sample() -> None:
    cohort = read_cohort(Path(__file__).parents[2] / "sample_data" / "cohort.toml")
    for source in cohort.sections:
        section = open_section(source)
        assert section.slide is not None
        assert section.spots is not None
        found = align(section.slide, section.spots, orientation=UNTURNED, scale=1.0)
        section.close()
        assert found.better == ()
        assert found.follows_outline


@pytest.mark.parametrize("planted", ORIENTATIONS)
def test_a_turn_is_named_and_mended(planted: str) -> None:
    picture, spots = painted("boot")
    found = align(slide_of(picture, planted), spots, orientation=UNTURNED, scale=1.0)
    assert [better.orientation for better in found.better] == ([] if planted == UNTURNED else [planted])
    assert all(better.scale == 1 for better in found.better)
    mended = align(slide_of(picture, planted), spots, orientation=planted, scale=1.0)
    assert mended.better == ()
    assert mended.follows_outline
    assert (mended.now.on_tissue, mended.now.beside) == (pytest.approx(1, abs=0.02), pytest.approx(0, abs=0.05))


def test_a_scale_is_measured_from_the_present_one() -> None:
    picture, spots = painted("boot")
    found = align(slide_of(picture), scaled(spots, 2), orientation=UNTURNED, scale=0.2)
    (better,) = found.better
    assert better.scale == pytest.approx(0.5, rel=0.015)


def test_an_outline_that_looks_alike_from_all_sides_accuses_nobody() -> None:
    picture, spots = painted("disc")
    for planted in ("mirror-x", "mirror-y", "rotate-180"):
        assert align(slide_of(picture, planted), spots, orientation=UNTURNED, scale=1.0).better == ()
    found = align(slide_of(picture, "rotate-90"), spots, orientation=UNTURNED, scale=1.0)
    assert {better.orientation for better in found.better} == {
        "swap-xy",
        "rotate-90",
        "rotate-270",
        "swap-xy-rotate-180",
    }


def test_spots_within_larger_tissue_say_nothing() -> None:
    picture, spots = painted("boot")
    picture[:] = (170, 90, 160)
    picture[:20], picture[-20:] = 240, 240
    found = align(slide_of(picture), spots, orientation=UNTURNED, scale=1.0)
    assert found.better == ()
    assert not found.follows_outline


def test_tissue_beyond_the_printed_array_is_no_fault() -> None:
    picture, spots = painted("boot")
    picture[380:520, 620:800] = (170, 90, 160)
    centres = spots.table.obsm["spatial"]
    # The array ends with column 33, at x = 612 px: the tissue goes on, the spots can not.
    rows, columns = centres[:, 1] // 25, (centres[:, 0] + 613 - 600) // 25 + 8
    slide = slide_of(picture)
    seen = Outline(slide, spots_at(centres, np.stack([rows, columns], axis=1))).place(UNTURNED, 1.0)
    unseen = Outline(slide, spots_at(centres)).place(UNTURNED, 1.0)
    assert seen.beside < 0.02 < unseen.beside


@pytest.mark.parametrize("n_spots", [1, 2, 5])
def test_a_few_spots_say_nothing(n_spots: int) -> None:
    picture, spots = painted("boot")
    few = spots_at(spots.table.obsm["spatial"][:n_spots])
    assert align(slide_of(picture, "rotate-180"), few, orientation=UNTURNED, scale=1.0).better == ()


def test_a_blank_picture_says_nothing() -> None:
    _, spots = painted("boot")
    found = align(slide_of(np.full((600, 800, 3), 240, np.uint8)), spots, orientation=UNTURNED, scale=1.0)
    assert not found.has_tissue
    assert found.better == ()


def test_all_spots_in_one_place_say_nothing() -> None:
    picture, _ = painted("boot")
    found = align(slide_of(picture), spots_at(np.full((9, 2), 300.0)), orientation=UNTURNED, scale=1.0)
    assert found.better == ()
