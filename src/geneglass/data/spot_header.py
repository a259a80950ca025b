"""The header line of a plain table of spots: which column holds what."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geneglass.data.bookkeeping import is_bookkeeping
from geneglass.data.labels import LABEL_COLUMNS, NAME_COLUMNS
from geneglass.data.table_file import cells_of, first_lines, separator_of
from geneglass.errors import InputError

POSITIONS = (
    ("pixel_x", "pixel_y"),
    ("x_pixel", "y_pixel"),
    ("pxl_col_in_fullres", "pxl_row_in_fullres"),
    ("x_px", "y_px"),
    ("x", "y"),
)
"""What the centre's column and row in the picture may be called, the first pair that exists is taken."""

_ARRAY = (("array_col", "array_row"), ("x", "y"))
_ON_TISSUE = ("in_tissue", "selected")
_NO_GENES = {"new_x", "new_y", *_ON_TISSUE, *LABEL_COLUMNS, *(name for pair in (*POSITIONS, *_ARRAY) for name in pair)}


@dataclass(frozen=True)
class SpotHeader:
    """Columns of a table by what they hold, as numbers; None or empty where it has none."""

    cells: tuple[str, ...]
    separator: str
    name: int | None
    centre: tuple[int, int] | None
    array: tuple[int, int] | None
    on_tissue: int | None
    label: int | None
    genes: tuple[int, ...]
    bookkeeping: tuple[int, ...]

    @property
    def gene_names(self) -> list[str]:
        """Names of the columns of counts."""
        return [self.cells[column] for column in self.genes]


def read_header(path: Path) -> SpotHeader:
    """Return what the columns of a table of spots hold, by its first two lines.

    Raises
    ------
    InputError
        When the file can not be read or is no table.
    """
    lines = first_lines(path, windows=True, has_header=True)
    separator = separator_of(lines)
    cells, row = cells_of(lines[0], separator), cells_of(lines[1], separator)
    if len(row) == len(cells) + 1:  # R does not name the column of row names
        cells = ["", *cells]
    if len(cells) < 2:
        raise InputError(f"{path} is no table of spots: its first line has no columns separated by comma, ; or tab.")
    if row and len(row) != len(cells):
        raise InputError(f"{path}, line 2: {len(row)} values where the header line has {len(cells)} columns.")
    return _classified(cells, separator)


def _classified(cells: Sequence[str], separator: str) -> SpotHeader:
    lower = [cell.lower() for cell in cells]

    def one(names: Sequence[str]) -> int | None:
        return next((lower.index(name) for name in names if name in lower), None)

    def pair(pairs: Sequence[tuple[str, str]]) -> tuple[int, int] | None:
        return next(((lower.index(x), lower.index(y)) for x, y in pairs if x in lower and y in lower), None)

    name, centre = one(NAME_COLUMNS), pair(POSITIONS)
    array = pair(_ARRAY)
    others = [i for i, cell in enumerate(lower) if i != name and cell not in _NO_GENES]
    bookkeeping = tuple(i for i in others if is_bookkeeping(lower[i]))
    return SpotHeader(
        cells=tuple(cells),
        separator=separator,
        name=name,
        centre=centre,
        array=None if array == centre else array,
        on_tissue=one(_ON_TISSUE),
        label=one(LABEL_COLUMNS),
        genes=tuple(i for i in others if i not in bookkeeping),
        bookkeeping=bookkeeping,
    )
