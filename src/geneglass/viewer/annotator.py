"""What is kept per user of who draws: the name, and the palette."""

from pathlib import Path

from platformdirs import user_config_path

from geneglass.data.annotation import one_line
from geneglass.data.atomic import atomic_path, require_folder


def palette_file() -> Path:
    """Return where the user's names and colours are kept."""
    return user_config_path("geneglass", appauthor=False) / "palette.json"


def read_annotator() -> str:
    """Return who draws here; empty where nobody has said so."""
    try:
        return one_line(_file().read_text("utf-8"))
    except (OSError, ValueError):
        return ""


def write_annotator(name: str) -> None:
    """Remember who draws here.

    Raises
    ------
    InputError
        When the file can not be written.
    """
    require_folder(_file().parent)
    with atomic_path(_file()) as temporary:
        temporary.write_text(name + "\n", "utf-8")


def _file() -> Path:
    return user_config_path("geneglass", appauthor=False) / "annotator.txt"
