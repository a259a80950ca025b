"""What becomes of files that are dropped together, without a window."""

import json
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box

from geneglass.data.annotation import Domain
from geneglass.data.section import Section
from geneglass.errors import InputError
from geneglass.viewer.opening import Dropped, open_path, open_together, take
from geneglass.viewer.session import Session
from geneglass.workflow.events import finish


def together(folder: Path, *names: str, current: Section | None = None) -> Dropped:
    return finish(open_together([folder / name for name in names], None, current))


def square(path: Path, left: float, size: float) -> Path:
    ring = [[left, 0], [left + size, 0], [left + size, size], [left, size], [left, 0]]
    geometry: dict[str, Any] = {"type": "Polygon", "coordinates": [ring]}
    path.write_text(json.dumps({"type": "Feature", "geometry": geometry, "properties": {"name": "square"}}))
    return path


@pytest.mark.parametrize("names", [("left.ome.tif", "left.h5ad"), ("left.h5ad", "left.ome.tif")])
def test_a_slide_and_its_spots_are_opened_once_as_one_section(small_cohort: Path, names: tuple[str, ...]) -> None:
    dropped = together(small_cohort.parent, *names)
    (opened,) = dropped.opened
    assert opened.section is not None
    assert opened.section.slide is not None
    assert opened.section.spots is not None
    assert not dropped.errors
    assert not dropped.told


def test_two_slides_together_name_the_one_left_out(small_cohort: Path) -> None:
    dropped = together(small_cohort.parent, "left.ome.tif", "right.ome.tif")
    (opened,) = dropped.opened
    assert opened.section is not None
    assert opened.section.name == "right"
    (sentence,) = dropped.told
    assert "left out: left.ome.tif" in sentence


def test_a_damaged_file_keeps_nothing_else_from_being_read(small_cohort: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.geojson").write_text("{")
    good = square(tmp_path / "good.geojson", 0, 200)
    paths = [tmp_path / "broken.geojson", small_cohort.parent / "left.ome.tif", good]
    dropped = finish(open_together(paths, None, None))
    (error,) = dropped.errors
    assert "broken.geojson" in str(error)
    section, drawn = dropped.opened
    assert section.section is not None
    assert [domain.name for domain in drawn.domains or ()] == ["square"]


def test_domains_stay_with_their_slide_and_reach_its_spots(small_cohort: Path, tmp_path: Path) -> None:
    session = Session()
    for name in ("left.ome.tif", "left.h5ad"):
        current = session.section
        for opened in together(small_cohort.parent, name, current=current).opened:
            take(session, opened)
        if current is None:
            take(session, finish(open_path(square(tmp_path / "a.geojson", 0, 200), None, session.section)))
    assert session.section is not None
    assert session.section.spots is not None
    assert len(session.domains) == 1
    x, y = session.section.spots.table.obsm["spatial"].T
    inside = (session.section.spots.table.obs["domain"] == "square").to_numpy()
    assert list(inside) == list((x <= 200) & (y <= 200))
    right = finish(open_path(small_cohort.parent / "right.ome.tif"))
    take(session, right)
    assert session.domains == ()


def test_labels_and_domains_without_their_section_say_what_to_open_first(tmp_path: Path) -> None:
    (tmp_path / "labels.tsv").write_text("barcode\tlabel\nAAACAAGTATCTCCCA-1\tfat\n")
    for path in (tmp_path / "labels.tsv", square(tmp_path / "a.geojson", 0, 9)):
        with pytest.raises(InputError, match=r"open (their section|the slide) first"):
            finish(open_path(path))


def test_domains_that_are_dropped_add_to_what_is_drawn(small_cohort: Path, tmp_path: Path) -> None:
    session = Session()
    for opened in together(small_cohort.parent, "left.ome.tif").opened:
        take(session, opened)
    drawn = Domain("drawn by hand", box(300, 100, 400, 200))
    session.set_domains((drawn,))
    for _ in range(2):
        take(session, finish(open_path(square(tmp_path / "a.geojson", 0, 200), None, session.section)))
        assert [domain.name for domain in session.domains] == ["drawn by hand", "square"]
    assert session.domains[0] == drawn
