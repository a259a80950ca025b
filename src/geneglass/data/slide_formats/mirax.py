"""MIRAX, through OpenSlide: an index file beside a folder of the same name. The index is a JPEG, and not the slide."""

from pathlib import Path

from geneglass.data.openslide_slide import OpenSlideSlide
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, NotThisFormatError, OnlyThisFormatError, SlideFormat


def open_mirax(path: Path) -> Slide:
    """Open a MIRAX slide by its `.mrxs` file."""
    if path.suffix.lower() != ".mrxs":
        raise NotThisFormatError(f"{path} is no MIRAX index.")
    folder = path.with_suffix("")
    if not folder.is_dir():
        raise OnlyThisFormatError(
            f"{path} is only the index of a MIRAX slide: the folder {folder.name} with its pixels is not beside it; "
            "copy both together."
        )
    parts = [path, *sorted(file for file in folder.iterdir() if file.is_file())]
    return OpenSlideSlide(path, path, parts, "MIRAX")


SLIDE_FORMATS.register("mirax")(SlideFormat((".mrxs",), open_mirax, tried_on_real_file=False))
