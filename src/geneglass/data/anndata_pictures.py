"""What `uns["spatial"]` of scanpy's Visium layout holds: one library with pictures and their scale factors."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geneglass.data.array_pixels import rgb_from_array
from geneglass.data.slide_choice import named_otherwise, role_of
from geneglass.data.spots import Picture
from geneglass.errors import InputError

_LIBRARY_COLUMN = "library_id"

_LIBRARY_KEYS = {"images", "scalefactors"}
"""What a library holds; some tools write them without the level of library names above."""


def one_library(spatial: Any, obs: pd.DataFrame, path: Path) -> Mapping[str, Any]:
    """Return the only library of `uns["spatial"]`, empty where there is none.

    Raises
    ------
    InputError
        When the spots are of several libraries: those are several sections, each in pixels of its own picture.
    """
    spatial = {} if not isinstance(spatial, Mapping) else {"": spatial} if _LIBRARY_KEYS & set(spatial) else spatial
    libraries = {name: value for name, value in spatial.items() if isinstance(value, Mapping)}
    column, here = _told_by(obs, set(libraries))
    if len(here) > 1:
        raise InputError(
            f'{path} holds {len(here)} sections ({", ".join(here)} in obs["{column}"]); write one file for each, for '
            f'example adata[adata.obs["{column}"] == "{here[0]}"].write_h5ad(...), and open that.'
        )
    if len(here) == 1 and here[0] in libraries:
        return libraries[here[0]]
    if len(libraries) > 1:
        raise InputError(
            f'{path} holds {len(libraries)} libraries ({", ".join(sorted(libraries))}) in uns["spatial"], and nothing '
            "in obs says which spots are of which; keep only the one that the spots belong to."
        )
    return next(iter(libraries.values()), {})


def _told_by(obs: pd.DataFrame, libraries: set[str]) -> tuple[str, list[str]]:
    """Return the column that names the library of each spot, and the libraries it names."""
    texts = [name for name in obs.columns if not pd.api.types.is_numeric_dtype(obs[name])]
    if _LIBRARY_COLUMN in obs:
        texts.insert(0, _LIBRARY_COLUMN)
    for name in texts:
        here = sorted(map(str, obs[name].dropna().unique()))
        if here and (name == _LIBRARY_COLUMN or set(here) <= libraries):
            return str(name), here
    return "", []


def pictures_of(library: Mapping[str, Any], file: str) -> tuple[tuple[Picture, ...], float | None, tuple[str, ...]]:
    """Return the pictures of a library, largest scale first, the stated micrometres per pixel, and what was left out.

    A picture needs its scale factor, `scalefactors["tissue_NAME_scalef"]`: pixels of it per pixel of the picture
    that the positions belong to. A label or macro picture, by its name, is none.

    Parameters
    ----------
    library
        An entry of `uns["spatial"]`.
    file
        For the messages.
    """
    images, factors = (_mapping(library.get(name)) for name in ("images", "scalefactors"))
    pictures, told, empty = [], list(named_otherwise(map(str, images), file)), []
    for name, pixels in images.items():
        if role_of(str(name)):
            continue
        pixels, scale = np.asarray(pixels), positive(factors.get(f"tissue_{name}_scalef"))
        if pixels.size == 0:
            empty.append(str(name))
        elif scale is None:
            told.append(f"The {name} picture of {file} has no scale factor and was left out.")
        else:
            try:
                rgb = rgb_from_array(pixels, f"The {name} picture of {file}")
            except InputError as error:
                told.append(str(error))
            else:
                pictures.append(Picture(str(name), scale, pixels=rgb))
    if empty:
        told.append(f"{file} has no pixels in its {' and '.join(sorted(empty))} picture; give the slide itself.")
    pictures.sort(key=lambda picture: -picture.scale)
    return tuple(pictures), positive(factors.get("microns_per_pixel")), tuple(told)


def spot_diameter_px(library: Mapping[str, Any]) -> float | None:
    """Return the spot diameter that Space Ranger wrote, in pixels of the full-resolution picture."""
    return positive(_mapping(library.get("scalefactors")).get("spot_diameter_fullres"))


def positive(value: Any) -> float | None:
    """Return a single finite number above 0, else None."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
