"""What every spot format promises, whoever wrote it."""

import gzip
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from shapely import Point

from geneglass.data.spot_formats import SPOT_FORMATS, is_spots, open_spots
from geneglass.errors import InputError
from space_ranger_writer import write_positions, write_space_ranger
from spatialdata_writer import IDENTITY, to_system, write_shapes, write_store, write_table

SPOTS_YX = [(row, column) for row in range(5) for column in range(4)]
NAMES = [f"{column}x{row}" for row, column in SPOTS_YX]
CENTRES_XY = np.array([(column * 31.5 + 7, row * 31.5 + 90) for row, column in SPOTS_YX])
GENES = ["ERBB2", "MT-CO1", "HLA-A"]
ORDER = np.random.default_rng(8).permutation(len(NAMES))
"""The file's order of spots differs from that of the positions."""

Maker = Callable[[Path, np.ndarray, list[str]], Path]


def make_legacy_st(folder: Path, counts: np.ndarray, genes: list[str]) -> Path:
    rows = [f"{NAMES[i]}\t" + "\t".join(f"{value:g}" for value in counts[i]) for i in ORDER]
    text = "\t".join(["", *genes]) + "\n" + "".join(f"{row}\n" for row in rows)
    (folder / "s.tsv.gz").write_bytes(gzip.compress(text.encode()))
    places = zip(SPOTS_YX, CENTRES_XY, strict=True)
    lines = [f"{column}\t{row}\t{x}\t{y}" for (row, column), (x, y) in places]
    (folder / "s_selection.tsv").write_text("x\ty\tpixel_x\tpixel_y\n" + "\n".join(lines) + "\n")
    return folder / "s.tsv.gz"


def anndata_of(counts: np.ndarray, genes: list[str]) -> AnnData:
    row, column = np.array(SPOTS_YX).T
    obs = pd.DataFrame({"array_row": row, "array_col": column}, index=NAMES).iloc[ORDER]
    table = AnnData(counts[ORDER], obs=obs, obsm={"spatial": CENTRES_XY[ORDER]})
    table.var_names = genes
    return table


def make_h5ad(folder: Path, counts: np.ndarray, genes: list[str]) -> Path:
    anndata_of(counts, genes).write_h5ad(folder / "s.h5ad")
    return folder / "s.h5ad"


def make_anndata_zarr(folder: Path, counts: np.ndarray, genes: list[str]) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        anndata_of(counts, genes).write_zarr(folder / "s.zarr")
    return folder / "s.zarr"


def make_csv(folder: Path, counts: np.ndarray, genes: list[str]) -> Path:
    lines = [",".join(["spot", "x", "y", "array_row", "array_col", *genes])]
    for i in ORDER:
        (row, column), (x, y) = SPOTS_YX[i], CENTRES_XY[i]
        lines.append(",".join(map(str, [NAMES[i], x, y, row, column, *(f"{value:g}" for value in counts[i])])))
    (folder / "s.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return folder / "s.csv.gz"


def make_spatialdata(folder: Path, counts: np.ndarray, genes: list[str]) -> Path:
    store, table = write_store(folder / "s.zarr"), anndata_of(counts, genes)
    table.obs["spot_id"] = ORDER
    points = [Point(xy) for xy in CENTRES_XY]
    write_shapes(store, "spots", points, range(len(points)), [to_system("global", "xy", IDENTITY)])
    write_table(store, "table", table, "spots")
    return store


def make_space_ranger(folder: Path, counts: np.ndarray, genes: list[str]) -> Path:
    write_space_ranger(folder / "outs", counts[ORDER], genes, [NAMES[i] for i in ORDER])
    write_positions(folder / "outs" / "spatial" / "tissue_positions.csv", NAMES, SPOTS_YX, CENTRES_XY)
    return folder / "outs"


def make_visium_hd(folder: Path, counts: np.ndarray, genes: list[str]) -> Path:
    bins = folder / "outs" / "binned_outputs" / "square_008um"
    names = names_of("Visium HD")
    write_space_ranger(bins, counts[ORDER], genes, [names[i] for i in ORDER], bin_size_um=8.0, microns_per_pixel=0.25)
    write_positions(bins / "spatial" / "tissue_positions.parquet", names, SPOTS_YX, CENTRES_XY)
    return folder / "outs"


MAKERS: dict[str, Maker] = {
    "legacy ST": make_legacy_st,
    "AnnData": make_h5ad,
    "CSV": make_csv,
    "AnnData zarr": make_anndata_zarr,
    "SpatialData": make_spatialdata,
    "Space Ranger": make_space_ranger,
    "Visium HD": make_visium_hd,
}


def names_of(name: str) -> list[str]:
    """Return the spot names that a format allows."""
    return NAMES if name != "Visium HD" else [f"s_008um_{row:05d}_{column:05d}-1" for row, column in SPOTS_YX]


def parts(path: Path) -> list[Path]:
    """Return the files that a table consists of."""
    return [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())


every_format = pytest.mark.parametrize("name", sorted(SPOT_FORMATS))


def counts() -> np.ndarray:
    return np.random.default_rng(2).poisson(4.0, (len(NAMES), len(GENES))).astype(np.float32)


def test_every_format_has_a_maker() -> None:
    assert set(MAKERS) == set(SPOT_FORMATS)


@every_format
def test_a_table_is_known_by_its_path(name: str, tmp_path: Path) -> None:
    path = MAKERS[name](tmp_path, counts(), GENES)
    assert is_spots(path)
    assert not is_spots(tmp_path / "slide.svs")
    assert path.is_dir() or SPOT_FORMATS[name].suffixes


@every_format
def test_suffixes_are_lower_case_with_a_dot(name: str) -> None:
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in SPOT_FORMATS[name].suffixes)


