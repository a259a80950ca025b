"""Prediction files: known by what they say about themselves, read, and matched with their section."""

from pathlib import Path
from typing import TYPE_CHECKING

from geneglass.data.section import Section
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


def require_same_section(prediction: "AnnData", section: Section) -> None:
    """Check that a prediction is of this section: by the slide's digest, else by its file name, else by spot names.

    Raises
    ------
    InputError
        When it is of another one.
    """
    stated = dict(prediction.uns.get("geneglass", {}))
    same_slide = section.slide is not None and (
        stated.get("slide_hash") == section.slide.content_hash()
        if stated.get("slide_hash")
        else stated.get("slide") == section.slide.path.name
    )
    if not (same_slide or (not stated.get("slide_hash") and _shares_spots(prediction, section))):
        raise InputError(
            f"The prediction is of section {stated.get('section', 'unknown')!r}, not of {section.name!r}: "
            "open the section it was made for."
        )


def _shares_spots(prediction: "AnnData", section: Section) -> bool:
    return section.spots is not None and bool(prediction.obs_names.isin(section.spots.table.obs_names).any())
