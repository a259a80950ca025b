"""SpatialData stores in the layout that spatialdata 0.7 writes, on zarr 2 or 3, without that library."""

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
import zarr
from anndata import AnnData
from pyarrow import parquet


def system(name: str, axes: str) -> dict[str, Any]:
    return {"name": name, "axes": [{"name": axis, "type": "channel" if axis == "c" else "space"} for axis in axes]}


def to_system(name: str, axes: str, transformation: Mapping[str, Any]) -> dict[str, Any]:
    """Return a transformation from the element's own axes to a shared coordinate system."""
    return {**transformation, "input": system(axes, axes), "output": system(name, axes)}


Transformations = Sequence[Mapping[str, Any]]

IDENTITY: dict[str, Any] = {"type": "identity"}


def write_store(path: Path, version: int = 3) -> Path:
    zarr.open_group(str(path), mode="w", zarr_format=version).attrs["spatialdata_attrs"] = {"version": "0.2"}
    return path


def write_table(
    store: Path, name: str, table: AnnData, region: str | Sequence[str], instance_key: str = "spot_id", version: int = 3
) -> None:
    attributes = {
        "spatialdata-encoding-type": "ngff:regions_table",
        "region": region if isinstance(region, str) else list(region),
        "region_key": "region",
        "instance_key": instance_key,
    }
    table = table.copy()
    if "region" not in table.obs:
        table.obs["region"] = pd.Categorical([region] * table.n_obs)
    root = zarr.open_group(str(store), mode="r+", use_consolidated=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with anndata.settings.override(zarr_write_format=version):
            anndata.io.write_elem(root, f"tables/{name}", table)
    root[f"tables/{name}"].attrs.update(attributes)


def write_shapes(
    store: Path,
    region: str,
    geometry: Sequence[Any],
    index: Sequence[Any],
    transformations: Transformations,
) -> None:
    frame = pd.DataFrame({"geometry": shapely.to_wkb(list(geometry))}, index=pd.Index(index))
    if geometry[0].geom_type == "Point":
        frame["radius"] = 20.0
    group = zarr.open_group(str(store), mode="r+", use_consolidated=False).require_group(f"shapes/{region}")
    group.attrs.update(
        {"encoding-type": "ngff:shapes", "axes": ["x", "y"], "coordinateTransformations": list(transformations)}
    )
    geo = {"primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}, "version": "1.1.0"}
    written = pa.Table.from_pandas(frame)
    written = written.replace_schema_metadata({**written.schema.metadata, b"geo": json.dumps(geo).encode()})
    parquet.write_table(written, store / "shapes" / region / "shapes.parquet")


def write_image(
    store: Path, name: str, pixels_cyx: np.ndarray, transformations: Transformations, version: int = 3
) -> None:
    group = zarr.open_group(str(store), mode="r+", use_consolidated=False).require_group(f"images/{name}")
    group.create_array("s0", data=pixels_cyx, chunks=pixels_cyx.shape)
    level = {"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]}
    multiscale = {
        "datasets": [level],
        "axes": system("", "cyx")["axes"],
        "coordinateTransformations": list(transformations),
        "version": "0.4-dev-spatialdata",
    }
    attributes = {"multiscales": [multiscale], "omero": {"channels": [{"label": 0}, {"label": 1}, {"label": 2}]}}
    group.attrs.update({"ome": {**attributes, "version": "0.5-dev-spatialdata"}} if version == 3 else attributes)
