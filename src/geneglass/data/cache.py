"""Where computed things are kept between runs: pyramids of flat images, raw features."""

import os
from pathlib import Path

import platformdirs

from geneglass.errors import InputError

CACHE_VARIABLE = "GENEGLASS_CACHE"
"""The environment variable that moves the cache."""


def cache_root() -> Path:
    """Return the folder that holds everything cached; it need not exist yet."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(given).expanduser().absolute() if given else platformdirs.user_cache_path("geneglass", appauthor=False)


def cache_folder(kind: str) -> Path:
    """Return the cache folder of one kind of thing ("pyramids", "features"), made if missing.

    Raises
    ------
    InputError
        When it cannot be made or written.
    """
    folder = cache_root() / kind
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(_sentence(folder, error.strerror or str(error))) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(_sentence(folder, "no write permission"))
    return folder


def _sentence(folder: Path, cause: str) -> str:
    return f"The cache folder {folder} cannot be written ({cause}): set {CACHE_VARIABLE} to a folder you can write in."
