"""SpatialData stores: a table of counts that annotates shapes, and the pictures in the same coordinate system."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geneglass.data.anndata_spots import Elements, Placed, elements_of, spots_of
from geneglass.data.ngff_transform import systems_of
from geneglass.data.spatialdata_images import Frame, frame_of
from geneglass.data.spatialdata_shapes import read_centres
from geneglass.data.spot_formats import SPOT_FORMATS, SpotFormat
from geneglass.data.spots import Spots, some
from geneglass.data.types import Platform, visium_hd
from geneglass.data.zarr_tables import (
    TABLE_FOLDERS,
    check_stored,
    is_anndata_folder,
    is_in_spatialdata,
    is_spatialdata_folder,
    open_zarr,
)
from geneglass.errors import InputError

_BIN_UM = {f"square_{um:03d}um": float(um) for um in (2, 8, 16)}


@dataclass(frozen=True)
class _Annotated:
    """One region and the table that annotates it."""

    region: str
    region_key: str
    instance_key: str


def open_spatialdata(path: Path, positions: Path | None = None) -> Spots:
    """Read a table of a SpatialData store, with the centres of the shapes that it annotates.

    Centres are told in pixels of the largest picture (see `spatialdata_images.frame_of`). Rows whose shape does
    not exist are left out and told.

    Parameters
    ----------
    path
        The store, where it has one table on one region; else `store.zarr/tables/NAME`, or
        `store.zarr/shapes/REGION` for the table on that region.
    positions
        Must be None: the shapes tell.

    Raises
    ------
    InputError
        When the store can not be read, or has several tables or regions: the sentence lists them.
    """
    if positions is not None:
        raise InputError(f"{path.name} holds its positions as shapes; leave out `positions`.")
    store = path.parent.parent if is_in_spatialdata(path) else path
    wanted = path.name if store != path and path.parent.name == "shapes" else None
    table = path if store != path and wanted is None else _only_table(store, wanted)
    with open_zarr(table, "a table of SpatialData") as group:
        elements = elements_of(group, table, check_stored)
        annotated = _annotated(elements, group.attrs.asdict(), wanted)
        frame = _frame(store, annotated.region)
        # Pictures of a store are its images; what scanpy keeps in `uns` may be on another scale.
        without_pictures = replace(elements, has=lambda name: name != "uns/spatial" and elements.has(name))
        spots = spots_of(
            without_pictures, _platform(annotated.region), lambda obs: _placed(obs, annotated, store, frame)
        )
    return replace(spots, pictures=frame.pictures, warnings=(*spots.warnings, *frame.warnings))


def _tables(store: Path) -> list[Path]:
    return sorted(
        path
        for name in TABLE_FOLDERS
        if (store / name).is_dir()
        for path in (store / name).iterdir()
        if is_anndata_folder(path)
    )


def _only_table(store: Path, region: str | None) -> Path:
    tables = _tables(store)
    if region is not None:
        tables = [table for table in tables if region in _regions(table)]
    if not tables:
        on = "" if region is None else f" on the region {region}"
        raise InputError(f"{store} has no table{on}; give a SpatialData store with counts.")
    if len(tables) > 1:
        names = ", ".join(table.name for table in tables)
        raise InputError(f"{store} has {len(tables)} tables ({names}); give the one you mean, for example {tables[0]}.")
    return tables[0]


def _regions(table: Path) -> list[str]:
    with open_zarr(table, "a table of SpatialData") as group:
        return _names(group.attrs.asdict().get("region"))


def _names(region: Any) -> list[str]:
    return [region] if isinstance(region, str) else [str(name) for name in region or ()]


def _annotated(elements: Elements, attributes: dict[str, Any], wanted: str | None) -> _Annotated:
    path = elements.path
    if "region" not in attributes and elements.has("uns/spatialdata_attrs"):
        attributes = dict(elements.read("uns/spatialdata_attrs"))
    regions = _names(attributes.get("region"))
    keys = attributes.get("region_key"), attributes.get("instance_key")
    if not regions or not all(isinstance(key, str) for key in keys):
        raise InputError(
            f"{path} annotates no region (spatialdata_attrs), so its spots have no place; give one that does."
        )
    if wanted is not None:
        regions = [wanted]
    if len(regions) > 1:
        example = path.parent.parent / "shapes" / regions[0]
        raise InputError(
            f"{path} annotates {len(regions)} regions ({', '.join(regions)}); give the one you mean, for example "
            f"{example}."
        )
    return _Annotated(regions[0], str(keys[0]), str(keys[1]))


def _frame(store: Path, region: str) -> Frame:
    folder = store / "shapes" / region
    if not folder.is_dir() or folder.parent != store / "shapes":
        raise InputError(
            f"{store} has no shapes {region!r}, which its table annotates; spots on labels (a raster) are not read."
        )
    with open_zarr(folder, "shapes of SpatialData") as group:
        attributes: Any = group.attrs.asdict()
        systems = systems_of(attributes["coordinateTransformations"], attributes.get("axes", ("x", "y")))
    return frame_of(store, systems)


def _placed(obs: pd.DataFrame, annotated: _Annotated, store: Path, frame: Frame) -> Placed:
    missing = [key for key in (annotated.region_key, annotated.instance_key) if key not in obs]
    if missing:
        raise InputError(f"{store} is damaged: its table has no column {missing[0]}, which ties spots to shapes.")
    of_region = obs[annotated.region_key].astype(str).to_numpy() == annotated.region
    centres = read_centres(store / "shapes" / annotated.region)
    if centres.index.has_duplicates:
        raise InputError(f"{store / 'shapes' / annotated.region} names a shape more than once; write it again.")
    own_xy = centres.reindex(obs[annotated.instance_key].astype(str)).to_numpy(dtype=np.float64)
    kept = of_region & np.isfinite(own_xy).all(axis=1)
    if not kept.any():
        raise InputError(
            f"Not one row of the table of {store} has a shape in {annotated.region}; give the store of this section."
        )
    lost = [str(name) for name in obs.index[of_region & ~kept]]
    told = (f"Left out, having no shape in {annotated.region}: {some(lost, 'spot')}.",) if lost else ()
    spatial_xy = (np.column_stack([own_xy, np.ones(len(own_xy))]) @ frame.to_pixels.T)[:, :2]
    return Placed(spatial_xy, kept, told)


def _platform(region: str) -> Platform | None:
    """Visium HD's reader names regions by their bins; of others the array tells."""
    return next((visium_hd(um) for name, um in _BIN_UM.items() if region.endswith(name)), None)


def _is_folder(path: Path) -> bool:
    return is_spatialdata_folder(path) or (
        is_in_spatialdata(path) and (is_anndata_folder(path) or path.parent.name == "shapes")
    )


SPOT_FORMATS.register("SpatialData")(
    SpotFormat(suffixes=(), open=open_spatialdata, is_folder=_is_folder, tried_on_real_file=False)
)
