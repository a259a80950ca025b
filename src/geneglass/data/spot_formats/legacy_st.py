"""Legacy Spatial Transcriptomics: a table of counts with rows named "XxY", and a spot file with pixel positions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from geneglass.data.gene_names import are_accessions, named_by_list
from geneglass.data.labels import with_labels
from geneglass.data.spot_formats import SPOT_FORMATS, SpotFormat
from geneglass.data.spots import RawSpots, Spots, checked_spots, repeated_names, some
from geneglass.data.table_file import open_text, read_columns
from geneglass.data.types import LEGACY_ST
from geneglass.errors import InputError

SUFFIXES = (".tsv", ".tsv.gz")

_ROW_NAME = re.compile(r"(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)")

_POSITIONS = (
    "../ST-spotfiles/{name}_selection.tsv",
    "../spot-selections/{name}_selection.tsv",
    "{name}_selection.tsv",
    "alignment_table_{name}.tsv",
    "{accession}spot_data-selection-{sample}.tsv",
    "spot_data-selection-{sample}.tsv",
)
_LABELS = (
    "../ST-pat/lbl/{name}_labeled_coordinates.tsv",
    "../meta/{name}_labeled_coordinates.tsv",
    "{name}_labeled_coordinates.tsv",
)
"""Where other files of a section lie, each plain or gzipped: of "GSM1_P2_ST_rep1_stdata.tsv.gz" (as in the Gene
Expression Omnibus) the name is "GSM1_P2_ST_rep1", the accession "GSM1_" and the sample "P2_ST_rep1"."""

_ACCESSION = re.compile(r"GSM\d+_")


_COMPANIONS = (
    "*_selection.tsv",
    "alignment_table_*.tsv",
    "*spot_data-selection-*.tsv",
    "*_labeled_coordinates.tsv",
    "genes.tsv",
    "*_genes.tsv",
)


def open_legacy_st(path: Path, positions: Path | None = None) -> Spots:
    """Read a counts table and its spot file, joined on rounded array positions.

    Spots with `selected` 0 lie off the tissue and are left out, and so are rows that stand in only one
    of the two files; both are told in the warnings. Labels that lie beside the counts are joined too, and
    genes that go by Ensembl accessions are named by a list beside them (`gene_names.named_by_list`).

    Parameters
    ----------
    path
        Counts, spots x genes: a header line with gene names, then rows "XxY" and whole numbers.
    positions
        A spot file with columns x, y, pixel_x, pixel_y and perhaps selected; looked for beside the
        counts where it is not given.

    Raises
    ------
    InputError
        When a file can not be read, no spot file is found, or most spots are not in it.
    """
    names, genes, counts = _read_counts(path)
    positions = positions or _beside(path, _POSITIONS)
    if positions is None:
        known = ", ".join(dict.fromkeys(_filled(path, _POSITIONS)))
        raise InputError(f"No spot file found for {path} (looked for {known}); give it as `positions`.")
    frame = _read_positions(positions)
    rows, told = _join(names, frame, path, positions)
    place = frame.loc[[_place(names[row]) for row in rows]]
    obs = pd.DataFrame(
        {"array_row": place["array_y"].to_numpy(), "array_col": place["array_x"].to_numpy()},
        index=[names[row] for row in rows],
    )
    if are_accessions(genes):
        genes, unnamed = named_by_list(genes, path.parent)
        told += unnamed
    raw = RawSpots(counts[rows], genes, obs, place[["pixel_x", "pixel_y"]].to_numpy(dtype=np.float64))
    spots = checked_spots(raw, LEGACY_ST, file=path.name, warnings=told)
    labels = _beside(path, _LABELS)
    return spots if labels is None else with_labels(spots, labels)


def _filled(path: Path, patterns: tuple[str, ...]) -> list[str]:
    """Return the file names that patterns mean for a counts file."""
    name = path.name
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        name = name.removesuffix(suffix)
    name = name.removesuffix("_stdata")
    found = _ACCESSION.match(name)
    accession = found[0] if found else ""
    sample = name.removeprefix(accession)
    return [pattern.format(name=name, accession=accession, sample=sample) for pattern in patterns]


def _beside(path: Path, patterns: tuple[str, ...]) -> Path | None:
    places = [path.parent / (name + ending) for name in _filled(path, patterns) for ending in ("", ".gz")]
    return next((place.resolve() for place in places if place.is_file()), None)


def _place(name: str) -> str:
    match = _ROW_NAME.fullmatch(name)
    return "" if match is None else f"{round(float(match[1]))}x{round(float(match[2]))}"


def _read_counts(path: Path) -> tuple[list[str], list[str], sparse.csr_matrix]:
    names: list[str] = []
    with open_text(path) as file:
        genes = file.readline().rstrip("\r\n").split("\t")
        values = _values(path, file, names)
    if not names:
        raise InputError(f"{path} holds an empty matrix: there is no row of counts below its header line.")
    # R writes the header with or without a name for the column of row names.
    genes = genes[1:] if len(genes) == values.shape[1] + 1 else genes
    if len(genes) != values.shape[1]:
        raise InputError(f"{path} has {len(genes)} gene names but {values.shape[1]} columns of counts.")
    repeated = repeated_names([_place(name) for name in names])
    if repeated:
        raise InputError(f"{path} has more than one row for {some(repeated, 'spot')}; leave one of each.")
    return names, genes, values


def _values(path: Path, file: IO[str], names: list[str]) -> sparse.csr_matrix:
    def rows() -> Iterator[str]:
        for line in file:
            name, _, rest = line.strip("\r\n").partition("\t")
            if name and not _ROW_NAME.fullmatch(name):
                raise InputError(
                    f"{path} is no legacy ST table: row name {name[:40]!r} is not an array position like '10x13'."
                )
            if name:
                names.append(name)
                yield rest

    lines = rows()
    first = next(lines, None)
    if first is None:
        return sparse.csr_matrix((0, 0))
    width = first.count("\t") + 1
    out = [_row(path, first, names[-1], width)]
    out += [_row(path, rest, names[-1], width) for rest in lines]
    counts: sparse.csr_matrix = sparse.vstack(out, format="csr")
    return counts


def _row(path: Path, text: str, name: str, width: int) -> sparse.csr_matrix:
    cells = text.count("\t") + 1
    if cells != width:
        raise InputError(f"{path}, row {name}: {cells} values where {width} stand in the first row.")
    values = _whole_numbers(text)
    if values is None:
        try:
            values = np.array(text.split("\t"), dtype=np.float64)
        except ValueError:
            raise InputError(f"{path}, row {name}: a value is no number; give whole numbers from 0 up.") from None
    return sparse.csr_matrix(values)


def _whole_numbers(text: str) -> NDArray[np.float64] | None:
    """Return numbers written with few digits and tabs alone, ten times faster than a general parser; else None."""
    code = np.frombuffer(text.encode(), dtype=np.uint8)
    is_tab = code == ord("\t")
    if not (is_tab | ((code >= ord("0")) & (code <= ord("9")))).all():
        return None
    ends = np.append(np.flatnonzero(is_tab), len(code))
    digits = np.diff(ends, prepend=-1) - 1
    if not 1 <= digits.min() <= digits.max() <= 15:
        return None
    values = np.zeros(len(ends))
    for place in range(int(digits.max())):
        has = digits > place
        values[has] += (code[ends[has] - 1 - place] - ord("0")) * 10.0**place
    return values


def _read_positions(path: Path) -> pd.DataFrame:
    """Return the spot file's rows by rounded place ("10x13"); `selected` is 1 on tissue."""
    frame: pd.DataFrame = read_columns(path, ("x", "y", "pixel_x", "pixel_y"), optional=("selected",))
    frame = frame.assign(selected=frame["selected"].fillna(1) if "selected" in frame else 1)
    finite: NDArray[np.bool_] = np.isfinite(frame.to_numpy(dtype=np.float64)).all(axis=1)
    frame = frame[finite]
    frame = frame.assign(array_x=np.rint(frame["x"]).astype(int), array_y=np.rint(frame["y"]).astype(int))
    frame.index = pd.Index([f"{x}x{y}" for x, y in zip(frame["array_x"], frame["array_y"], strict=True)], dtype=object)
    repeated = repeated_names(list(frame.index))
    if repeated:
        raise InputError(f"{path} has more than one row for {some(repeated, 'spot')}; leave one of each.")
    return frame


