"""AnnData in a zarr folder, of version 2 or 3: the same table as an h5ad file holds."""

from pathlib import Path

from geneglass.data.anndata_spots import elements_of, spots_of
from geneglass.data.spot_formats import SPOT_FORMATS, SpotFormat
from geneglass.data.spots import Spots
from geneglass.data.zarr_tables import check_stored, is_anndata_folder, is_in_spatialdata, open_zarr
from geneglass.errors import InputError


def open_anndata_zarr(path: Path, positions: Path | None = None) -> Spots:
    """Read raw counts, centres and pictures of an AnnData in zarr, as `anndata_spots.spots_of` describes.

    Raises
    ------
    InputError
        When the folder can not be read, is a prediction of geneglass, has no counts or no centres, or its
        counts are at fault.
    """
    if positions is not None:
        raise InputError(f'{path.name} holds its positions in obsm["spatial"]; leave out `positions`.')
    with open_zarr(path, "an AnnData in zarr") as group:
        return spots_of(elements_of(group, path, check_stored))


def _is_folder(path: Path) -> bool:
    return is_anndata_folder(path) and not is_in_spatialdata(path)


SPOT_FORMATS.register("AnnData zarr")(
    SpotFormat(suffixes=(), open=open_anndata_zarr, is_folder=_is_folder, tried_on_real_file=False)
)
