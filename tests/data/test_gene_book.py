"""Favourites and signatures are kept between sessions."""

from pathlib import Path

import pytest

from geneglass.data.gene_book import SIGN, GeneBook, read_gene_book, write_gene_book
from geneglass.errors import InputError


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    book = (
        GeneBook(hidden=("mean",)).with_favourite("ERBB2", True).with_signature(" Σ Cell  cycle ", ["MKI67", "MKI67"])
    )
    write_gene_book(tmp_path / "new" / "genes.json", book)
    assert read_gene_book(tmp_path / "new" / "genes.json") == book
    assert book.signatures == {"Cell cycle": ("MKI67",)}
    assert read_gene_book(tmp_path / "none.json") == GeneBook()


def test_a_signature_goes_with_its_star() -> None:
    book = GeneBook().with_signature("Keratins", ["KRT8"]).with_favourite(SIGN + "Keratins", True)
    assert book.without_signature("Keratins") == GeneBook()


@pytest.mark.parametrize(("name", "genes", "what"), [(" ", ["A"], "needs a name"), ("B", [], "has no genes")])
def test_a_signature_needs_name_and_genes(name: str, genes: list[str], what: str) -> None:
    with pytest.raises(InputError, match=what):
        GeneBook().with_signature(name, genes)


@pytest.mark.parametrize("text", ["{", "[]", '{"favourites": 3}', '{"signatures": []}'])
def test_a_damaged_file_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "genes.json").write_text(text)
    with pytest.raises(InputError, match=r"genes\.json"):
        read_gene_book(tmp_path / "genes.json")
