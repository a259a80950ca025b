"""Text tables, plain or gzipped, read with the reason in one sentence where they can not be."""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pandas as pd

from geneglass.errors import InputError

MAX_LINE = 2**26
"""Characters; a longer first line is no header."""


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
        raise InputError(f"{path} is not a text file; copy or download it again.") from None
    except OSError as error:
        raise InputError(f"{path} can not be read: {error.strerror or error}.") from None


def read_columns(
    path: Path, numbers: Sequence[str], *, text: Sequence[str] = (), optional: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the named columns of a table with a header line, separated by tabs, semicolons or commas.

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
    frame = read_texts(path, has_header=True)
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


def read_texts(path: Path, *, has_header: bool) -> pd.DataFrame:
    """Return a whole table as text, empty cells missing; columns are numbered where it has no header line.

    Row names that R wrote without a header of their own are the first column, named "".

    Raises
    ------
    InputError
        When the file can not be read or is no table.
    """
    separator = separator_of(first_lines(path))
    with open_text(path) as file:
        try:
            frame = pd.read_csv(file, sep=separator, dtype=str, header=0 if has_header else None)
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise InputError(f"{path} is no table: {str(error).strip().splitlines()[0]}.") from None
    if isinstance(frame.index, pd.MultiIndex):
        raise InputError(f"{path} is no table: its rows have more cells than its header line.")
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(names="")
    return frame.rename(columns={name: "" for name in frame.columns[:1] if str(name).startswith("Unnamed:")})


def first_lines(path: Path) -> tuple[str, str]:
    """Return the first two lines of a text file, without their ends.

    Raises
    ------
    InputError
        When the file can not be read or a line does not end.
    """
    with open_text(path) as file:
        lines = file.readline(MAX_LINE), file.readline(MAX_LINE)
    if MAX_LINE in map(len, lines):
        raise InputError(f"{path} is no table: one of its lines is longer than {MAX_LINE:,} characters.")
    return lines[0].removeprefix("\ufeff").rstrip("\r\n"), lines[1].rstrip("\r\n")


def separator_of(lines: Iterable[str]) -> str:
    """Return what separates the cells: of the first line with any, the tab, else the more frequent of ; and ,."""
    for line in lines:
        if "\t" in line:
            return "\t"
        if ";" in line or "," in line:
            return ";" if line.count(";") > line.count(",") else ","
    return ","


def cells_of(line: str, separator: str) -> list[str]:
    """Return the cells of a line, without quotes and spaces around them."""
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []
    return [cell.strip() for cell in cells]
