"""Genes looked for by parts of names, wildcards and pasted lists."""

import numpy as np
import pytest

from geneglass.data.gene_query import read_query

NAMES = ("ACTB", "AERB1", "ERBB2", "HLA-DRA", "KRT18", "KRT8", "MKRT1", "MUC1")


def found(text: str) -> list[str]:
    return list(np.array(NAMES)[read_query(text, NAMES).matches(NAMES)])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", list(NAMES)),
        ("erb", ["AERB1", "ERBB2"]),
        ("b 2", ["ERBB2"]),
        ("KRT*", ["KRT18", "KRT8"]),
        ("krt?", ["KRT8"]),
        ("*RB* 2", ["ERBB2"]),
        ("k*8 18", ["KRT18"]),
        ("krt8, MUC1", ["KRT8", "MUC1"]),
        ("muc1;\nkrt8\n", ["KRT8", "MUC1"]),
        ("KRT*, actb", ["ACTB", "KRT18", "KRT8"]),
        ("muc1 krt8", ["KRT8", "MUC1"]),
        ("‘MUC1’, (KRT8), and HLA‑DRA.", ["HLA-DRA", "KRT8", "MUC1"]),
    ],
)
def test_what_a_text_finds(text: str, names: list[str]) -> None:
    assert found(text) == names


def test_names_that_are_not_there_are_told() -> None:
    query = read_query("KRT8, FOO1, krt*, BAR*, foo1", NAMES)
    assert query.absent(NAMES) == ("FOO1", "BAR*")
    assert read_query("foo", NAMES).absent(NAMES) == ()


def test_names_that_begin_with_the_word_are_known() -> None:
    assert list(np.array(NAMES)[read_query("krt", NAMES).begins(NAMES)]) == ["KRT18", "KRT8"]
