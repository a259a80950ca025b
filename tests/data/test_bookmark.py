"""Places with notes: written per slide, read back, damaged files refused in one sentence."""

import json
from pathlib import Path

import pytest

from geneglass.data.bookmark import Bookmark, from_json, read_bookmarks, write_bookmarks
from geneglass.errors import InputError


def test_they_come_back_as_they_were_and_stand_as_x_y_in_the_file(tmp_path: Path) -> None:
    kept = (Bookmark((120.5, 340.25), 0.5, "Nekrose – fragen"), Bookmark((4078.3548387, 7.0), 2 / 3))
    write_bookmarks(tmp_path / "places.json", tmp_path / "slide.svs", kept)
    assert read_bookmarks(tmp_path / "places.json") == kept
    content = json.loads((tmp_path / "places.json").read_text(encoding="utf-8"))
    assert content["places"][0]["centre_xy_px"] == [340.25, 120.5]
    assert read_bookmarks(tmp_path / "none.json") == ()


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"places": [{"zoom": 1}]}', '{"places": [{"centre_xy_px": [1], "zoom": 1}]}']
)
def test_damaged_files_are_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "places.json").write_text(text)
    with pytest.raises(InputError):
        read_bookmarks(tmp_path / "places.json")


@pytest.mark.parametrize("zoom", [0, -1, float("nan"), float("inf")])
def test_a_zoom_that_shows_nothing_is_refused(zoom: float) -> None:
    with pytest.raises(InputError, match="zoom above 0"):
        from_json([{"centre_xy_px": [1, 2], "zoom": zoom}])
