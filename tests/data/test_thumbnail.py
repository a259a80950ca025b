"""Small pictures of slides: made once, made anew when the slide changes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geneglass.data.pyramid import write_pyramid
from geneglass.data.slide_formats import open_slide
from geneglass.data.thumbnail import EDGE_PX, thumbnail
from geneglass.errors import InputError


@pytest.fixture
def slide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENEGLASS_CACHE", str(tmp_path / "cache"))
    pixels = np.full((700, 1300, 3), 240, np.uint8)
    pixels[:, :400] = (180, 60, 120)
    write_pyramid(tmp_path / "slide.ome.tif", pixels, 0.5, tile=128)
    return tmp_path / "slide.ome.tif"


def test_it_shows_the_whole_slide_and_is_kept(slide: Path) -> None:
    file = thumbnail(slide)
    with Image.open(file) as picture:
        assert max(picture.size) <= EDGE_PX
        assert picture.width / picture.height == pytest.approx(1300 / 700, rel=0.01)
        left, right = picture.getpixel((5, 50)), picture.getpixel((picture.width - 5, 50))
    assert np.allclose(left, (180, 60, 120), atol=12)
    assert np.allclose(right, 240, atol=12)
    made = file.stat().st_mtime_ns
    assert thumbnail(slide) == file
    assert file.stat().st_mtime_ns == made


def test_a_changed_slide_gets_a_new_one(slide: Path) -> None:
    before = thumbnail(slide)
    write_pyramid(slide, np.full((500, 900, 3), 100, np.uint8), 0.5, tile=128)
    assert thumbnail(slide) != before


def test_an_opened_slide_is_taken_where_its_path_does_not_open(slide: Path, tmp_path: Path) -> None:
    spots = tmp_path / "spots.h5ad"
    spots.write_bytes(b"no slide")
    with open_slide(slide) as opened:
        assert thumbnail(spots, opened).exists()


def test_what_is_no_slide_is_refused(slide: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        thumbnail(tmp_path / "none.svs")