def _join(
    names: list[str], frame: pd.DataFrame, counts_file: Path, positions_file: Path
) -> tuple[list[int], list[str]]:
    """Return the rows of counts that have a place on tissue, and what was left out."""
    places = [_place(name) for name in names]
    matched = [row for row, place in enumerate(places) if place in frame.index]
    if 2 * len(matched) < min(len(names), len(frame)) or not matched:
        raise InputError(
            f"Only {len(matched)} of the {len(names)} spots of {counts_file} are among the {len(frame)} of "
            f"{positions_file}; give the spot file of this section."
        )
    told = []
    on_tissue = frame.index[frame["selected"] != 0]
    if len(on_tissue) == 0:
        raise InputError(f"{positions_file} has no spot on tissue: `selected` is 0 in every row.")
    off = len(frame) - len(on_tissue)
    if off:
        told.append(f"{off} of {len(frame)} spots of {positions_file.name} lie off the tissue and were left out.")
    without_counts = sorted(set(on_tissue) - set(places))
    if without_counts:
        told.append(f"Left out, having no counts: {some(without_counts, 'spot')} of {positions_file.name}.")
    without_place = sorted(set(places) - set(frame.index))
    if without_place:
        told.append(f"Left out, having no position: {some(without_place, 'spot')} of {counts_file.name}.")
    kept = set(on_tissue)
    rows = [row for row in matched if places[row] in kept]
    if not rows:
        raise InputError(f"No spot of {counts_file} lies on the tissue that {positions_file} selects.")
    return rows, told


SPOT_FORMATS.register("legacy ST")(
    SpotFormat(
        suffixes=SUFFIXES,
        open=open_legacy_st,
        companions=tuple(pattern + ending for pattern in _COMPANIONS for ending in ("", ".gz")),
    )
)
