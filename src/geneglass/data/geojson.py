"""Domains as QuPath writes and reads them: GeoJSON, coordinates (x, y) in level-0 pixels."""

import gzip
import json
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from geneglass.data.annotation import ANNOTATION, RGB, UNNAMED, Domain, class_name, one_line
from geneglass.data.atomic import atomic_path
from geneglass.data.geojson_shape import SHAPES, alone, one_sentence, read_shape
from geneglass.errors import InputError

SUFFIXES = (".geojson", ".json", ".geojson.gz", ".json.gz")

MAX_BYTES = 32 * 2**20
"""A larger text may take more than a gigabyte of memory to read; domains drawn by people are far smaller."""

_MAX_TOLD = 8
"""Of more sentences the number alone is told."""

_ANNOTATOR = "annotator"

_KINDS_OF_QUPATH_0_2 = {
    "PathAnnotationObject": ANNOTATION,
    "PathDetectionObject": "detection",
    "PathCellObject": "cell",
    "PathTileObject": "tile",
    "TMACoreObject": "tmaCore",
    "PathRootObject": "root",
}
"""QuPath before 0.3 wrote the type of an object as its id."""


def read_domains(path: Path) -> tuple[tuple[Domain, ...], tuple[str, ...]]:
    """Return the regions of a GeoJSON file, and what was set right in them, one sentence each.

    A FeatureCollection, a list of features, one feature and bare geometries are read, gzipped or not, as QuPath
    wrote them since 0.2; objects within objects are read too. Objects without a place are left out and told.

    Raises
    ------
    InputError
        When the file can not be read, is no GeoJSON, or a feature in it is damaged; the sentence names it.
    """
    content = _content(path)
    told: list[str] = []
    domains: list[Domain] = []
    nowhere = 0
    for number, feature in enumerate(_features(path, content), start=1):
        domain = _domain(feature, f"{path.name}, feature {number}", told)
        if domain is None:
            nowhere += 1
        else:
            domains.append(domain)
    if nowhere:
        told.append(f"{path.name}: {nowhere} of {nowhere + len(domains)} features have no shape and were left out.")
    if len(told) > _MAX_TOLD:
        told[_MAX_TOLD:] = [f"{path.name}: {len(told) - _MAX_TOLD} more features were set right in such ways."]
    return _own_ids(domains), tuple(told)


def write_domains(path: Path, domains: Sequence[Domain]) -> None:
    """Write domains as a FeatureCollection that QuPath opens; gzipped where the name ends in .gz.

    Raises
    ------
    InputError
        When the file can not be written.
    """
    collection = {"type": "FeatureCollection", "features": [_feature(domain) for domain in domains]}
    content = json.dumps(collection, allow_nan=False).encode("ascii")
    with atomic_path(path) as temporary:
        temporary.write_bytes(gzip.compress(content) if path.name.lower().endswith(".gz") else content)


