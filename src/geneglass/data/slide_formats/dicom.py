"""DICOM whole-slide images, through OpenSlide: one file of a series opens the series that lies beside it."""

from pathlib import Path

from geneglass.data.cached_pyramid import with_pyramid
from geneglass.data.openslide_slide import OpenSlideSlide, opened
from geneglass.data.slide import Slide
from geneglass.data.slide_formats import SLIDE_FORMATS, NotThisFormatError, SlideFormat
from geneglass.errors import InputError

_KIND = "DICOM"
_MARK_AT = 128
_MAX_FILES = 100


def open_dicom(path: Path) -> Slide:
    """Open the series that a DICOM file belongs to, or the one series in a folder."""
    if path.is_dir():
        files = _dicom_files(path)
        return with_pyramid(OpenSlideSlide(path, _only_series(path, files), files, _KIND))
    if not _is_dicom(path):
        raise NotThisFormatError(f"{path} is no DICOM file.")
    parts = {path, *_dicom_files(path.parent)}
    return with_pyramid(OpenSlideSlide(path, path, sorted(parts), _KIND))


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(_MARK_AT + 4)[_MARK_AT:] == b"DICM"


def _dicom_files(folder: Path) -> list[Path]:
    files = (file for file in folder.iterdir() if file.suffix.lower() == ".dcm" and not file.name.startswith("."))
    return sorted(file for file in files if file.is_file())


def _is_dicom_folder(path: Path) -> bool:
    """Return whether a folder holds nothing but DICOM files; in another, the file must be named."""
    visible = [child for child in path.iterdir() if not child.name.startswith(".")]
    return bool(visible) and all(child.suffix.lower() == ".dcm" for child in visible)


def _only_series(folder: Path, files: list[Path]) -> Path:
    if len(files) > _MAX_FILES:
        raise InputError(f"{folder} holds {len(files):,} DICOM files; give one file of the slide you mean.")
    series: dict[str, Path] = {}
    causes: list[InputError] = []
    for file in files:
        try:
            with opened(file, file, _KIND) as handle:
                series.setdefault(handle.properties.get("dicom.SeriesInstanceUID", ""), file)
        except InputError as error:
            causes.append(error)
    if not series:
        raise causes[0]
    if len(series) > 1:
        names = ", ".join(file.name for file in list(series.values())[:4])
        raise InputError(
            f"{folder} holds {len(series)} slides (DICOM series); give one of their files, such as {names}."
        )
    return next(iter(series.values()))


SLIDE_FORMATS.register("dicom")(SlideFormat((".dcm",), open_dicom, is_folder=_is_dicom_folder))
