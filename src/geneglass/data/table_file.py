"""Text tables, plain or gzipped, read with the reason in one sentence where they can not be."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pandas as pd

from geneglass.errors import InputError


@contextmanager
def open_text(path: Path) -> Iterator[IO[str]]:
    """Open a text file, gunzipped where it is gzipped (by its first bytes, not its name).

    Raises
    ------
    InputError
        When the file does not exist, may not be read, is cut short or is no text; also while reading.
    """
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rt", encoding="utf-8") if zipped else path.open(encoding="utf-8") as text:
            yield text
    except FileNotFoundError:
        raise InputError(f"No such file: {path}; check the path.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(f"{path} is a damaged or truncated gzip file; copy or download it again.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file; give a tab-separated table.") from None
    except OSError as error:
        raise InputError(f"{path} can not be read: {error.strerror or error}.") from None


def read_columns(
    path: Path, numbers: Sequence[str], *, text: Sequence[str] = (), optional: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the named columns of a table with a header line, separated by tabs (or commas in a .csv).

    Parameters
    ----------
    path
        The file, plain or gzipped.
    numbers
        Columns that must hold numbers or be empty (NaN).
    text
        Columns taken as they stand.
    optional
        Columns of numbers that are read where they exist.

    Raises
    ------
    InputError
        When the file can not be read, lacks a column, or holds something else than a number.
    """
    separator = "," if ".csv" in path.suffixes else "\t"
    with open_text(path) as file:
        try:
            frame = pd.read_csv(file, sep=separator, dtype=str)
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise InputError(f"{path} is no table: {str(error).strip().splitlines()[0]}.") from None
    missing = [name for name in (*numbers, *text) if name not in frame.columns]
    if missing:
        have = ", ".join(map(str, frame.columns[:12]))
        raise InputError(f"{path} has no column {', '.join(missing)}; its header line has: {have}.")
    out = frame[list(text)].copy()
    for name in (*numbers, *(name for name in optional if name in frame.columns)):
        values = pd.to_numeric(frame[name], errors="coerce")
        wrong = frame.index[values.isna() & frame[name].notna()]
        if len(wrong):
            raise InputError(f"{path}, line {wrong[0] + 2}: {frame[name][wrong[0]]!r} in column {name} is no number.")
        out[name] = values
    return out
