"""Plain tables of spots: one row per spot, separated by commas, semicolons or tabs, gzipped or not.

The header line names the columns; capital letters do not matter for those below, and every other column is a gene
(what `data/bookkeeping.py` lists is left out and told: n_counts, cluster, z, sample, ..., and a column of sums):

- the centre in pixels: `spot_header.POSITIONS`, the first pair that exists;
- the spot's name: as in a label file (`labels.NAME_COLUMNS`); spots without names are numbered;
- the array position: array_row and array_col, or x and y where the centre is called otherwise;
- in_tissue or selected: spots with 0 are left out; a label: `labels.LABEL_COLUMNS`.

Where the centres are in a file of their own, both files name the spots, and `positions` is that file.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from geneglass.data.bookkeeping import column_of_sums
from geneglass.data.spot_formats import SPOT_FORMATS, SpotFormat
from geneglass.data.spot_header import POSITIONS, SpotHeader, read_header
from geneglass.data.spots import RawSpots, Spots, checked_spots, repeated_names, some
from geneglass.data.table_file import WINDOWS, cells_of, first_lines, open_text, read_texts, windows_words
from geneglass.errors import InputError

_CELLS_AT_ONCE = 4_000_000


def open_csv(path: Path, positions: Path | None = None) -> Spots:
    """Read a table of spots, as the module describes.

    Raises
    ------
    InputError
        When a file can not be read, there are no centres, a value is no number, or the spots of the two files
        are not the same.
    """
    header = read_header(path)
    if positions is None and header.centre is None:
        raise InputError(
            f"{path.name} has no columns x and y with the centres in pixels (or {', '.join(POSITIONS[0])}, ...) in its "
            f"header line ({', '.join(header.cells[:6])}); add them, or give the file that has them as `positions`."
        )
    if not header.genes:
        raise InputError(f"{path.name} has no column of counts: {', '.join(header.cells[:12])} hold none.")
    facts, counts = _read(path, header)
    names = _spot_names(path, facts, header)
    placed = _places(path, facts, header, names) if positions is None else _from_file(positions, path, names, header)
    kept = np.flatnonzero(placed["known"] & placed["on_tissue"])
    genes, counts, told = _without_sums(header, counts)
    told = (*told, *_left_out(placed, names, path if positions is None else positions))
    if not len(kept):
        raise InputError(f"No spot of {path} has a place on tissue in {(positions or path).name}; give that section's.")
    obs = placed.iloc[kept].drop(columns=["x_px", "y_px", "known", "on_tissue"]).set_axis([names[i] for i in kept])
    raw = RawSpots(counts[kept], genes, obs, placed[["x_px", "y_px"]].to_numpy()[kept])
    return checked_spots(raw, None, file=path.name, warnings=told)


def _without_sums(
    header: SpotHeader, counts: sparse.csr_matrix
) -> tuple[list[str], sparse.csr_matrix, tuple[str, ...]]:
    """Return genes and counts without a column of sums, and which columns are left out as no genes."""
    genes, told = header.gene_names, []
    if header.bookkeeping:
        why = "no gene by its name" if len(header.bookkeeping) == 1 else "no genes by their names"
        told.append(f"Left out, being {why}: {some([header.cells[i] for i in header.bookkeeping], 'column')}.")
    sums = column_of_sums(counts)
    if sums is not None:
        told.append(f"Left out, holding the sum of all others in every spot: {some([genes.pop(sums)], 'column')}.")
        counts = counts[:, [column for column in range(counts.shape[1]) if column != sums]]
    return genes, counts, tuple(told)


def _read(path: Path, header: SpotHeader) -> tuple[pd.DataFrame, sparse.csr_matrix]:
    """Return the columns that are no genes, as text, and the counts."""
    genes = list(header.genes)
    others = [i for i in range(len(header.cells)) if i not in set(genes)]
    types: dict[int, Any] = {**dict.fromkeys(genes, np.float64), **dict.fromkeys(others, str)}
    facts, counts, line = [], [], 2
    with open_text(path, windows=True) as file:
        try:
            for block in _blocks(file, header, types):
                facts.append(windows_words(block[others], path))
                counts.append(sparse.csr_matrix(block[genes].to_numpy(dtype=np.float64)))
                line += len(block)
        except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, OverflowError) as error:
            if isinstance(error, InputError | UnicodeDecodeError):
                raise
            reason = _first_word(path, header) or f"{path}, from line {line}: {str(error).strip().splitlines()[0]}"
            raise InputError(f"{reason.rstrip('.')}; give whole numbers from 0 up, or take the column out.") from None
    if not any(map(len, facts)):
        raise InputError(f"{path} holds an empty matrix: there is no row below its header line.")
    return pd.concat(facts, ignore_index=True), sparse.vstack(counts, format="csr")


def _blocks(file: IO[str], header: SpotHeader, types: Any) -> Iterable[pd.DataFrame]:
    return pd.read_csv(
        file,
        sep=header.separator,
        header=None,
        names=list(range(len(header.cells))),
        skiprows=1,
        dtype=types,
        chunksize=max(1, _CELLS_AT_ONCE // len(header.cells)),
        index_col=False,
        encoding_errors=WINDOWS,
    )


def _first_word(path: Path, header: SpotHeader) -> str | None:
    """Return where the first text stands in a column of counts, in words; None where all are numbers."""
    with open_text(path, windows=True) as file:
        try:
            for block in _blocks(file, header, str):
                texts = block[list(header.genes)]
                wrong = texts.notna().to_numpy() & ~_are_numbers(texts)
                if wrong.any():
                    row, column = np.argwhere(wrong)[0]
                    name, text = header.gene_names[column], texts.iloc[row, column]
                    return f"{path}, line {block.index[row] + 2}: {text[:40]!r} in column {name} is no number"
        except pd.errors.ParserError:
            pass
    return None


def _are_numbers(texts: pd.DataFrame) -> NDArray[np.bool_]:
    return np.column_stack([pd.to_numeric(texts[name], errors="coerce").notna() for name in texts])


def _spot_names(path: Path, facts: pd.DataFrame, header: SpotHeader) -> list[str]:
    if header.name is None:
        return [f"spot{number}" for number in range(1, len(facts) + 1)]
    names = [str(name).strip() for name in facts[header.name].fillna("")]
    if "" in names:
        raise InputError(f"{path}, line {names.index('') + 2}: the spot has no name in its first column; give it one.")
    return names


def _numbers(path: Path, texts: pd.Series, column: str, separator: str) -> NDArray[np.float64]:
    """Return a column of text as numbers, NaN where it is empty; between semicolons a comma may be the point."""
    plain = texts.map(lambda text: text.replace(",", "."), na_action="ignore") if separator == ";" else texts
    values = pd.to_numeric(plain, errors="coerce").astype(np.float64)
    wrong = texts.index[values.isna() & texts.notna()]
    if len(wrong):
        raise InputError(f"{path}, line {wrong[0] + 2}: {texts[wrong[0]]!r} in column {column} is no number.")
    return np.asarray(values, dtype=np.float64)


def _places(path: Path, facts: pd.DataFrame, header: SpotHeader, names: list[str]) -> pd.DataFrame:
    """Return centres, array positions, labels and whether a spot is on tissue, by the spot's name."""

    def numbers(column: int) -> NDArray[np.float64]:
        texts = facts[column].map(_truth, na_action="ignore") if column == header.on_tissue else facts[column]
        return _numbers(path, texts, header.cells[column], header.separator)

    if header.centre is None:
        raise InputError(
            f"{path.name} has no columns x and y with the centres in pixels; its header line has: "
            f"{', '.join(header.cells[:12])}."
        )
    out = pd.DataFrame({"x_px": numbers(header.centre[0]), "y_px": numbers(header.centre[1])}, index=names)
    if header.array is not None:
        array_col, array_row = (numbers(column) for column in header.array)
        if np.isfinite(array_row).all() and np.isfinite(array_col).all():
            out["array_row"], out["array_col"] = array_row, array_col
    if header.label is not None:
        out["label"] = facts[header.label].to_numpy()
    out["on_tissue"] = True if header.on_tissue is None else numbers(header.on_tissue) != 0
    out["known"] = True
    return out


