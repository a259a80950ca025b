"""Hamamatsu VMS and VMU, through OpenSlide: a text file that names the files with the pixels beside it."""

from pathlib import Path

from geneglass.data.openslide_slide import OpenSlideSlide
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, NotThisFormatError, SlideFormat

_HEADS = (b"[Virtual Microscope Specimen]", b"[Uncompressed Virtual Microscope Specimen]")
_MAX_TEXT_BYTES = 2**20


def open_vms(path: Path) -> Slide:
    """Open a slide by its `.vms` or `.vmu` file."""
    with path.open("rb") as file:
        text = file.read(_MAX_TEXT_BYTES)
    if not text.lstrip().startswith(_HEADS):
        raise NotThisFormatError(f"{path} is no Hamamatsu VMS or VMU file.")
    named = {line.partition("=")[2].strip() for line in text.decode(errors="replace").splitlines()}
    parts = sorted(file for file in path.parent.iterdir() if file.name in named and file.is_file())
    return OpenSlideSlide(path, path, [path, *parts], "Hamamatsu VMS")


SLIDE_FORMATS.register("hamamatsu-vms")(SlideFormat((".vms", ".vmu"), open_vms, tried_on_real_file=False))
