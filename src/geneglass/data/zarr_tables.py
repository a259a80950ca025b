"""Zarr folders that hold tables, of version 2 or 3: recognised, and looked at before anything is allocated."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geneglass.data.hdf5_file import DAMAGE, SMALL_BYTES, unreadable
from geneglass.errors import InputError

if TYPE_CHECKING:
    import zarr

MAX_RATIO = 10_000
"""zstd packs long runs of one value this tightly; an array said to be larger than that does not exist."""

MAX_CHUNKS = 100_000
"""An array in more pieces would take minutes to read, and none of this kind is written so."""

TABLE_FOLDERS = ("tables", "table")

_ELEMENTS = ("shapes", "images", "labels", "points")

_MARKERS = ("zarr.json", ".zgroup", ".zattrs", ".zmetadata")


def is_anndata_folder(path: Path) -> bool:
    """Return whether a folder has the parts of an AnnData in zarr; it may be a table of a SpatialData store."""
    return (path / "obs").is_dir() and (path / "var").is_dir() and _is_zarr(path)


def is_spatialdata_folder(path: Path) -> bool:
    """Return whether a folder is a SpatialData store with a table."""
    has_table = any((path / name).is_dir() for name in TABLE_FOLDERS)
    return has_table and any((path / name).is_dir() for name in _ELEMENTS) and _is_zarr(path)


def is_in_spatialdata(path: Path) -> bool:
    """Return whether a folder is a part of a SpatialData store, such as `store.zarr/tables/NAME`."""
    return path.parent.name in (*TABLE_FOLDERS, *_ELEMENTS) and is_spatialdata_folder(path.parent.parent)


def _is_zarr(path: Path) -> bool:
    return any((path / name).is_file() for name in _MARKERS)


@contextmanager
def open_zarr(path: Path, kind: str) -> Iterator["zarr.Group"]:
    """Open a zarr folder to read; any failure inside the block that is the folder's is one sentence.

    Parameters
    ----------
    path
        The folder of a group.
    kind
        What it should be, for the message ("an AnnData").

    Raises
    ------
    InputError
        When it is no zarr group, is damaged, or does not hold what the block asks it for.
    """
    import zarr

    try:
        with warnings.catch_warnings():
            # What zarr does not know in a folder (.DS_Store) is not ours to tell.
            warnings.filterwarnings("ignore", module="zarr")
            warnings.filterwarnings("ignore", category=UserWarning)
            # Every array is looked at where it lies: a summary of them all may be older.
            yield zarr.open_group(str(path), mode="r", use_consolidated=False)
    except InputError:
        raise
    except DAMAGE as error:
        raise unreadable(path, kind, error) from None


def check_stored(node: Any) -> None:
    """Refuse arrays that state a size which their files can not hold, or lack a file that they must have.

    In zarr a missing file means zeros. Writers leave out files of nothing but zeros, but positions and the parts
    of a sparse matrix have none: there a missing file is a folder that was not copied whole.

    Parameters
    ----------
    node
        The `zarr.Group` or `zarr.Array` that will be read; everything in it is looked at.

    Raises
    ------
    ValueError
        When an array or one of its chunks is larger than its stored bytes could unpack to, or has too many chunks,
        or when positions or a sparse matrix are incomplete.
    """
    import zarr

    if isinstance(node, zarr.Array):
        _check_size(node)
        if node.path.startswith("obsm/"):
            _check_complete(node)
        return
    for _, inner in node.members():
        check_stored(inner)
    if str(node.attrs.get("encoding-type")) in ("csr_matrix", "csc_matrix") and 1 not in _shape(node):
        for name in ("data", "indices", "indptr"):
            _check_complete(node[name])


def _shape(node: Any) -> list[int]:
    return [int(length) for length in node.attrs.get("shape", ())]


def _check_complete(array: "zarr.Array[Any]") -> None:
    if array.size and array.shards is None and array.nchunks_initialized < array.nchunks:
        raise ValueError(f"{array.path} has {array.nchunks_initialized} of its {array.nchunks} files")


def _check_size(array: "zarr.Array[Any]") -> None:
    itemsize = max(int(getattr(array.dtype, "itemsize", 16)), 1)
    pieces = array.shards or array.chunks
    wanted = itemsize * max(math.prod(array.shape), math.prod(pieces), math.prod(array.chunks))
    if wanted > SMALL_BYTES and wanted > MAX_RATIO * array.nbytes_stored():
        raise ValueError(f"{array.path} states {wanted:,} bytes, more than its files can hold")
    count = math.prod(math.ceil(length / max(piece, 1)) for length, piece in zip(array.shape, pieces, strict=True))
    if count > MAX_CHUNKS:
        raise ValueError(f"{array.path} states {count:,} chunks, more than {MAX_CHUNKS:,}")
