"""Favourite genes and signatures: they join those that the person keeps, of which none is lost or changed."""

from typing import Any

from geneglass.data.gene_book import GeneBook
from geneglass.viewer.kept_genes import kept_genes
from geneglass.viewer.remembered import REMEMBERED, Remembered


def save(_viewer: Any) -> dict[str, Any]:
    """Return favourites and signatures by name."""
    book = kept_genes().book
    signatures = {name: list(genes) for name, genes in book.signatures.items()}
    return {"favourites": sorted(book.favourites), "signatures": signatures}


def restore(_viewer: Any, saved: Any) -> None:
    """Add what is not kept yet; a signature whose name is taken by other genes gets a number behind it."""
    favourites = _names(saved["favourites"])
    signatures = {str(name): _names(genes) for name, genes in saved["signatures"].items()}

    def join(book: GeneBook) -> GeneBook:
        for name in favourites:
            book = book.with_favourite(name, True)
        for name, genes in signatures.items():
            book = book.with_signature(free_name(book, name, genes), genes)
        return book

    kept = kept_genes()
    if join(kept.book) != kept.book:
        kept.change(join)


def free_name(book: GeneBook, name: str, genes: tuple[str, ...]) -> str:
    """Return the name, or the first of "name 2", "name 3", ... that is free or has just these genes."""
    number, free = 1, name
    while book.signatures.get(free, genes) != genes:
        number += 1
        free = f"{name} {number}"
    return free


def _names(saved: Any) -> tuple[str, ...]:
    if not isinstance(saved, list) or not all(isinstance(name, str) for name in saved):
        raise TypeError(f"{saved!r} is no list of genes")
    return tuple(saved)


REMEMBERED.register("genes")(Remembered(save, restore))
