"""Text tables, plain or gzipped, read with the reason in one sentence where they can not be.

A text is UTF-8, or UTF-16 where it begins with the mark of that and a character of ASCII. Where a table holds words
of people, such as labels, bytes that are no UTF-8 may be letters, quotation marks and dashes of cp1252, in which
Excel for Windows writes; never in the header line, so that a damaged gene name is not taken for another one, and
never in a column that holds control characters. All else is refused.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pandas as pd

from geneglass.errors import InputError

MAX_LINE = 2**26
"""Characters; a longer first line is no header."""

WINDOWS = "surrogateescape"
"""How a byte that is no UTF-8 is kept until it is known whether it stands among words."""

_ESCAPED = re.compile("[\udc80-\udcff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# None that a digit or a separator becomes when its highest bit is turned over.
_WINDOWS_BYTES = {*range(0xC0, 0x100), *b"\x83\x8a\x8c\x8e\x91\x92\x93\x94\x96\x97\x9a\x9c\x9e\x9f"} - {0xD7, 0xF7}
_UTF_16 = re.compile(rb"\xff\xfe[\t\n\r -~]\x00|\xfe\xff\x00[\t\n\r -~]")


@contextmanager
def open_text(path: Path, *, windows: bool = False) -> Iterator[IO[str]]:
    """Open a text file, gunzipped where it is gzipped (by its first bytes, not its name).

    With `windows`, bytes that are no UTF-8 are escaped as `WINDOWS` says; `windows_words` makes words of them.

    Raises
    ------
    InputError
        When the file does not exist, may not be read, is cut short or is no text; also while reading.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
        zipped = start[:2] == b"\x1f\x8b"
        if zipped:
            with gzip.open(path, "rb") as file:
                start = file.read(4)
        encoding = "utf-16" if _UTF_16.fullmatch(start) else "utf-8"
        errors = WINDOWS if windows and encoding == "utf-8" else "strict"
        with (gzip.open if zipped else open)(path, "rt", encoding=encoding, errors=errors) as text:
            yield text
    except FileNotFoundError:
        raise InputError(f"No such file: {path}; check the path.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(f"{path} is a damaged or truncated gzip file; copy or download it again.") from None
    except UnicodeError:
        raise _no_text(path) from None
    except OSError as error:
        raise InputError(f"{path} can not be read: {error.strerror or error}.") from None


def _no_text(path: Path) -> InputError:
    return InputError(
        f"{path} is not a text file in UTF-8 or UTF-16; save it as UTF-8 (in Excel: CSV UTF-8), or, where it is "
        "damaged, copy or download it again."
    )


def windows_words(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return a table of texts with letters of cp1252 where bytes were escaped.

    Raises
    ------
    InputError
        When such a byte is no letter, quotation mark or dash, or control characters stand in the same column.
    """
    for name in frame.columns:
        texts = frame[name].dropna()
        joined = "".join(texts)
        escaped = {ord(sign) & 0xFF for sign in _ESCAPED.findall(joined)}
        if not escaped:
            continue
        if escaped - _WINDOWS_BYTES or _CONTROL.search(joined):
            raise _no_text(path)
        letters = {0xDC00 + byte: bytes([byte]).decode("cp1252") for byte in escaped}
        frame = frame.copy()
        frame[name] = frame[name].map(lambda text, letters=letters: text.translate(letters), na_action="ignore")
    return frame


def read_columns(
    path: Path,
    numbers: Sequence[str],
    *,
    text: Sequence[str] = (),
    optional: Sequence[str] = (),
    windows: bool = False,
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
    windows
        Whether texts may be words in cp1252.

    Raises
    ------
    InputError
        When the file can not be read, lacks a column, or holds something else than a number.
    """
    frame = read_texts(path, has_header=True, windows=windows)
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


def read_texts(path: Path, *, has_header: bool, windows: bool = False) -> pd.DataFrame:
    """Return a whole table as text, empty cells missing; columns are numbered where it has no header line.

    With `windows`, what stands below the header may be words in cp1252.

    Row names that R wrote without a header of their own are the first column, named "".

    Raises
    ------
    InputError
        When the file can not be read or is no table.
    """
    separator = separator_of(first_lines(path, windows=windows))
    with open_text(path, windows=windows) as file:
        try:
            header = 0 if has_header else None
            frame = pd.read_csv(file, sep=separator, dtype=str, header=header, encoding_errors=WINDOWS)
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise InputError(f"{path} is no table: {str(error).strip().splitlines()[0]}.") from None
    if isinstance(frame.index, pd.MultiIndex):
        raise InputError(f"{path} is no table: its rows have more cells than its header line.")
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(names="")
    if windows:
        if has_header and _ESCAPED.search("".join(map(str, frame.columns))):
            raise _no_text(path)
        frame = windows_words(frame, path)
    return frame.rename(columns={name: "" for name in frame.columns[:1] if str(name).startswith("Unnamed:")})


def first_lines(path: Path, *, windows: bool = False, has_header: bool = False) -> tuple[str, str]:
    """Return the first two lines of a text file, without their ends.

    With `windows`, they may hold words in cp1252; with `has_header`, the first may not.

    Raises
    ------
    InputError
        When the file can not be read or a line does not end.
    """
    with open_text(path, windows=windows) as file:
        lines = file.readline(MAX_LINE), file.readline(MAX_LINE)
    if windows:
        if has_header and _ESCAPED.search(lines[0]):
            raise _no_text(path)
        lines = tuple(windows_words(pd.DataFrame({"lines": lines}), path)["lines"])
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
