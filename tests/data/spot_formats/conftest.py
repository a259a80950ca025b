"""Tables that several formats are tried on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse


@pytest.fixture
def visium() -> Callable[..., AnnData]:
    """Return a maker of counts on a hexagonal array, turned by 10 degrees."""
    return make_visium


def make_visium(pitch: float = 137.0, rows: int = 6, columns: int = 5) -> AnnData:
    """Return 30 spots x 7 genes with array positions and centres."""
    rng = np.random.default_rng(1)
    row, column = np.array([(r, 2 * c + r % 2) for r in range(rows) for c in range(columns)]).T
    counts = rng.poisson(3.0, (len(row), 7)).astype(np.float32)
    names = ["".join(rng.choice(list("ACGT"), 16)) + "-1" for _ in row]
    table = AnnData(sparse.csr_matrix(counts), obs=pd.DataFrame({"array_row": row, "array_col": column}, index=names))
    table.var_names = [f"G{i}" for i in range(7)]
    x, y = column * pitch / 2, row * pitch * np.sqrt(3) / 2
    c, s = np.cos(np.radians(10)), np.sin(np.radians(10))
    table.obsm["spatial"] = np.stack([c * x - s * y + 900, s * x + c * y + 40], axis=1)
    return table


@pytest.fixture
def written(tmp_path: Path) -> Callable[[AnnData], Path]:
    """Return what writes a table as `table.h5ad`."""

    def write(table: AnnData) -> Path:
        table.write_h5ad(tmp_path / "table.h5ad")
        return tmp_path / "table.h5ad"

    return write
