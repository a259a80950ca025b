"""Pictures that come with spots: shown where there is no slide, and known again where one is given as the slide."""

from pathlib import Path

from geneglass.data.alignment import GOOD_SCORE, Outline
from geneglass.data.array_slide import ArraySlide
from geneglass.data.orientation import UNTURNED
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import open_slide
from geneglass.data.spots import Picture, Spots
from geneglass.errors import InputError


def open_preview(spots: Spots, file: Path) -> tuple[Slide | None, Picture | None, tuple[str, ...]]:
    """Return the largest picture that opens as a slide, that picture, and a sentence for each that did not.

    Parameters
    ----------
    spots
        With their pictures.
    file
        The spot table, for the name of pictures that lie in it.
    """
    told: list[str] = []
    for picture in spots.pictures:
        try:
            if picture.pixels is not None:
                return ArraySlide(picture.pixels, file, name=picture.name), picture, tuple(told)
            if picture.path is not None:
                return open_slide(picture.path), picture, tuple(told)
        except InputError as error:
            told.append(f"The {picture.name} picture of {file.name} could not be opened: {error}")
    return None, None, tuple(told)


def recognised(slide: Slide, spots: Spots, *, inside: bool) -> Picture | None:
    """Return the picture of the spots that was given as the slide, or None where it is another one.

    It is known by its file or its size. Where spots lie beyond the slide, a picture whose scale lays them
    onto the tissue is it.

    Parameters
    ----------
    slide, spots
        Of one section.
    inside
        Whether the spots lie within the slide as it is.
    """
    reduced = [picture for picture in spots.pictures if picture.scale != 1]
    for picture in reduced:
        if picture.path is not None and _same_file(picture.path, slide.path):
            return picture
    size_px = slide.levels[0].height_px, slide.levels[0].width_px
    for picture in reduced:
        if _size_px(picture) == size_px:
            return picture
    if inside or not reduced:
        return None
    outline = Outline(slide, spots)
    placed = [(outline.place(UNTURNED, picture.scale).score, picture) for picture in reduced]
    score, best = max(placed, key=lambda item: item[0])
    return best if score >= GOOD_SCORE else None


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _size_px(picture: Picture) -> tuple[int, int] | None:
    """Return height and width, from the head of the file where the picture lies in one."""
    if picture.pixels is not None:
        return picture.pixels.shape[0], picture.pixels.shape[1]
    if picture.path is None or not picture.path.is_file():
        return None
    from PIL import Image

    try:
        with Image.open(picture.path) as image:
            return image.height, image.width
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
