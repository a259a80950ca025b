"""Small pictures of slides, kept on disk: reading a slide's overview may take seconds the first time."""

import hashlib
from pathlib import Path

from geneglass.data.atomic import atomic_path
from geneglass.data.cache import cache_folder
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import open_slide
from geneglass.data.tissue import small_picture
from geneglass.errors import InputError

EDGE_PX = 512
"""Longer edge of a thumbnail."""


def thumbnail(path: Path, slide: Slide | None = None) -> Path:
    """Return the file of a slide's small picture, a PNG of at most 512 px; it is made at the first call.

    It is known by the path, the size and the time of the slide's file, so that a changed slide gets a new one.

    Parameters
    ----------
    path
        The slide; for a picture that came with spots, their file.
    slide
        The opened slide, where it can not be opened by its path.

    Raises
    ------
    InputError
        When the slide can not be read, or the cache can not be written.
    """
    file = cache_folder("thumbnails") / f"{_key(path)}.png"
    if not file.exists():
        if slide is None:
            with open_slide(path) as opened:
                _write(opened, file)
        else:
            _write(slide, file)
    return file


def _key(path: Path) -> str:
    try:
        found = path.stat()
    except OSError as error:
        raise InputError(f"{path} can not be read: {error.strerror or error}.") from error
    told = f"{path.absolute()}\n{found.st_size}\n{found.st_mtime_ns}\n{EDGE_PX}"
    return hashlib.blake2b(told.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _write(slide: Slide, file: Path) -> None:
    from PIL import Image

    pixels, _ = small_picture(slide)
    picture = Image.fromarray(pixels)
    picture.thumbnail((EDGE_PX, EDGE_PX))
    with atomic_path(file) as temporary:
        picture.save(temporary, format="PNG")
