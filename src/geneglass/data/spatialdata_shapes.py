"""Centres of the circles and polygons of a SpatialData store, by instance."""

from pathlib import Path

import numpy as np
import pandas as pd

from geneglass.errors import InputError


def read_centres(folder: Path) -> pd.DataFrame:
    """Return the centres of the shapes of one region, in their own coordinates.

    Parameters
    ----------
    folder
        `store.zarr/shapes/REGION`.

    Returns
    -------
    pandas.DataFrame
        Columns x and y, indexed by instance as text; of a polygon, its centroid.

    Raises
    ------
    InputError
        When there is no `shapes.parquet`, or it can not be read.
    """
    from pyarrow import parquet

    path = folder / "shapes.parquet"
    if not path.is_file():
        raise InputError(
            f"{folder} has no shapes.parquet: spots that are a raster of labels, or shapes of spatialdata before 0.1, "
            "are not read; write the store again with shapes."
        )
    try:
        with parquet.ParquetFile(path, thrift_string_size_limit=2**24, thrift_container_size_limit=2**20) as file:
            if file.metadata.num_rows > 8 * path.stat().st_size:
                raise ValueError(f"it states {file.metadata.num_rows:,} rows, more than it can hold")
            names = [field.name for field in file.schema_arrow]
            kept = [name for name in names if name == "geometry" or name.startswith("__index") or name == "index"]
            frame = file.read(columns=kept).to_pandas()
        xy = _centroids(frame["geometry"])
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, MemoryError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
        raise InputError(f"{path} can not be read as shapes: {reason[:200]}; copy or write it again.") from None
    return pd.DataFrame(xy, columns=["x", "y"], index=pd.Index(frame.index.astype(str), dtype=object))


def _centroids(geometry: pd.Series) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    import shapely

    first = geometry.iloc[0] if len(geometry) else b""
    if isinstance(first, dict):  # GeoArrow keeps points as separate coordinates
        return np.array([(point["x"], point["y"]) for point in geometry], dtype=np.float64)
    if not isinstance(first, bytes):
        raise TypeError(f"its geometry is {type(first).__name__}, neither WKB nor points")
    centres = shapely.centroid(shapely.from_wkb(geometry.to_numpy()))
    return np.column_stack([shapely.get_x(centres), shapely.get_y(centres)]).astype(np.float64)
