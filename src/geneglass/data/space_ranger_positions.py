"""Spot positions as Space Ranger writes them: .csv without and with a header line, and .parquet."""

from pathlib import Path

import numpy as np
import pandas as pd

from geneglass.data.spots import repeated_names, some
from geneglass.data.table_file import first_lines, read_texts
from geneglass.errors import InputError

_COLUMNS = ("barcode", "in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres")
_NUMBERS = _COLUMNS[1:]


def read_positions(path: Path) -> pd.DataFrame:
    """Return the spots of the whole array, on tissue or not.

    Returns
    -------
    pandas.DataFrame
        Indexed by barcode, with `in_tissue` (bool), `array_row`, `array_col`, and `x_px`, `y_px`: the centre
        in pixels of the full-resolution picture. Note that Space Ranger writes the pixel row, y, first.

    Raises
    ------
    InputError
        When the file can not be read, lacks a column, holds something else than a number, names a barcode
        twice, or has no spot on tissue.
    """
    frame = _read_parquet(path) if path.name.lower().endswith(".parquet") else _read_csv(path)
    if frame.empty:
        raise InputError(f"{path} has no row of spot positions; copy or download it again.")
    numbers = frame[list(_NUMBERS)].to_numpy(dtype=np.float64)
    lost = np.flatnonzero(~np.isfinite(numbers).all(axis=1))
    if lost.size:
        raise InputError(f"{path} has no finite position for spot {frame['barcode'].iloc[lost[0]]}; correct it.")
    on_tissue = numbers[:, 0]
    if not np.isin(on_tissue, (0, 1)).all():
        raise InputError(f"{path}: in_tissue must be 0 or 1, got {on_tissue[~np.isin(on_tissue, (0, 1))][0]:g}.")
    if not on_tissue.any():
        raise InputError(f"{path} has no spot on tissue: in_tissue is 0 in every row.")
    index = pd.Index(frame["barcode"], dtype=object, name=None)
    if not index.is_unique:
        raise InputError(
            f"{path} names {some(repeated_names(list(index)), 'barcode')} more than once; keep one of each."
        )
    columns = {"array_row": numbers[:, 1], "array_col": numbers[:, 2], "x_px": numbers[:, 4], "y_px": numbers[:, 3]}
    return pd.DataFrame({"in_tissue": on_tissue == 1, **columns}, index=index)


def _read_csv(path: Path) -> pd.DataFrame:
    has_header = first_lines(path)[0].lower().startswith("barcode")
    frame = read_texts(path, has_header=has_header)
    if not has_header:
        if frame.shape[1] != len(_COLUMNS):
            raise InputError(
                f"{path} has {frame.shape[1]} columns where {len(_COLUMNS)} are due: {', '.join(_COLUMNS)}; "
                "give the file that Space Ranger wrote."
            )
        frame.columns = pd.Index(_COLUMNS)
    _require_columns(path, list(frame.columns))
    out = frame[["barcode"]].astype(str)
    for name in _NUMBERS:
        out[name] = pd.to_numeric(frame[name], errors="coerce")
        wrong = frame.index[out[name].isna()]
        if len(wrong):
            line = wrong[0] + (2 if has_header else 1)
            raise InputError(f"{path}, line {line}: {frame[name][wrong[0]]!r} in column {name} is no number.")
    return out


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, thrift_string_size_limit=2**24, thrift_container_size_limit=2**20) as file:
            # Every row has a barcode and a centre of its own, so no honest file packs one into a byte.
            if file.metadata.num_rows > path.stat().st_size:
                raise InputError(
                    f"{path} states {file.metadata.num_rows:,} rows, more than it can hold; copy it again."
                )
            _require_columns(path, file.schema_arrow.names)
            frame: pd.DataFrame = file.read(columns=list(_COLUMNS)).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        text = str(error).strip()
        reason = text.splitlines()[0].rstrip(".") if text else type(error).__name__
        raise InputError(f"{path} is damaged, cut short or no parquet file ({reason}); copy it again.") from None
    _require_columns(path, list(frame.columns))
    wrong = [f"{name} as {frame[name].dtype}" for name in _NUMBERS if frame[name].dtype.kind not in "iufb"]
    if wrong:
        raise InputError(
            f"{path} holds {', '.join(wrong)} where numbers are due; give the file that Space Ranger wrote."
        )
    return frame


def _require_columns(path: Path, have: list[str]) -> None:
    missing = [name for name in _COLUMNS if name not in have]
    if missing:
        listed = ", ".join(map(str, have[:12]))
        raise InputError(f"{path} has no column {', '.join(missing)}; it has: {listed}.")
