"""What is asked or said once: whether it was answered stands in a small file of the user's."""

from pathlib import Path

from platformdirs import user_config_path

from geneglass.data.atomic import atomic_path


def answered(name: str) -> bool:
    """Return whether a question or hint was answered before."""
    return _file(name).exists()


def answer(name: str, sentence: str) -> None:
    """Write down that it was answered.

    Raises
    ------
    InputError
        When the answer can not be written down.
    """
    file = _file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(file) as temporary:
        temporary.write_text(f"{sentence}\n", encoding="utf-8")


def _file(name: str) -> Path:
    return user_config_path("geneglass", appauthor=False) / f"{name}.txt"
