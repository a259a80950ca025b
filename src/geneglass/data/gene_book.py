"""What a person keeps of genes between sessions: favourites and signatures, in one small file of the user."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from geneglass.data.annotation import one_line
from geneglass.data.atomic import atomic_path
from geneglass.errors import InputError

SIGN = "Σ "
"""Before the name of a signature wherever genes are listed: no gene is called so."""


@dataclass(frozen=True)
class GeneBook:
    """Favourite genes, named sets of genes, and which figures are hidden.

    Attributes
    ----------
    favourites
        Names of genes, and of signatures with their sign.
    signatures
        Genes of each set by its name, without the sign.
    hidden
        Names of the figures that the person does not want to see; None where nothing was chosen.
    """

    favourites: frozenset[str] = frozenset()
    signatures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: tuple[str, ...] | None = None

    def with_favourite(self, name: str, kept: bool) -> "GeneBook":
        """Return the book with a gene among the favourites, or not."""
        return replace(self, favourites=self.favourites | {name} if kept else self.favourites - {name})

    def with_signature(self, name: str, genes: Sequence[str]) -> "GeneBook":
        """Return the book with a signature; one of the same name is replaced.

        Raises
        ------
        InputError
            When it has no name or no genes.
        """
        name = signature_name(name)
        if not name:
            raise InputError("A signature needs a name, such as 'Proliferation': type one.")
        distinct = tuple(dict.fromkeys(genes))
        if not distinct:
            raise InputError(f"Signature {name!r} has no genes: filter the list, or paste gene names, first.")
        return replace(self, signatures={**self.signatures, name: distinct})

    def without_signature(self, name: str) -> "GeneBook":
        """Return the book without a signature, which is then no favourite either."""
        left = {key: genes for key, genes in self.signatures.items() if key != name}
        return replace(self, signatures=left, favourites=self.favourites - {SIGN + name})


def signature_name(text: str) -> str:
    """Return the name that a signature is kept under: one line, without the sign."""
    return one_line(text).removeprefix(SIGN.strip()).strip()


def read_gene_book(path: Path) -> GeneBook:
    """Return the book of a file, an empty one where there is none.

    Raises
    ------
    InputError
        When the file can not be read.
    """
    try:
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        signatures = {str(name): tuple(map(str, genes)) for name, genes in stored["signatures"].items()}
        hidden = None if stored["hidden"] is None else tuple(map(str, stored["hidden"]))
        return GeneBook(frozenset(map(str, stored["favourites"])), signatures, hidden)
    except FileNotFoundError:
        return GeneBook()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"Favourite genes and signatures can not be read from {path}: mend the file, or move it away to begin anew."
        ) from error


def write_gene_book(path: Path, book: GeneBook) -> None:
    """Write a book.

    Raises
    ------
    InputError
        When the file can not be written.
    """
    stored = {
        "favourites": sorted(book.favourites),
        "signatures": {name: list(genes) for name, genes in book.signatures.items()},
        "hidden": None if book.hidden is None else list(book.hidden),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent} can not be made: {error.strerror or error}; free its name.") from error
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(stored, ensure_ascii=False, indent=1), encoding="utf-8")
