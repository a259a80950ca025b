"""Which name a gene is shown by, where a file has symbols and accessions.

One rule for all formats: the symbol is shown, the accession where there is no symbol, and both
("TBCE (ENSG00000285053)") where several genes share a symbol. `data/spots.py` sets the last part right for a
table that names its own genes; `named_by_list` here does for tables of accessions with a list of names beside.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from geneglass.data.spots import repeated_names
from geneglass.data.table_file import read_columns
from geneglass.errors import InputError

_ACCESSION = re.compile(r"ENS[A-Z]*G\d{11}(\.\d+)?\w*")
_VERSION = re.compile(r"(?<=\d)\.\d+$")

SYMBOL_COLUMNS = ("gene_name", "gene_names", "gene_symbol", "gene_symbols", "feature_name", "symbol", "SYMBOL")
ACCESSION_COLUMNS = ("gene_ids", "gene_id", "ensembl_id", "ensembl", "feature_id", "ENSEMBL")

NAME_LISTS = ("genes.tsv", "genes.tsv.gz", "*_genes.tsv", "*_genes.tsv.gz")
"""File names of lists with the columns gene_id and gene_name, looked for beside a table of accessions."""


def are_accessions(names: Sequence[str]) -> bool:
    """Return whether most names are Ensembl gene accessions."""
    return 2 * sum(_ACCESSION.fullmatch(name) is not None for name in names) > len(names)


def names_and_ids(var: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the gene names of an AnnData's `var`, and their accessions (empty where it has none).

    Where the index holds accessions, names come from the first of `SYMBOL_COLUMNS`; a gene without one keeps
    its accession. Otherwise the index holds the names, and accessions come from the first of `ACCESSION_COLUMNS`.
    """
    index = [str(name) for name in var.index]
    if are_accessions(index):
        column = next((name for name in SYMBOL_COLUMNS if name in var), None)
        if column is None:
            return index, []
        symbols = ["" if missing else str(name).strip() for name, missing in zip(*_values(var[column]), strict=True)]
        return [symbol or accession for symbol, accession in zip(symbols, index, strict=True)], index
    column = next((name for name in ACCESSION_COLUMNS if name in var), None)
    return index, [] if column is None else [str(name) for name in var[column]]


def _values(column: pd.Series) -> tuple[list[object], list[bool]]:
    return list(column.astype(object)), list(column.isna())


def named_by_list(accessions: Sequence[str], folder: Path) -> tuple[list[str], tuple[str, ...]]:
    """Return names for accessions from the list of gene names beside a table, and what is to be told.

    An accession is looked up as it stands, then without its version. A symbol that the list gives to several
    accessions is never shown alone, so that a gene has the same name in every section that uses the list.

    Parameters
    ----------
    accessions
        The genes of the table.
    folder
        Where the table lies.

    Raises
    ------
    InputError
        When the list can not be read.
    """
    lists = sorted({file for pattern in NAME_LISTS for file in folder.glob(pattern)})
    if not lists:
        return list(accessions), ()
    if len(lists) > 1:
        told = f"Genes go by their accessions: {' and '.join(file.name for file in lists)} could both name them."
        return list(accessions), (told,)
    symbols = _read_list(lists[0])
    names = [_named(accession, symbols) for accession in accessions]
    if repeated_names(names):
        return list(accessions), (f"Genes go by their accessions: {lists[0].name} names some of them alike.",)
    unnamed = sum(name == accession for name, accession in zip(names, accessions, strict=True))
    return names, (f"{unnamed} of {len(names)} genes have no name in {lists[0].name}.",) if unnamed else ()


def _read_list(path: Path) -> dict[str, str]:
    try:
        frame = read_columns(path, (), text=("gene_id", "gene_name")).dropna()
    except InputError as error:
        raise InputError(f"The gene names beside the table can not be used: {error}") from None
    frame = frame.drop_duplicates("gene_id")
    shared = frame["gene_name"].duplicated(keep=False)
    bare = frame["gene_id"].str.replace(_VERSION, "", regex=True)
    shown = frame["gene_name"].where(~shared, frame["gene_name"] + " (" + bare + ")")
    return {**dict(zip(bare, shown, strict=True)), **dict(zip(frame["gene_id"], shown, strict=True))}


def _named(accession: str, symbols: Mapping[str, str]) -> str:
    return symbols.get(accession) or symbols.get(_VERSION.sub("", accession)) or accession
