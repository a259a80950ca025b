"""Visium as Space Ranger writes it: the folder `outs` of every generation, CytAssist included.

The pictures in it are previews (hires, lowres). The full-resolution picture is never in `outs`: it is what
Space Ranger was given, and can be named as the section's slide. The instrument's own picture
(cytassist_image.tiff) may show labels and is never taken.
"""

from pathlib import Path

from geneglass.data.space_ranger import read_space_ranger
from geneglass.data.space_ranger_bins import in_bins
from geneglass.data.space_ranger_files import find_files, home_of, is_part
from geneglass.data.spot_formats import SPOT_FORMATS, SpotFormat
from geneglass.data.spots import Spots


def open_space_ranger(path: Path, positions: Path | None = None) -> Spots:
    """Read the spots on tissue of a Visium section, with its previews.

    Parameters
    ----------
    path
        The folder `outs` (its name does not matter), the folder above it, or one of its files.
    positions
        Spot positions that lie elsewhere.

    Raises
    ------
    InputError
        When counts or positions are missing, damaged, or not of one section.
    """
    return read_space_ranger(find_files(path, positions))


def _is_folder(path: Path) -> bool:
    return home_of(path) is not None and not in_bins(path)


def _is_file(path: Path) -> bool:
    return is_part(path) and not in_bins(path)


SPOT_FORMATS.register("Space Ranger")(
    SpotFormat(
        suffixes=(".h5",),
        open=open_space_ranger,
        companions=(
            "*molecule_info.h5",
            "*probe_bc_matrix.h5",
            "*feature_slice.h5",
            "*features.tsv*",
            "*genes.tsv*",
            "*barcodes.tsv*",
        ),
        is_folder=_is_folder,
        is_file=_is_file,
    )
)
