"""Genes looked for by name: parts of names, wildcards, and lists as they stand in a paper."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import translate

import numpy as np
from numpy.typing import NDArray

_SEPARATORS = re.compile(r"[,;\n\r\t\u2028\u2029]+")
_HYPHENS = re.compile("[\u2010\u2011\u2012\u2013\u2212]")
_ROUND_A_NAME = " \"'\u201c\u201d\u2018\u2019()[].:\u2022"
_JOINING = ("AND ", "OR ", "& ")
LEAST_LIST = 2
"""Words of which so many are whole names of genes are a list, also without commas."""


@dataclass(frozen=True)
class GeneQuery:
    """What is looked for; get it with `read_query`.

    Attributes
    ----------
    words
        In capitals: a gene matches when its name has every one of them, as a part or as a pattern with * and ?.
    items
        In capitals: of a list; a gene matches when its name is one of them, or fits one with * or ?.
    """

    words: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether anything is looked for."""
        return bool(self.words or self.items)

    def matches(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return (n,) which names, given in capitals, are looked for."""
        if self.items:
            plain = {item for item in self.items if not _is_pattern(item)}
            fits = _any_of([item for item in self.items if _is_pattern(item)])
            return np.fromiter((name in plain or fits(name) for name in names), bool, len(names))
        found = np.ones(len(names), bool)
        for word in self.words:
            found &= _with_word(word, names)
        return found

    def begins(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return (n,) which names begin with the first word: those come first."""
        first = self.words[0] if self.words and not _is_pattern(self.words[0]) else ""
        return np.fromiter((name.startswith(first) for name in names), bool, len(names))

    def absent(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the items of a list that no name, given in capitals, stands for."""
        there = set(names)
        patterns = {item: _any_of([item]) for item in self.items if _is_pattern(item)}
        return tuple(
            item
            for item in self.items
            if (item not in there if item not in patterns else not any(map(patterns[item], names)))
        )


def read_query(text: str, names: Sequence[str]) -> GeneQuery:
    """Return what a text looks for.

    Parts with commas, semicolons, tabs or line breaks between them are a list. So are words with blanks between
    them of which two or more are whole names. Else every word must be in a name. Capitals do not matter.

    Parameters
    ----------
    text
        As typed or pasted.
    names
        The genes that there are, in capitals.
    """
    plain = _HYPHENS.sub("-", text.upper())
    if _SEPARATORS.search(plain.strip()):
        return GeneQuery(items=_distinct([_bare(part) for part in _SEPARATORS.split(plain)]))
    words = plain.split()
    if len(words) >= LEAST_LIST and len(set(words) & set(names)) >= LEAST_LIST:
        return GeneQuery(items=_distinct([_bare(word) for word in words]))
    return GeneQuery(words=tuple(words))


def _bare(part: str) -> str:
    """Return a part of a list without what surrounds a name in a sentence."""
    part = part.strip(_ROUND_A_NAME)
    for word in _JOINING:
        part = part.removeprefix(word)
    return part.strip(_ROUND_A_NAME)


def _distinct(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in parts if part))


def _is_pattern(word: str) -> bool:
    return "*" in word or "?" in word


def _with_word(word: str, names: Sequence[str]) -> NDArray[np.bool_]:
    if _is_pattern(word):
        return np.fromiter(map(_any_of([word]), names), bool, len(names))
    return np.fromiter((word in name for name in names), bool, len(names))


def _any_of(patterns: Sequence[str]) -> Callable[[str], bool]:
    compiled = [re.compile(translate(pattern)).match for pattern in patterns]
    return lambda name: any(fits(name) is not None for fits in compiled)
