"""AnnData files: raw counts, spot centres in `obsm["spatial"]`, pictures in `uns["spatial"]`; HEST's layout too."""

import warnings
from pathlib import Path
from typing import Any

import anndata
import h5py

from geneglass.data.anndata_spots import Elements, elements_of, spots_of
from geneglass.data.hdf5_file import check_stored, open_hdf5
from geneglass.data.hest import beside, with_slide
from geneglass.data.spot_formats import SPOT_FORMATS, SpotFormat
from geneglass.data.spots import Spots
from geneglass.errors import InputError


def open_h5ad(path: Path, positions: Path | None = None) -> Spots:
    """Read raw counts, centres and pictures of an AnnData file, as `anndata_spots.spots_of` describes.

    In the layout of HEST-1k (`st/ID.h5ad`) the slide `wsis/ID.tif` is the picture of scale 1, and the pixel
    size and the platform are those of `metadata/ID.json`.

    Raises
    ------
    InputError
        When the file can not be read, is a prediction of geneglass, has no counts or no centres, or its
        counts are at fault.
    """
    if positions is not None:
        raise InputError(f'{path.name} holds its positions in obsm["spatial"]; leave out `positions`.')
    hest = beside(path)
    with open_hdf5(path, "an AnnData file") as file:
        spots = spots_of(_elements(file, path), None if hest is None else hest.platform)
    return spots if hest is None else with_slide(spots, hest)


def _elements(file: h5py.File, path: Path) -> Elements:
    if not isinstance(file.get("obs"), h5py.Dataset):
        return elements_of(file, path, check_stored)
    # Before anndata 0.7 a data frame was one dataset, whose categories lay elsewhere: only anndata itself knows.
    check_stored(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = anndata.read_h5ad(path)
    parts: dict[str, Any] = {"X": whole.X, "obs": whole.obs, "var": whole.var}
    parts |= {f"layers/{name}": matrix for name, matrix in whole.layers.items()}
    parts |= {f"obsm/{name}": matrix for name, matrix in whole.obsm.items()}
    if whole.raw is not None:
        parts |= {"raw/X": whole.raw.X, "raw/var": whole.raw.var}
    parts |= {f"uns/{name}": part for name, part in whole.uns.items()}
    parts = {name: part for name, part in parts.items() if part is not None}
    return Elements(path, parts.__contains__, parts.__getitem__, lambda name: getattr(whole, name))


SPOT_FORMATS.register("AnnData")(SpotFormat(suffixes=(".h5ad",), open=open_h5ad, tried_on_real_file=False))
