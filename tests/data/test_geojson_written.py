"""GeoJSON as QuPath reads it, and everything again after a round trip."""

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geneglass.data.annotation import Domain
from geneglass.data.geojson import read_domains, write_domains
from geneglass.errors import InputError


def test_what_is_written_holds_what_qupath_wants(tmp_path: Path) -> None:
    bow = shapely.MultiPolygon([shapely.box(0, 0, 2, 3)])
    domains = [
        Domain("Tumor: Positive", bow, (1, 2, 3), object_name="left", locked=True),
        Domain("mine", shapely.Point(1, 2), (4, 5, 6), classified=False),
        Domain("", shapely.box(0, 0, 2, 3), classified=False, is_ellipse=True),
    ]
    write_domains(tmp_path / "a.geojson", domains)
    content = json.loads((tmp_path / "a.geojson").read_text())
    assert content["type"] == "FeatureCollection"
    first, second, third = content["features"]
    assert (first["type"], first["id"]) == ("Feature", domains[0].id)
    assert first["geometry"]["type"] == "Polygon"  # QuPath's neighbours refuse a multipolygon of one
    assert first["properties"] == {
        "objectType": "annotation",
        "name": "left",
        "classification": {"names": ["Tumor", "Positive"], "color": [1, 2, 3]},
        "isLocked": True,
    }
    assert second["properties"] == {"objectType": "annotation", "name": "mine", "color": [4, 5, 6]}
    assert third["properties"] == {"objectType": "annotation"}
    assert third["geometry"]["isEllipse"] is True


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.geojson"
    write_domains(path, [Domain("old", shapely.box(0, 0, 2, 3))])

    def half(self: Path, content: bytes) -> None:
        with self.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(InputError, match="disk is full"):
        write_domains(path, [Domain("new", shapely.box(0, 0, 2, 3))])
    assert read_domains(path)[0][0].name == "old"
    assert list(tmp_path.iterdir()) == [path]


colours = st.none() | st.tuples(*[st.integers(0, 255)] * 3)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.floats(-1e6, 1e6, allow_subnormal=False)


@st.composite
def shapes(draw: st.DrawFn) -> Any:
    """Draw points, lines, and polygons with holes, in one part or several that lie apart."""
    kind = draw(st.sampled_from(["point", "line", "polygon", "polygons"]))
    x, y = draw(numbers), draw(numbers)
    if kind == "point":
        return shapely.Point(x, y)
    if kind == "line":
        return shapely.LineString([(x, y), (x + 7, y + draw(st.floats(1, 100)))])
    parts = []
    for number in range(1 if kind == "polygon" else draw(st.integers(2, 4))):
        rings = [shapely.Point(x + 1000 * number, y).buffer(r, quad_segs=draw(st.integers(1, 9))) for r in (300, 100)]
        parts.append(rings[0].difference(rings[1]) if draw(st.booleans()) else rings[0])
    return parts[0] if kind == "polygon" else shapely.MultiPolygon(parts)


@st.composite
def drawn(draw: st.DrawFn) -> Domain:
    classified = draw(st.booleans())
    return Domain(
        name=draw(texts),
        shape=draw(shapes()),
        colour_rgb=draw(colours),
        kind=draw(st.sampled_from(["annotation", "detection", "cell", "tile"])),
        classified=classified,
        object_name=draw(texts) if classified else None,
        object_colour_rgb=draw(colours) if classified else None,
        locked=draw(st.booleans()),
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(drawn(), max_size=4), st.booleans())
def test_everything_survives_the_round_trip(tmp_path: Path, domains: list[Domain], zipped: bool) -> None:
    path = tmp_path / ("a.geojson.gz" if zipped else "a.geojson")
    write_domains(path, domains)
    again, told = read_domains(path)
    assert told == ()
    assert list(again) == domains


def test_real_exports_of_qupath_survive_the_round_trip(shared_data: Path, tmp_path: Path) -> None:
    names = {}
    for file in sorted((shared_data / "geojson").iterdir()):
        domains, told = read_domains(file)
        assert told == ()
        names[file.name.split("qupath")[-1]] = [domain.name for domain in domains]
        write_domains(tmp_path / "a.geojson", domains)
        assert read_domains(tmp_path / "a.geojson") == (domains, ())
    assert names["05.geojson"] == ["UT", "I", "I"]
    assert len(names) == 8
    ellipse = read_domains(shared_data / "geojson" / "wsidicom_qupath_geojson_qupath-ellipse.json")[0][0].shape
    left, top, right, bottom = ellipse.bounds
    assert ellipse.area == pytest.approx(np.pi / 4 * (right - left) * (bottom - top), rel=0.01)


def test_who_drew_a_domain_is_kept_where_qupath_keeps_it(tmp_path: Path) -> None:
    drawn = [Domain("a", shapely.box(0, 0, 2, 3), annotator=" A.  Smith "), Domain("b", shapely.box(0, 0, 1, 3))]
    write_domains(tmp_path / "a.geojson", drawn)
    features = json.loads((tmp_path / "a.geojson").read_text())["features"]
    assert features[0]["properties"]["metadata"] == {"annotator": "A. Smith"}
    assert "metadata" not in features[1]["properties"]
    assert list(read_domains(tmp_path / "a.geojson")[0]) == drawn