def _truth(text: str) -> str:
    return {"true": "1", "false": "0"}.get(text.strip().lower(), text)


def _from_file(positions: Path, path: Path, names: list[str], header: SpotHeader) -> pd.DataFrame:
    if header.name is None:
        raise InputError(
            f"{path} does not name its spots (a column spot or barcode), so {positions.name} can not be joined."
        )
    head = read_header(positions)
    if head.name is None:
        raise InputError(f"{positions} does not name its spots; give it a column spot or barcode, as {path.name} has.")
    facts = read_texts(positions, has_header=True, windows=True)
    facts = facts.set_axis(range(facts.shape[1]), axis=1)
    of = _spot_names(positions, facts, head)
    repeated = repeated_names(of)
    if repeated:
        raise InputError(f"{positions} has more than one row for {some(repeated, 'spot')}; leave one of each.")
    places = _places(positions, facts, head, of)
    matched = sum(name in places.index for name in names)
    if 2 * matched < min(len(names), len(places)) or not matched:
        raise InputError(
            f"Only {matched} of the {len(names)} spots of {path} are among the {len(places)} of {positions}; give the "
            "positions of this section."
        )
    joined = places.reindex(names)
    joined["known"] = joined["known"].eq(True)
    joined["on_tissue"] = joined["on_tissue"].ne(False)
    return joined


def _left_out(placed: pd.DataFrame, names: list[str], file: Path) -> tuple[str, ...]:
    told = []
    off = int((placed["known"] & ~placed["on_tissue"]).sum())
    if off:
        told.append(f"{off} of {len(placed)} spots lie off the tissue by {file.name} and were left out.")
    lost = [name for name, known in zip(names, placed["known"], strict=True) if not known]
    if lost:
        told.append(f"Left out, having no position in {file.name}: {some(lost, 'spot')}.")
    return tuple(told)


def _is_file(path: Path) -> bool:
    """Return whether the first two lines are those of a table with centres and counts in one file."""
    if not path.name.lower().endswith((".csv", ".csv.gz", ".tsv", ".tsv.gz")) or not path.is_file():
        return False
    try:
        header = read_header(path)
        row = cells_of(first_lines(path, windows=True)[1], header.separator)
    except InputError:
        return False
    if header.centre is None or not header.genes or len(row) != len(header.cells):
        return False
    return all(row[gene].isdigit() for gene in header.genes)


SPOT_FORMATS.register("CSV")(
    SpotFormat(
        suffixes=(".csv", ".csv.gz"),
        open=open_csv,
        # Any other .csv is left alone in a folder; opened by name, it is told what it lacks.
        companions=("*.csv", "*.csv.gz"),
        is_file=_is_file,
        tried_on_real_file=False,
    )
)
