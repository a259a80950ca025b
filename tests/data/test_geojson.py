"""GeoJSON as QuPath writes it: what is read, what is set right, and what is refused."""

import gzip
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import shapely

from geneglass.data import geojson
from geneglass.data.annotation import UNNAMED, Domain
from geneglass.data.geojson import read_domains
from geneglass.errors import InputError

SQUARE = [[[0, 0], [4, 0], [4, 3], [0, 3], [0, 0]]]
HOLED = [[[0, 0], [90, 0], [90, 70], [0, 70], [0, 0]], [[10, 10], [20, 10], [20, 20], [10, 20], [10, 10]]]


def polygon(coordinates: Any = SQUARE, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": str(uuid.uuid4()),
        "geometry": {"type": "Polygon", "coordinates": coordinates},
        "properties": properties,
    }


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "a.geojson"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def only(tmp_path: Path, content: Any) -> Domain:
    (domain,), told = read_domains(written(tmp_path, content))
    assert told == ()
    return domain


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: [f], lambda f: {"type": "FeatureCollection", "features": [f]}])
def test_name_colour_and_id_are_read_however_features_are_wrapped(tmp_path: Path, wrap: Any) -> None:
    feature = polygon(
        HOLED,
        objectType="annotation",
        classification={"name": "Tumor", "color": [200, 0, 7]},
        name="left",
        isLocked=True,
    )
    feature["properties"]["isLocked"] = True
    domain = only(tmp_path, wrap(feature))
    assert (domain.name, domain.colour_rgb, domain.object_name) == ("Tumor", (200, 0, 7), "left")
    assert (domain.id, domain.kind, domain.locked) == (feature["id"], "annotation", True)
    assert domain.shape.area == 90 * 70 - 100


def test_a_bare_geometry_is_unnamed(tmp_path: Path) -> None:
    domain = only(tmp_path, {"type": "Polygon", "coordinates": SQUARE})
    assert (domain.name, domain.classified, domain.colour_rgb) == (UNNAMED, False, None)
    uuid.UUID(domain.id)


@pytest.mark.parametrize(
    ("classification", "name", "rgb"),
    [
        ({"name": "Stroma", "colorRGB": -6895466}, "Stroma", (150, 200, 150)),
        ({"names": ["Tumor", "Positive"], "color": [1, 2, 3]}, "Tumor: Positive", (1, 2, 3)),
        ({"name": "Positive", "colorRGB": -1, "parentClass": {"name": "Tumor"}}, "Tumor: Positive", (255, 255, 255)),
        ("Necrosis", "Necrosis", None),
        ({"name": "two\nlines"}, "two lines", None),
    ],
)
def test_every_way_qupath_wrote_a_class_is_read(
    tmp_path: Path, classification: Any, name: str, rgb: tuple[int, int, int] | None
) -> None:
    domain = only(tmp_path, polygon(classification=classification))
    assert (domain.name, domain.colour_rgb, domain.classified) == (name, rgb, True)


def test_without_a_class_the_own_name_and_colour_stand(tmp_path: Path) -> None:
    domain = only(tmp_path, polygon(name="UT", color=[255, 0, 0]))
    assert (domain.name, domain.colour_rgb, domain.classified) == ("UT", (255, 0, 0), False)


def test_an_id_that_qupath_would_not_know_is_made_new_and_an_old_one_tells_the_type(tmp_path: Path) -> None:
    domain = only(tmp_path, polygon() | {"id": "PathCellObject"})
    assert domain.kind == "cell"
    uuid.UUID(domain.id)
    twice = polygon()
    domains, _ = read_domains(written(tmp_path, [twice, twice]))
    assert domains[0].id == twice["id"] != domains[1].id


def test_objects_within_objects_are_read(tmp_path: Path) -> None:
    inner, outer = polygon(name="in"), polygon(name="out")
    outer["properties"]["childObjects"] = [inner]
    domains, _ = read_domains(written(tmp_path, {"type": "FeatureCollection", "features": [outer]}))
    assert [domain.name for domain in domains] == ["out", "in"]


