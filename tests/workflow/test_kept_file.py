"""Tables know their file, as long as both are there."""

import gc
from pathlib import Path

import anndata
import numpy as np

from geneglass.workflow import kept_file
from geneglass.workflow.kept_file import file_of, remember_file


def test_a_table_knows_its_file_and_its_copy_does_not(tmp_path: Path) -> None:
    path = tmp_path / "prediction.h5ad"
    path.write_bytes(b"here")
    table = remember_file(anndata.AnnData(np.ones((3, 2), np.float32)), path)
    assert file_of(table) == path
    assert file_of(table.copy()) is None
    path.unlink()
    assert file_of(table) is None


def test_nothing_is_kept_of_a_table_that_is_gone(tmp_path: Path) -> None:
    table = remember_file(anndata.AnnData(np.ones((3, 2), np.float32)), tmp_path / "prediction.h5ad")
    key = id(table)
    assert key in kept_file._FILES
    del table
    gc.collect()
    assert key not in kept_file._FILES
