"""Which file a table in memory was written to or read from, so that a saved session can name it."""

from pathlib import Path
from typing import TYPE_CHECKING
from weakref import finalize, ref

if TYPE_CHECKING:
    from anndata import AnnData

_FILES: "dict[int, tuple[ref[AnnData], Path]]" = {}
"""By identity: a table has no hash."""


def remember_file(table: "AnnData", path: Path) -> "AnnData":
    """Remember the file of a table for as long as the table lives, and return the table."""
    if id(table) not in _FILES:
        finalize(table, _FILES.pop, id(table), None)
    _FILES[id(table)] = (ref(table), path.absolute())
    return table


def file_of(table: "AnnData") -> Path | None:
    """Return the file of this very table, while it is there; None for one made or changed in memory."""
    known, path = _FILES.get(id(table), (None, None))
    return path if known is not None and known() is table and path is not None and path.exists() else None
