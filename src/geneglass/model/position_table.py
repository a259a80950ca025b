"""A learned row per whole-number coordinate, as mclSTExp and HisCMCL have one for each axis."""

from typing import Any

import torch
from torch import Tensor, nn

TABLE_ROWS = 65_536


class PositionTable(nn.Module):
    """Coordinates -> learned rows.

    The published tables have 65,536 rows each, of which a cohort reads a few dozen; the others only cost time, in
    the optimiser, and space. `keep` leaves out the rows that no training spot has: what is learned by the
    rest is the same, since each row is trained by itself.

    Parameters
    ----------
    dim
        Length of a row.
    """

    codes: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.table = nn.Embedding(TABLE_ROWS, dim)
        self.register_buffer("codes", torch.empty(0, dtype=torch.long))

    def keep(self, codes: Tensor) -> None:
        """Keep the rows of these coordinates and no others."""
        self.codes = torch.unique(codes)
        self.table = _table(self.table.weight.detach()[self.codes].clone())

    def forward(self, codes: Tensor) -> Tensor:
        """Return the (n, dim) rows of (n,) coordinates, each of which must have been kept."""
        found: Tensor = self.table(torch.searchsorted(self.codes, codes.contiguous()) if len(self.codes) else codes)
        return found

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        rows = state_dict[prefix + "table.weight"]
        # As many rows as were saved; an optimiser that holds a table of that size must go on holding it.
        if rows.shape != self.table.weight.shape:
            self.codes = torch.empty_like(state_dict[prefix + "codes"])
            self.table = _table(torch.empty_like(rows))
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _table(rows: Tensor) -> nn.Embedding:
    return nn.Embedding(len(rows), rows.shape[1], _weight=rows)