@pytest.mark.parametrize(
    ("geometry", "kind", "told"),
    [
        ({"type": "Polygon", "coordinates": [[[0, 0], [4, 4], [4, 0], [0, 4], [0, 0]]]}, "MultiPolygon", "self-inter"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4]]]}, "Polygon", "not closed"),
        ({"type": "Polygon", "coordinates": [[[0, 0, 1], [4, 0, 1], [4, 4, 1], [0, 0, 1]]]}, "Polygon", "third coord"),
        ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "Polygon", None),
        ({"type": "LineString", "coordinates": [[0, 0], [4, 4]]}, "LineString", None),
        ({"type": "MultiPoint", "coordinates": [[0, 0], [4, 4]]}, "MultiPoint", None),
        ({"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1, 2]}]}, "Point", None),
    ],
)
def test_shapes_are_set_right_and_told(tmp_path: Path, geometry: Any, kind: str, told: str | None) -> None:
    (domain,), sentences = read_domains(written(tmp_path, geometry))
    assert domain.shape.geom_type == kind
    assert shapely.is_valid(domain.shape)
    assert not shapely.has_z(domain.shape)
    assert len(sentences) == (told is not None)
    assert told is None or told in sentences[0]


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [[[1, 1], [5, 5], [1, 1]]]},
        {"type": "Polygon", "coordinates": [[[1, 1]]]},
        {"type": "MultiPoint", "coordinates": []},
    ],
)
def test_what_covers_nothing_is_left_out_and_told(tmp_path: Path, geometry: Any) -> None:
    domains, told = read_domains(written(tmp_path, polygon() | {"geometry": geometry}))
    assert domains == ()
    assert "left out" in told[-1]


NAN, HUGE = float("nan"), 10**400


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("3", "no GeoJSON"),
        ('{"type": "Topology"}', "no GeoJSON"),
        ({"type": "FeatureCollection", "features": {}}, "without a list"),
        ([{"type": "Feature", "geometry": 3}], "feature 1"),
        (polygon([[[0, 0], [NAN, 1], [1, 1], [0, 0]]]), "not finite"),
        (polygon([[[0, 0], [HUGE, 1], [1, 1], [0, 0]]]), "not two numbers"),
        (polygon([[[0, 0], [1e300, 1], [1, 1], [0, 0]]]), "not finite or beyond"),
        (polygon([[[0, 0], ["1", 1], [1, 1], [0, 0]]]), "not two numbers"),
        (polygon([[[0, 0], [1], [1, 1], [0, 0]]]), "not two numbers"),
        (polygon([[0, 0], [1, 1]]), "not two numbers"),
        (polygon([7]), "no list of"),
        (polygon(4), "no list of"),
        ({"type": "Feature", "geometry": {"type": "Circle"}}, "type 'Circle'"),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": [1]}, "no table"),
        ('{"type": "Point", "coordinates": [' + "9" * 5000 + ", 1]}", "no JSON"),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: Any, reason: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(InputError, match=reason) as error:
        read_domains(path)
    assert "a.geojson" in str(error.value)
    assert "\n" not in str(error.value)


def test_nested_collections_end(tmp_path: Path) -> None:
    geometry: Any = {"type": "Point", "coordinates": [1, 2]}
    for _ in range(100):
        geometry = {"type": "GeometryCollection", "geometries": [geometry]}
    with pytest.raises(InputError, match="nested deeper than"):
        read_domains(written(tmp_path, geometry))


def test_files_that_are_not_there_cut_short_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_domains(tmp_path / "none.geojson")
    whole = gzip.compress(json.dumps([polygon()] * 50).encode())
    (tmp_path / "a.geojson.gz").write_bytes(whole[:-20])
    with pytest.raises(InputError, match="truncated gzip"):
        read_domains(tmp_path / "a.geojson.gz")
    monkeypatch.setattr(geojson, "MAX_BYTES", 1000)
    (tmp_path / "a.geojson.gz").write_bytes(whole)
    with pytest.raises(InputError, match="holds more than"):
        read_domains(tmp_path / "a.geojson.gz")


def test_a_wrong_colour_is_told_and_many_faults_are_counted(tmp_path: Path) -> None:
    domains, told = read_domains(written(tmp_path, [polygon(color="red")] * 40))
    assert [domain.colour_rgb for domain in domains] == [None] * 40
    assert len(told) < 12
    assert "32 more" in told[-1]
