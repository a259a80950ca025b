"""The scale factors of a Space Ranger output, and the previews that they place."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from geneglass.data.spots import Picture
from geneglass.data.table_file import open_text
from geneglass.errors import InputError

_KEYS = {"hires": "tissue_hires_scalef", "lowres": "tissue_lowres_scalef"}
_NUMBERS = (*_KEYS.values(), "spot_diameter_fullres", "bin_size_um", "microns_per_pixel")
_MAX_PREVIEW_PX = 100_000_000
_MAX_CHARACTERS = 1_000_000


def read_scalefactors(path: Path) -> dict[str, float]:
    """Return the numbers of `scalefactors_json.json` that are known here, as far as it has them.

    Raises
    ------
    InputError
        When the file can not be read, is no JSON object, or a number in it is not above 0.
    """
    with open_text(path) as file:
        text = file.read(_MAX_CHARACTERS)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"{path} is no JSON file, or cut short; copy or download it again.") from None
    if not isinstance(values, dict):
        raise InputError(f"{path} holds no scale factors; give the scalefactors_json.json that Space Ranger wrote.")
    out = {key: values[key] for key in _NUMBERS if key in values}
    for key, value in out.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise InputError(f"{path}: {key} must be a number above 0, got {str(value)[:40]}; copy it again.")
    return {key: float(value) for key, value in out.items()}


def usable_pictures(
    files: Mapping[str, Path], scalefactors: Mapping[str, float], where: Path
) -> tuple[tuple[Picture, ...], tuple[str, ...]]:
    """Return the previews that show something and can be placed, largest scale first, and what is amiss.

    Parameters
    ----------
    files
        Path of each preview that exists, by "hires" and "lowres".
    scalefactors
        As `read_scalefactors` returns them; empty where the file is missing.
    where
        The folder in which previews are expected, for the sentences.
    """
    pictures, told = [], []
    if not scalefactors:
        told.append(f"scalefactors_json.json is missing in {where}, so no preview picture can be placed.")
    for name, key in _KEYS.items() if scalefactors else ():
        if name not in files:
            told.append(f"{name} missing: there is no tissue_{name}_image.png in {where}.")
            continue
        amiss = f"it has no {key}" if key not in scalefactors else _amiss(files[name])
        if amiss is None:
            pictures.append(Picture(name, scalefactors[key], path=files[name]))
        elif key not in scalefactors:
            told.append(f"{files[name].name} was left out: scalefactors_json.json has no {key}.")
        else:
            told.append(f"{files[name].name} was left out: it {amiss}.")
    return tuple(sorted(pictures, key=lambda picture: -picture.scale)), tuple(told)


def _amiss(path: Path) -> str | None:
    """Return why a preview shows nothing, in words, or None."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > _MAX_PREVIEW_PX:
                return f"is {picture.width} x {picture.height} px, no preview"
            picture.load()
            if "A" in picture.getbands() and picture.getchannel("A").getextrema()[1] == 0:
                return "is blank (transparent all over)"
            rgb = picture.convert("RGB")
            is_flat = all(low == high for low, high in (rgb.getchannel(band).getextrema() for band in "RGB"))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        reason = str(error).strip() or type(error).__name__
        return f"can not be read ({reason.splitlines()[0].rstrip('.')})"
    return "is blank (one colour all over)" if is_flat else None