def _content(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if zipped else path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"No such file: {path}; check the path.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(f"{path} is a damaged or truncated gzip file; export it again.") from None
    except OSError as error:
        raise InputError(f"{path} can not be read: {error.strerror or error}.") from None
    if len(text) > MAX_BYTES:
        raise InputError(
            f"{path} holds more than {MAX_BYTES // 2**20} MiB of text; export the annotations alone, without cells."
        )
    try:
        return json.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file; export the annotations as GeoJSON again.") from None
    except RecursionError:
        raise InputError(f"{path} is nested too deeply for GeoJSON; export the annotations again.") from None
    except ValueError as error:
        raise InputError(f"{path} is no JSON: {one_sentence(error)}; export the annotations again.") from None


def _features(path: Path, content: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every feature, the objects within objects after the one that holds them."""
    if isinstance(content, Mapping) and content.get("type") == "FeatureCollection":
        content = content.get("features")
        if not isinstance(content, list):
            raise InputError(f"{path} is a FeatureCollection without a list of features; export it again.")
    waiting = list(reversed(content)) if isinstance(content, list) else [content]
    while waiting:
        item = waiting.pop()
        kind = item.get("type") if isinstance(item, Mapping) else None
        if kind in SHAPES:
            yield {"geometry": item}
        elif kind == "Feature":
            yield item
            properties = item.get("properties")
            properties = properties if isinstance(properties, Mapping) else {}
            children = properties.get("childObjects", properties.get("children"))
            waiting.extend(reversed(children if isinstance(children, list) else []))
        else:
            raise InputError(
                f"{path} is no GeoJSON: it holds {str(item)[:40]!r} where a Feature should stand; "
                "export the annotations from QuPath as GeoJSON."
            )


def _domain(feature: Mapping[str, Any], where: str, told: list[str]) -> Domain | None:
    properties = feature.get("properties") or {}
    if not isinstance(properties, Mapping):
        raise InputError(f"{where} has properties that are no table of names and values; correct or remove them.")
    given_id = str(feature.get("id", ""))
    kind = properties.get("objectType", properties.get("object_type")) or _KINDS_OF_QUPATH_0_2.get(given_id, ANNOTATION)
    if feature.get("geometry") is None or kind == "root":
        return None
    own_name = properties.get("name")
    own_name = one_line(own_name) if isinstance(own_name, str) else None
    own_rgb = _rgb(properties, where, told)
    of_class, class_rgb = _class(properties.get("classification"), where, told)
    called = of_class or own_name or UNNAMED
    shape = read_shape(feature["geometry"], f"{where} ({called[:60]})", told)
    if shape.is_empty:
        return None
    return Domain(
        name=called,
        shape=shape,
        colour_rgb=class_rgb if of_class else own_rgb or class_rgb,
        id=_uuid(given_id),
        kind=str(kind),
        classified=bool(of_class),
        object_name=own_name if of_class else None,
        object_colour_rgb=own_rgb if of_class else None,
        locked=properties.get("isLocked") is True,
        is_ellipse=feature["geometry"].get("isEllipse") is True,
        annotator=_annotator(properties.get("metadata")),
    )


def _class(found: Any, where: str, told: list[str]) -> tuple[str, RGB | None]:
    """Return the name of a class and its colour; a class may be derived from another ("Tumor: Positive")."""
    if isinstance(found, str):
        return class_name(found), None
    if not isinstance(found, Mapping):
        return "", None
    names = found.get("names")
    parts = [part for part in names if isinstance(part, str)] if isinstance(names, list) else []
    above: Any = found
    while not isinstance(names, list) and isinstance(above, Mapping):
        name = above.get("name")
        parts = [name, *parts] if isinstance(name, str) else parts
        above = above.get("parentClass")
    return class_name(": ".join(parts)), _rgb(found, where, told)


def _rgb(found: Mapping[str, Any], where: str, told: list[str]) -> RGB | None:
    """Return a colour, given as three numbers or as QuPath's older signed integer of 8 bits each: alpha, R, G, B."""
    value = found.get("color", found.get("colorRGB"))
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return (value >> 16) & 255, (value >> 8) & 255, value & 255
    if isinstance(value, list) and len(value) in (3, 4) and all(isinstance(v, int) and 0 <= v <= 255 for v in value):
        return int(value[0]), int(value[1]), int(value[2])
    told.append(f"{where} has a colour that is not three numbers from 0 to 255, {str(value)[:40]}; it was left out.")
    return None


def _annotator(metadata: Any) -> str | None:
    """Return who drew an object, from the table of texts in which QuPath keeps what others note about it."""
    found = metadata.get(_ANNOTATOR) if isinstance(metadata, Mapping) else None
    return found if isinstance(found, str) else None


def _uuid(given: str) -> str:
    try:
        return str(uuid.UUID(given))
    except ValueError:
        return str(uuid.uuid4())


def _own_ids(domains: list[Domain]) -> tuple[Domain, ...]:
    """Give a new id to an object whose id an earlier one has: QuPath knows objects by it."""
    taken: set[str] = set()
    out = []
    for domain in domains:
        own = replace(domain, id=str(uuid.uuid4())) if domain.id in taken else domain
        taken.add(own.id)
        out.append(own)
    return tuple(out)


def _feature(domain: Domain) -> dict[str, Any]:
    import shapely

    geometry = json.loads(shapely.to_geojson(shapely.force_2d(alone(domain.shape))))
    if domain.is_ellipse:
        geometry["isEllipse"] = True
    own_name = domain.object_name if domain.classified else domain.name
    own_rgb = domain.object_colour_rgb if domain.classified else domain.colour_rgb
    properties: dict[str, Any] = {"objectType": domain.kind}
    if own_name and (domain.classified or own_name != UNNAMED):
        properties["name"] = own_name
    if own_rgb:
        properties["color"] = list(own_rgb)
    if domain.classified:
        parts = domain.name.split(": ")
        named: dict[str, Any] = {"name": domain.name} if len(parts) == 1 else {"names": parts}
        properties["classification"] = named | ({"color": list(domain.colour_rgb)} if domain.colour_rgb else {})
    if domain.locked:
        properties["isLocked"] = True
    if domain.annotator:
        properties["metadata"] = {_ANNOTATOR: domain.annotator}
    return {"type": "Feature", "id": domain.id, "geometry": geometry, "properties": properties}
