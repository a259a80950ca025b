"""Prediction files: known by what they say about themselves, and read."""

from pathlib import Path
from typing import TYPE_CHECKING

from geneglass.errors import InputError
from geneglass.workflow.kept_file import remember_file

if TYPE_CHECKING:
    from anndata import AnnData


def is_prediction(path: Path) -> bool:
    """Return whether an h5ad file is a prediction of ours, by what it says about itself."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return "uns/geneglass" in file
    except OSError:
        return False


def read_prediction(path: Path) -> "AnnData":
    """Return a prediction file's table.

    Raises
    ------
    InputError
        When it can not be read, or is no prediction of ours.
    """
    import anndata

    if not path.exists():
        raise InputError(f"No such file: {path}; give a prediction written by geneglass.")
    if not is_prediction(path):
        raise InputError(f"{path.name} is no prediction written by geneglass: open it as spots, or predict again.")
    try:
        return remember_file(anndata.read_h5ad(path), path)
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"The prediction {path.name} is damaged and can not be read: predict again.") from error