@every_format
def test_counts_names_and_centres_come_back(name: str, tmp_path: Path) -> None:
    given = counts()
    table = open_spots(MAKERS[name](tmp_path, given, GENES)).table
    assert table.X.format == "csr"
    assert table.X.dtype == np.float32
    assert table.obs_names.is_unique
    assert table.var_names.is_unique
    rows = [names_of(name).index(spot) for spot in table.obs_names]
    assert sorted(rows) == list(range(len(NAMES)))
    np.testing.assert_array_equal(table[:, GENES].X.toarray(), given[rows])
    np.testing.assert_allclose(table.obsm["spatial"], CENTRES_XY[rows])
    assert table.obsm["spatial"].dtype == np.float64
    np.testing.assert_array_equal(table.obs[["array_row", "array_col"]], np.array(SPOTS_YX)[rows])


@every_format
@pytest.mark.parametrize(("value", "what"), [(-1, "negative"), (np.nan, "not finite|no number"), (2.5, "not whole")])
def test_what_is_no_count_is_refused(name: str, value: float, what: str, tmp_path: Path) -> None:
    wrong = counts()
    wrong[7, 1] = value
    with pytest.raises(InputError, match=f"(?s)({what}).*spot {names_of(name)[7]}, gene MT-CO1"):
        open_spots(MAKERS[name](tmp_path, wrong, GENES))


@every_format
@pytest.mark.filterwarnings("ignore:.*names are not unique:UserWarning")
def test_genes_of_one_name_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1 gene \(A\) more than once"):
        open_spots(MAKERS[name](tmp_path, counts(), ["A", "B", "A"]))


@every_format
def test_nothing_counted_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="every value is 0"):
        open_spots(MAKERS[name](tmp_path, np.zeros_like(counts()), GENES))


def refused_or_unharmed(name: str, path: Path, damaged: Path) -> None:
    """A file that can not be read is refused in one sentence; a folder may hold files that its table does not need."""
    said = ""
    try:
        table = open_spots(path).table
    except InputError as error:
        said = str(error)
    if said:
        assert path.name in said or damaged.name in said
        assert "\n" not in said
        return
    assert damaged != path, f"{name} opens {path.name} with damage"
    rows = [names_of(name).index(spot) for spot in table.obs_names]
    assert sorted(rows) == list(range(len(NAMES))), damaged
    np.testing.assert_array_equal(table[:, GENES].X.toarray(), counts()[rows], err_msg=str(damaged))
    np.testing.assert_allclose(table.obsm["spatial"], CENTRES_XY[rows], err_msg=str(damaged))


RUBBISH = [b"", b"not a table", b"\x00\xff\x80" * 99, b"\x1f\x8bbroken", b"\x89HDF\r\n\x1a\n"]
SHARES = [0.2, 0.6, 0.95]


@every_format
@pytest.mark.parametrize("number", range(len(RUBBISH)))
def test_rubbish_ends_in_one_sentence(name: str, number: int, tmp_path: Path) -> None:
    path = MAKERS[name](tmp_path, counts(), GENES)
    for file in parts(path)[number :: len(RUBBISH) if path.is_dir() else 1]:
        whole = file.read_bytes()
        file.write_bytes(RUBBISH[number])
        refused_or_unharmed(name, path, file)
        file.write_bytes(whole)


@every_format
@pytest.mark.parametrize("number", range(len(SHARES)))
def test_a_file_cut_short_is_refused(name: str, number: int, tmp_path: Path) -> None:
    path = MAKERS[name](tmp_path, counts(), GENES)
    for file in parts(path)[number :: len(SHARES) if path.is_dir() else 1]:
        whole = file.read_bytes()
        file.write_bytes(whole[: int(SHARES[number] * len(whole))])
        refused_or_unharmed(name, path, file)
        file.write_bytes(whole)


@every_format
def test_what_may_not_be_read_ends_in_one_sentence(name: str, tmp_path: Path) -> None:
    path = MAKERS[name](tmp_path, counts(), GENES)
    for part in parts(path):
        whole = part.read_bytes()
        part.unlink()
        part.symlink_to(part)
        refused_or_unharmed(name, path, part)
        part.unlink()
        part.write_bytes(whole)
