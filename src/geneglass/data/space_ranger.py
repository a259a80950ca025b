"""Spots of one Space Ranger output folder: the matrix and the positions joined on their barcodes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from geneglass.data.array_grid import layout, pitch_px
from geneglass.data.space_ranger_files import SpaceRangerFiles
from geneglass.data.space_ranger_pictures import read_scalefactors, usable_pictures
from geneglass.data.space_ranger_positions import read_positions
from geneglass.data.spots import RawSpots, Spots, checked_spots, some
from geneglass.data.tenx_matrix import read_tenx_matrix
from geneglass.data.types import VISIUM, Platform, visium_hd
from geneglass.errors import InputError

MAX_OFF_TISSUE = 0.2
"""A filtered matrix holds spots on tissue; with a larger share off it, the positions are of another section."""

_HD_BARCODE = re.compile(r"s_\d{3}um_\d{5}_\d{5}(-\d+)?")


def read_space_ranger(files: SpaceRangerFiles) -> Spots:
    """Return the spots on tissue of one section, in the order of the matrix.

    Spots off the tissue are left out, and so are barcodes that stand in only one of the two files; each is
    told. The platform is Visium, or Visium HD where the scale factors name a bin size, and is not known
    where the array positions do not form its grid.

    Raises
    ------
    InputError
        When a file is missing, damaged or of another section.
    """
    scalefactors = {} if files.scalefactors is None else read_scalefactors(files.scalefactors)
    bin_um = scalefactors.get("bin_size_um")
    positions = read_positions(files.positions)
    matrix = read_tenx_matrix(files.counts)
    join = _joined(matrix.barcodes, positions)
    _require_match(files, join, bin_um)
    names, place, counts = join.names, join.place, matrix.counts
    if not join.on_tissue.all():
        place, counts = place[join.on_tissue], counts[join.on_tissue]
        names = [name for name, keep in zip(names, join.on_tissue, strict=True) if keep]
    spots = positions.iloc[place]
    obs = pd.DataFrame(spots[["array_row", "array_col"]].to_numpy(), columns=["array_row", "array_col"], index=names)
    raw = RawSpots(counts, matrix.genes, obs, spots[["x_px", "y_px"]].to_numpy(), matrix.gene_ids)
    told = (*matrix.warnings, *_left_out(files, join))
    checked = checked_spots(raw, None, file=files.counts.name, warnings=told)
    # Bins state their pixel size, and are too many to be fitted; few spots of a Visium show no grid, the array does.
    array = checked.table if bin_um is not None else _whole_array(positions)
    platform, doubts = _platform(array, bin_um)
    pictures, amiss = usable_pictures(files.pictures, scalefactors, files.positions.parent)
    return replace(
        checked,
        platform=platform,
        pictures=pictures,
        mpp=scalefactors.get("microns_per_pixel"),
        pitch_px=pitch_px(array) if platform == VISIUM else None,
        warnings=(*checked.warnings, *doubts, *amiss),
    )


@dataclass(frozen=True)
class _Join:
    """Barcodes of the matrix, each with its row of the positions (-1 where it has none)."""

    names: list[str]
    positions: pd.DataFrame
    place: NDArray[np.intp]
    known: NDArray[np.bool_]
    on_tissue: NDArray[np.bool_]


def _joined(barcodes: Sequence[str], positions: pd.DataFrame) -> _Join:
    names = [str(name) for name in barcodes]
    place: NDArray[np.intp] = positions.index.get_indexer(pd.Index(names, dtype=object))
    known = place >= 0
    return _Join(names, positions, place, known, known & positions["in_tissue"].to_numpy(dtype=bool)[place])


def _require_match(files: SpaceRangerFiles, join: _Join, bin_um: float | None) -> None:
    counts, positions = files.counts, files.positions
    known, on_tissue, total = int(join.known.sum()), int(join.on_tissue.sum()), len(join.names)
    if not total:
        raise InputError(f"{counts} holds an empty matrix: it has no barcode; give a file with counts.")
    if bin_um is not None and not _HD_BARCODE.fullmatch(join.names[0]):
        raise InputError(
            f"{counts} has {total:,} barcodes like {join.names[0][:40]}, of another platform, where bins of Visium HD "
            f"are named like s_{bin_um:03.0f}um_00000_00000-1 ({known:,} of them are in {positions.name}, "
            f"{on_tissue:,} on tissue); give the matrix that belongs to these bins of {bin_um:g} um."
        )
    # The positions are of the whole array: a filtered matrix has no barcode beyond them.
    if known < total and (files.is_filtered or 2 * known < total):
        raise InputError(
            f"Only {known:,} of the {total:,} barcodes of {counts} (like {join.names[0][:40]}) are among the "
            f"{len(join.positions):,} of {positions} (like {str(join.positions.index[0])[:40]}); give the positions of "
            "this section."
        )
    if not on_tissue or (files.is_filtered and known - on_tissue > MAX_OFF_TISSUE * known):
        raise InputError(
            f"{known - on_tissue:,} of the {known:,} spots of {counts} lie off the tissue by {positions}, though such "
            "a matrix holds spots on tissue; give the positions of this section."
        )


def _left_out(files: SpaceRangerFiles, join: _Join) -> tuple[str, ...]:
    counts, positions = files.counts.name, files.positions.name
    told = []
    if files.is_raw:
        told.append(f"The counts are of {counts}, every spot of the array; a filtered matrix was not given.")
    off = int((join.known & ~join.on_tissue).sum())
    if off:
        told.append(f"{off:,} of {len(join.names):,} spots of {counts} lie off the tissue and were left out.")
    if not join.known.all():
        lost = [name for name, known in zip(join.names, join.known, strict=True) if not known]
        told.append(f"Left out, having no position in {positions}: {some(lost, 'spot')} of {counts}.")
    uncounted = int(join.positions["in_tissue"].sum()) - int(join.on_tissue.sum())
    if uncounted:
        told.append(f"{uncounted:,} spots of {positions} are on tissue but have no counts in {counts}.")
    return tuple(told)


def _whole_array(positions: pd.DataFrame) -> AnnData:
    return AnnData(obs=positions, obsm={"spatial": positions[["x_px", "y_px"]].to_numpy()})


def _platform(array: AnnData, bin_um: float | None) -> tuple[Platform | None, tuple[str, ...]]:
    arranged = layout(array)
    platform, due = (VISIUM, "hexagonal") if bin_um is None else (visium_hd(bin_um), "square")
    if arranged in (None, due):
        return platform, ()
    said = f"The array positions form a {arranged} grid, not the {due} one of {platform.name}; its pitch is not known."
    return None, (said,)
