"""Favourites and signatures of the person at the window: one book, shared by all windows."""

from collections.abc import Callable
from pathlib import Path

from platformdirs import user_config_path
from psygnal import Signal

from geneglass.data.gene_book import GeneBook, read_gene_book, write_gene_book
from geneglass.errors import InputError


class KeptGenes:
    """The book of one file; get it with `kept_genes`.

    Attributes
    ----------
    book
        What is kept; empty where the file can not be read.
    problem
        Why it can not, one sentence; empty where all is well. Such a file is left as it is.
    """

    changed = Signal()

    def __init__(self, path: Path) -> None:
        self._path = path
        self.problem = ""
        try:
            self.book = read_gene_book(path)
        except InputError as error:
            self.book, self.problem = GeneBook(), str(error)

    def change(self, made: Callable[[GeneBook], GeneBook]) -> None:
        """Keep the book that a function makes of the present one; that of another window is not lost.

        Raises
        ------
        InputError
            When the function refuses, or the file can not be read or written.
        """
        book = made(read_gene_book(self._path))
        write_gene_book(self._path, book)
        self.book, self.problem = book, ""
        self.changed.emit()


_KEPT: dict[Path, KeptGenes] = {}


def kept_genes() -> KeptGenes:
    """Return what the present user keeps, read at the first call."""
    path = user_config_path("geneglass", appauthor=False) / "genes.json"
    if path not in _KEPT:
        _KEPT[path] = KeptGenes(path)
    return _KEPT[path]
