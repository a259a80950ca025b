"""Pictures that come with spots: shown where there is no slide, known again where one is given as the slide."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from PIL import Image

from geneglass.data.array_slide import ArraySlide
from geneglass.data.cohort import SectionSource
from geneglass.data.mpp_sources import pixel_size
from geneglass.data.preview import open_preview, recognised
from geneglass.data.section import Section, open_section
from geneglass.data.spot_formats import SPOT_FORMATS, SpotFormat
from geneglass.data.spots import Picture, Spots
from geneglass.data.types import LEGACY_ST, UInt8Array

Opener = Callable[..., Section]

FULL_PX = (3000, 4000)
HIRES, LOWRES = 0.2, 0.06


def tissue(scale: float) -> UInt8Array:
    """Return an L of tissue, on a picture of the full size times `scale`."""
    height, width = (round(n * scale) for n in FULL_PX)
    picture = np.full((height, width, 3), 240, np.uint8)
    picture[height // 6 : height * 5 // 6, width // 5 : width * 2 // 5] = (170, 90, 160)
    picture[height * 3 // 5 : height * 5 // 6, width // 5 : width * 4 // 5] = (170, 90, 160)
    return picture


def spots_of(pictures: Sequence[Picture], mpp: float | None = None) -> Spots:
    full = tissue(0.1)
    y, x = np.mgrid[5 : full.shape[0] : 10, 5 : full.shape[1] : 10].reshape(2, -1)
    on = full[y, x, 0] < 200
    places = pd.DataFrame({"array_row": y[on] // 10, "array_col": x[on] // 10}).astype(float)
    table = AnnData(np.full((len(places), 1), 900, np.float32), obs=places.set_axis(places.index.astype(str)))
    table.obsm["spatial"] = np.stack([x[on], y[on]], axis=1) * 10.0
    return Spots(table, LEGACY_ST, pictures=tuple(pictures), mpp=mpp)


@pytest.fixture
def hires(tmp_path: Path) -> Path:
    Image.fromarray(tissue(HIRES)).save(tmp_path / "hires.png")
    return tmp_path / "hires.png"


@pytest.fixture
def opened_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Opener:
    """Return a way to open a section whose spot table, of a format of its own, brings these pictures."""

    def opened(pictures: Sequence[Picture], slide: Path | None = None, mpp: float | None = None) -> Section:
        file = tmp_path / "table.pictured"
        file.write_text("spots")
        pictured = SpotFormat(suffixes=(".pictured",), open=lambda *_: spots_of(pictures, mpp))
        monkeypatch.setitem(SPOT_FORMATS._members, "pictured", pictured)
        return open_section(SectionSource("s", spots=file, slide=slide))

    return opened


def test_the_largest_picture_that_opens_is_shown(hires: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_text("no picture")
    pictures = (
        Picture("full", 1.0, path=tmp_path / "broken.png"),
        Picture("hires", HIRES, path=hires),
        Picture("lowres", LOWRES, pixels=tissue(LOWRES)),
    )
    slide, picture, told = open_preview(spots_of(pictures), tmp_path / "table.h5ad")
    assert slide is not None
    with slide:
        assert (slide.path, picture) == (hires, pictures[1])
    (sentence,) = told
    assert sentence.startswith("The full picture of table.h5ad could not be opened: ")
    assert open_preview(spots_of(()), tmp_path / "table.h5ad") == (None, None, ())


def test_a_section_without_a_slide_lies_on_its_preview(opened_with: Opener, tmp_path: Path) -> None:
    section = opened_with([Picture("hires", HIRES, pixels=tissue(HIRES))])
    assert section.scale == HIRES
    assert section.mpp == pytest.approx(200 / (100 * HIRES))
    assert section.slide.levels[0].width_px == FULL_PX[1] * HIRES
    np.testing.assert_allclose(section.centres_yx[:, ::-1], section.spots.table.obsm["spatial"] * HIRES, rtol=1e-6)
    assert section.warnings == (
        "Without a slide the hires picture in table.pictured is used (scale 0.2, 10 um per pixel); "
        "give the full-resolution slide to predict.",
    )


def test_a_picture_of_full_size_is_no_preview(opened_with: Opener) -> None:
    section = opened_with([Picture("image", 1.0, pixels=tissue(1.0))])
    assert (section.scale, section.warnings) == (1.0, ())


def test_a_preview_is_known_by_its_file_or_size(opened_with: Opener, hires: Path, tmp_path: Path) -> None:
    by_file = opened_with([Picture("hires", HIRES, path=hires)], slide=hires)
    copy = tmp_path / "slide.png"
    copy.write_bytes(hires.read_bytes())
    by_size = opened_with([Picture("hires", HIRES, path=hires)], slide=copy)
    for section in (by_file, by_size):
        assert section.scale == HIRES
        (sentence,) = section.warnings
        assert f"{section.slide.path.name} is no full slide: the hires {section.slide.path.name} is used" in sentence
        section.close()


def test_a_preview_is_known_by_where_its_scale_lays_the_spots(tmp_path: Path) -> None:
    # The same picture, enlarged a little by whoever copied it: neither file nor size tell.
    pictures = (
        Picture("hires", HIRES, pixels=tissue(HIRES)[:-1]),
        Picture("lowres", LOWRES, pixels=tissue(LOWRES)[:-1]),
    )
    slide = ArraySlide(tissue(LOWRES), tmp_path / "slide.png")
    assert recognised(slide, spots_of(pictures), inside=False) == pictures[1]
    assert recognised(slide, spots_of(pictures), inside=True) is None
    other = ArraySlide(tissue(0.11), tmp_path / "slide.png")
    assert recognised(other, spots_of(pictures), inside=False) is None


def test_the_pixel_size_of_the_spot_files_is_one_more_source() -> None:
    source = SectionSource("s", spots=Path("outs"))
    agreed = pixel_size(source, (), spots_of((), mpp=2.0), scale=0.5)
    assert (agreed.mpp, agreed.how, agreed.fault) == (4.0, "spot files of outs", None)
    contradicted = pixel_size(source, (), spots_of((), mpp=0.5), scale=1.0)
    assert contradicted.fault is not None
    assert "is 0.5 um by the spot files of outs, but 2 um by the spot pitch" in contradicted.fault
