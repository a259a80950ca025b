"""The layout of HEST-1k: `st/ID.h5ad` with the slide in `wsis/ID.tif` and facts in `metadata/ID.json`."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from geneglass.data.anndata_pictures import positive
from geneglass.data.spots import Picture, Spots
from geneglass.data.types import LEGACY_ST, VISIUM, Platform

_PLATFORMS = {"Visium": VISIUM, "Spatial Transcriptomics": LEGACY_ST}

_MAX_METADATA_BYTES = 2**20


@dataclass(frozen=True)
class Hest:
    """What lies beside a table of HEST-1k.

    Attributes
    ----------
    slide
        `wsis/ID.tif`, where it was downloaded too.
    mpp
        Micrometres per pixel of that slide: `pixel_size_um_estimated`, which HEST itself uses (from the distance
        of the spots), else `pixel_size_um_embedded`.
    platform
        By `st_technology`, else None.
    warnings
        What is wrong with the files beside, one sentence each.
    """

    slide: Path | None
    mpp: float | None
    platform: Platform | None
    warnings: tuple[str, ...] = ()


def beside(path: Path) -> Hest | None:
    """Return what lies beside `st/ID.h5ad`, or None where a file is not in that layout."""
    if path.parent.name != "st":
        return None
    root, name = path.parent.parent, path.name.removesuffix(path.suffix)
    slide, metadata = root / "wsis" / f"{name}.tif", root / "metadata" / f"{name}.json"
    if not slide.is_file() and not metadata.is_file():
        return None
    facts, told = _facts(metadata)
    mpp = positive(facts.get("pixel_size_um_estimated")) or positive(facts.get("pixel_size_um_embedded"))
    platform = _PLATFORMS.get(str(facts.get("st_technology")))
    return Hest(slide if slide.is_file() else None, mpp, platform, told)


def with_slide(spots: Spots, hest: Hest) -> Spots:
    """Return spots with the slide as their largest picture and the stated pixel size."""
    slide = () if hest.slide is None else (Picture(hest.slide.name, 1.0, path=hest.slide),)
    pictures = tuple(sorted((*slide, *spots.pictures), key=lambda picture: -picture.scale))
    return replace(spots, pictures=pictures, mpp=hest.mpp or spots.mpp, warnings=(*spots.warnings, *hest.warnings))


def _facts(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    if not path.is_file():
        return {}, ()
    try:
        if path.stat().st_size > _MAX_METADATA_BYTES:
            raise ValueError("it is too large")
        facts = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(facts, dict):
            raise TypeError("it holds no names with values")
    except (OSError, ValueError, TypeError, RecursionError) as error:
        return {}, (f"{path} could not be read ({str(error).splitlines()[0]}), so its pixel size is not used.",)
    return facts, ()
