"""Slide formats: one file each, found at the first look-up."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geneglass.data.slide import Slide
from geneglass.errors import InputError
from geneglass.registry import Registry


@dataclass(frozen=True)
class SlideFormat:
    """How one kind of slide file is recognised and opened.

    Attributes
    ----------
    suffixes
        Lower-case file endings, with the dot, that may be this format.
    open
        Opens a file as a `Slide`; raises `InputError` with the true reason where it can not.
    is_folder
        Whether a folder is a slide of this format, judged by what lies in it; most formats are files.
    tried_on_real_file
        False is shown as "untested on a real file".
    """

    suffixes: tuple[str, ...]
    open: Callable[[Path], Slide]
    is_folder: Callable[[Path], bool] = lambda _: False
    tried_on_real_file: bool = True


SLIDE_FORMATS: Registry[SlideFormat] = Registry("slide format", __name__)


class NotThisFormatError(InputError):
    """The file is of another format: not the cause of a failure, if a format that knows it is found."""


class OnlyThisFormatError(InputError):
    """The file is of this format for certain: no other is asked, though one might find some picture in it."""


def open_slide(path: Path) -> Slide:
    """Open a slide, whatever its format.

    The formats that the file's ending suggests are tried first, then the others by content.

    Raises
    ------
    InputError
        When the file is missing, cannot be read, is damaged, or is of no known format.
    """
    path = Path(path).expanduser().absolute()
    if path.is_dir():
        return _open_folder(path)
    head = _head(path)
    causes = []
    for slide_format in _by_suffix(path):
        try:
            return _opened(path, slide_format)
        except NotThisFormatError:
            continue
        except OnlyThisFormatError:
            raise
        except InputError as error:
            causes.append(str(error))
    if causes:
        raise InputError(" ".join(dict.fromkeys(causes)))
    endings = ", ".join(sorted({suffix for slide_format in SLIDE_FORMATS.values() for suffix in slide_format.suffixes}))
    raise InputError(f"{path} is no slide: it {_what(head)}; give a picture in one of these formats: {endings}.")


def _opened(path: Path, slide_format: SlideFormat) -> Slide:
    slide = slide_format.open(path)
    slide.format = next(name for name, known in SLIDE_FORMATS.items() if known is slide_format)
    return slide


def is_slide_folder(path: Path) -> bool:
    """Return whether a folder is a slide, such as an OME-Zarr or a series of DICOM files."""
    return any(slide_format.is_folder(path) for slide_format in SLIDE_FORMATS.values())


def _open_folder(path: Path) -> Slide:
    for slide_format in SLIDE_FORMATS.values():
        if slide_format.is_folder(path):
            return _opened(path, slide_format)
    raise InputError(f"{path} is a folder; give the slide file in it.")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; check the path.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check its permissions.") from error
    if not head:
        raise InputError(f"{path} is empty (0 bytes); copy it again.")
    return head


def _by_suffix(path: Path) -> list[SlideFormat]:
    name = path.name.lower()
    return sorted(SLIDE_FORMATS.values(), key=lambda slide_format: not name.endswith(slide_format.suffixes))


def _what(head: bytes) -> str:
    text = head.decode("utf-8", errors="replace")
    if "\ufffd" in text[:-3] or any(ord(c) < 32 and c not in "\t\r\n" for c in text):
        return f"begins with the bytes {head[:8].hex(' ')}, which no known format does"
    return f"holds text ({' '.join(text.split())[:30]!r} ...)"
