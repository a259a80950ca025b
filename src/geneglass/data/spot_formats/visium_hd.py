"""Visium HD as Space Ranger writes it: one folder for each bin size in `binned_outputs`."""

from dataclasses import replace
from pathlib import Path

from geneglass.data.space_ranger import read_space_ranger
from geneglass.data.space_ranger_bins import bin_folder, bins_below, in_bins
from geneglass.data.space_ranger_files import find_files
from geneglass.data.spot_formats import SPOT_FORMATS, SpotFormat
from geneglass.data.spots import Spots
from geneglass.errors import InputError

DEFAULT_BIN_UM = 8


def open_visium_hd(path: Path, positions: Path | None = None) -> Spots:
    """Read the bins on tissue of one size, with the previews and the pixel size that the files state.

    Parameters
    ----------
    path
        A folder of bins (`square_016um`) or one of its files: these bins are read. Or `outs`, the folder above
        it, or `binned_outputs`: bins of 8 um are read (where there are none, the next larger), and the
        warnings name the others.
    positions
        Positions of the bins that lie elsewhere.

    Raises
    ------
    InputError
        When counts or positions are missing, damaged, or not of one section.
    """
    if bin_folder(path) is not None:
        return read_space_ranger(find_files(path, positions))
    bins = bins_below(path)
    if not bins:
        raise InputError(
            f"{path} has no bins of Visium HD (square_008um); give `outs` or a folder in `binned_outputs`."
        )
    taken = min(bins, key=lambda edge_um: (edge_um < DEFAULT_BIN_UM, abs(edge_um - DEFAULT_BIN_UM)))
    spots = read_space_ranger(find_files(bins[taken], positions))
    others = [edge_um for edge_um in bins if edge_um != taken]
    if not others:
        return spots
    sizes, names = (" and ".join(map(str, items)) for items in (others, [bins[edge_um].name for edge_um in others]))
    told = (
        f"Bins of {taken} um were read; bins of {sizes} um lie beside them: open {names} in {bins[taken].parent.name}."
    )
    return replace(spots, warnings=(told, *spots.warnings))


SPOT_FORMATS.register("Visium HD")(
    SpotFormat(
        suffixes=(),
        open=open_visium_hd,
        is_folder=in_bins,
        is_file=lambda path: bin_folder(path) is not None,
        tried_on_real_file=False,
    )
)
