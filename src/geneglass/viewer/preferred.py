"""The offer to be napari's reader of whole-slide files: made once, taken or dismissed, and remembered."""

from pathlib import Path

from napari.settings import get_settings
from platformdirs import user_config_path

from geneglass.data.atomic import atomic_path

READER = "geneglass"
PATTERNS = ("*.svs", "*.tif", "*.tiff", "*.h5ad")
"""Endings that napari, or another plugin, also reads, so that it would ask each time.

Pictures (*.jpg, *.png) are left to napari: few of them are slides.
"""


def offer_needed() -> bool:
    """Return whether to offer: some ending has no reader chosen yet, and the offer was not dismissed."""
    chosen = get_settings().plugins.extension2reader
    return any(pattern not in chosen for pattern in PATTERNS) and not _dismissed_file().exists()


def make_preferred() -> None:
    """Choose geneglass for these endings, in napari's own settings; what the user chose before stays."""
    plugins = get_settings().plugins
    plugins.extension2reader = {**dict.fromkeys(PATTERNS, READER), **plugins.extension2reader}


def dismiss() -> None:
    """Do not offer again.

    Raises
    ------
    InputError
        When the answer can not be written down.
    """
    file = _dismissed_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(file) as temporary:
        temporary.write_text("The offer to make geneglass the preferred reader was dismissed.\n", encoding="utf-8")


def _dismissed_file() -> Path:
    return user_config_path("geneglass", appauthor=False) / "reader_offer_dismissed.txt"
