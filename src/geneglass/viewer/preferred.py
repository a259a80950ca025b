"""The offer to be napari's reader of whole-slide files: made once, taken or dismissed, and remembered."""

import os

from napari.settings import get_settings

from geneglass.data.geojson import SUFFIXES as GEOJSON
from geneglass.data.slide_formats import SLIDE_FORMATS
from geneglass.data.spot_formats import SPOT_FORMATS
from geneglass.viewer.once import answer, answered
from geneglass.workflow.session_file import SUFFIX as SESSION

READER = "geneglass"
_OFFER = "reader_offer_dismissed"
LEFT_TO_NAPARI = (".jpg", ".jpeg", ".png", ".dcm", ".czi", ".h5", ".csv", ".csv.gz", ".json", ".json.gz")
"""Endings of which few files are slides, spot tables or domains: napari goes on asking there."""
FOLDERS = ("outs", "binned_outputs", "*.zarr")


def endings() -> tuple[str, ...]:
    """Return every ending that geneglass reads, in alphabetical order."""
    suffixes = {end for item in (*SLIDE_FORMATS.values(), *SPOT_FORMATS.values()) for end in item.suffixes}
    return tuple(sorted(suffixes | {*GEOJSON, ".toml"}))


def patterns() -> tuple[str, ...]:
    """Return what geneglass can be preferred for: napari, or another plugin, may read it too, and would ask each time.

    What is none of ours after all, such as a fluorescence TIFF, is still left to the others (`reader.is_ours`).
    """
    files = tuple(f"*{end}" for end in (*endings(), SESSION) if end not in LEFT_TO_NAPARI)
    # napari knows folders by their whole path with a separator behind it.
    return files + tuple(f"*{os.sep}{name}{os.sep}" for name in FOLDERS)


def offer_needed() -> bool:
    """Return whether to offer: some ending has no reader chosen yet, and the offer was not dismissed."""
    chosen = get_settings().plugins.extension2reader
    return any(pattern not in chosen for pattern in patterns()) and not answered(_OFFER)


def make_preferred() -> None:
    """Choose geneglass for these endings, in napari's own settings; what the user chose before stays."""
    plugins = get_settings().plugins
    plugins.extension2reader = {**dict.fromkeys(patterns(), READER), **plugins.extension2reader}


def dismiss() -> None:
    """Do not offer again.

    Raises
    ------
    InputError
        When the answer can not be written down.
    """
    answer(_OFFER, "The offer to make geneglass the preferred reader was dismissed.")
