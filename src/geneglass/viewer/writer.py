"""Writer of domains, for File > Save: any layer of shapes becomes a GeoJSON that QuPath opens."""

from pathlib import Path
from typing import Any

import numpy as np

from geneglass.data.annotation import Domain
from geneglass.data.geojson import write_domains
from geneglass.data.outline import area
from geneglass.viewer.domains import KEY


def write_shapes(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write a layer of shapes: its domains where it is ours, else its shapes, named after the layer.

    Parameters
    ----------
    path
        The GeoJSON file.
    data
        (n, 2) corners (y, x) of each shape, in pixels of the slide.
    meta
        napari's attributes of the layer.

    Raises
    ------
    InputError
        When the file can not be written.
    """
    known = (meta.get("metadata") or {}).get(KEY)
    domains = known if known is not None else _of_shapes(data, str(meta.get("name") or "shapes"))
    write_domains(Path(path), domains)
    return [path]


def _of_shapes(data: Any, name: str) -> list[Domain]:
    # A viewer counts from the middle of the first pixel, a slide from its corner.
    shapes = [area(np.asarray(corners, dtype=float)[:, -1:-3:-1] + 0.5) for corners in data]
    return [Domain(name, shape, classified=False) for shape in shapes if not shape.is_empty]
