"""Plain tables: what their columns may be called, one file or two, and what is told when something is missing."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from geneglass.data.cohort import find_section
from geneglass.data.spot_formats import is_spots, open_spots
from geneglass.errors import InputError

N = 12
COUNTS = np.random.default_rng(4).poisson(3.0, (N, 2))
CENTRES_XY = np.column_stack([np.arange(N) * 20.5 + 3, np.arange(N) % 4 * 31.0])
NAMES = [f"s{i}" for i in range(N)]


def write(path: Path, *columns: tuple[str, object], separator: str = ",") -> Path:
    rows = zip(*(values for _, values in columns), strict=True)  # type: ignore[call-overload]
    lines = [separator.join(name for name, _ in columns), *(separator.join(map(str, row)) for row in rows)]
    text = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


GENES = (("ERBB2", COUNTS[:, 0]), ("KRT8", COUNTS[:, 1]))
XY = (("x", CENTRES_XY[:, 0]), ("y", CENTRES_XY[:, 1]))


@pytest.mark.parametrize(("ending", "separator"), [(".csv", ","), (".csv", ";"), (".csv.gz", "\t"), (".tsv", "\t")])
def test_centres_and_counts_of_one_file(tmp_path: Path, ending: str, separator: str) -> None:
    path = write(tmp_path / f"a{ending}", ("Barcode", NAMES), *XY, *GENES, separator=separator)
    assert is_spots(path)
    spots = open_spots(path)
    np.testing.assert_array_equal(spots.table.X.toarray(), COUNTS)
    np.testing.assert_array_equal(spots.table.obsm["spatial"], CENTRES_XY)
    assert list(spots.table.obs_names) == NAMES
    assert list(spots.table.var_names) == ["ERBB2", "KRT8"]
    assert spots.platform is None
    assert spots.warnings == ()


def test_between_semicolons_a_comma_is_the_point(tmp_path: Path) -> None:
    xy = [(name, [str(value).replace(".", ",") for value in values]) for name, values in XY]
    spots = open_spots(write(tmp_path / "a.csv", *xy, *GENES, separator=";"))
    np.testing.assert_array_equal(spots.table.obsm["spatial"], CENTRES_XY)
    assert list(spots.table.obs_names[:2]) == ["spot1", "spot2"]


@pytest.mark.parametrize("pair", [("pixel_x", "pixel_y"), ("X_pixel", "Y_pixel"), ("x_px", "y_px"), ("X", "Y")])
def test_centres_have_several_names(tmp_path: Path, pair: tuple[str, str]) -> None:
    xy = [(name, values) for name, (_, values) in zip(pair, XY, strict=True)]
    spots = open_spots(write(tmp_path / "a.csv", *GENES, *xy))
    np.testing.assert_array_equal(spots.table.obsm["spatial"], CENTRES_XY)


def test_beside_pixels_x_and_y_are_array_positions(tmp_path: Path) -> None:
    array = (("x", np.arange(N)), ("y", np.arange(N) % 3))
    pixels = (("pixel_x", CENTRES_XY[:, 0]), ("pixel_y", CENTRES_XY[:, 1]))
    labels = ("annotation", ["fat"] * 5 + [""] * (N - 5))
    spots = open_spots(write(tmp_path / "a.csv", ("spot", NAMES), *array, *pixels, labels, *GENES))
    np.testing.assert_array_equal(spots.table.obsm["spatial"], CENTRES_XY)
    np.testing.assert_array_equal(spots.table.obs["array_col"], np.arange(N))
    np.testing.assert_array_equal(spots.table.obs["array_row"], np.arange(N) % 3)
    assert list(spots.table.obs["label"].dropna()) == ["fat"] * 5


def test_counts_and_positions_in_two_files(tmp_path: Path) -> None:
    counts = write(tmp_path / "counts.csv", ("", NAMES), *GENES)
    back = [(name, values[::-1]) for name, values in (("barcode", NAMES), *XY)]
    positions = write(tmp_path / "positions.csv", *back, ("in_tissue", [1] * (N - 1) + [0]))
    spots = open_spots(counts, positions)
    assert list(spots.table.obs_names) == NAMES[1:]
    np.testing.assert_array_equal(spots.table.X.toarray(), COUNTS[1:])
    np.testing.assert_array_equal(spots.table.obsm["spatial"], CENTRES_XY[1:])
    assert spots.warnings == ("1 of 12 spots lie off the tissue by positions.csv and were left out.",)


def test_spots_without_a_position_are_told(tmp_path: Path) -> None:
    counts = write(tmp_path / "counts.csv", ("spot", NAMES), *GENES)
    positions = write(tmp_path / "p.csv", *((name, list(values)[:-2]) for name, values in (("spot", NAMES), *XY)))
    spots = open_spots(counts, positions)
    assert spots.table.n_obs == N - 2
    assert spots.warnings == ("Left out, having no position in p.csv: 2 spots (s10, s11).",)
    other = write(tmp_path / "q.csv", ("spot", [f"t{i}" for i in range(N)]), *XY)
    with pytest.raises(InputError, match="Only 0 of the 12 spots"):
        open_spots(counts, other)
    twice = write(tmp_path / "r.csv", ("spot", ["s1", *NAMES[1:]]), *XY)
    with pytest.raises(InputError, match=r"more than one row for 1 spot \(s1\)"):
        open_spots(counts, twice)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "spot,ERBB2\na,1\n",
            r"a\.csv has no columns x and y .* in its header line \(spot, ERBB2\); add them, or give",
        ),
        ("spot,x,y\na,1,2\n", "no column of counts"),
        ("x,y,A\n1,2,3\n1,b,3\n", "line 3: 'b' in column y is no number"),
        ("x,y,A\n1,2,3\n1,2,many\n", "line 3: 'many' in column A is no number; give whole numbers"),
        ("x,y,A,kind\n1,2,3,a\n1,2,many,b\n", "line 2: 'a' in column kind is no number; .* take the column out"),
        ("x,y,A\n1,2,3\n1,2\n", "not finite .*spot2, gene A"),
        ("x,y,A\n1,2,3\n1,2,3,4\n", "a.csv"),
        ("x,y,A\n1,2\n", "line 2: 2 values where the header line has 3"),
        ("x,y,A\n", "no row below its header line"),
        ("spot,x,y,A\n,2,3,4\n", "line 2: the spot has no name"),
        ("x,y,A\n1,,3\n", "no finite position for 1 spot"),
        ("x;y;A;in_tissue\n;1;3;\n;2;3;\n", "no finite position for 2 spots"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        open_spots(path)


def test_files_without_names_can_not_be_joined(tmp_path: Path) -> None:
    counts, named = write(tmp_path / "c.csv", *GENES), write(tmp_path / "n.csv", ("spot", NAMES), *GENES)
    positions = write(tmp_path / "p.csv", *XY)
    with pytest.raises(InputError, match="does not name its spots"):
        open_spots(counts, positions)
    with pytest.raises(InputError, match=r"p\.csv does not name its spots"):
        open_spots(named, positions)
    with pytest.raises(InputError, match=r"n\.csv has no columns x and y"):
        open_spots(named, named)


@pytest.mark.parametrize(
    "text",
    [
        "barcode,Graph-based\nAAAC,Cluster 1\n",
        "x,y,label\n1,2,fat\n",
        "barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres\nAAAC,1,2,3,4,5\n",
        "x,y,area\n1,2,33.5\n",
        "gene,r\nERBB2,0.4\n",
        "",
    ],
)
def test_other_tables_in_a_folder_are_left_alone(tmp_path: Path, text: str) -> None:
    other = tmp_path / "b.csv"
    other.write_text(text)
    path = write(tmp_path / "a.csv", ("spot", NAMES), *XY, *GENES)
    assert not is_spots(other)
    assert find_section(tmp_path).spots == path
    assert find_section(other).spots == other


@pytest.mark.parametrize(
    "column",
    [
        "cluster",
        "n_counts",
        "Total_Counts",
        "n_genes",
        "n_genes_by_counts",
        "leiden",
        "louvain_0.5",
        "z",
        "sample",
        "pct_counts_mt",
        "area",
        "log1p_total_counts",
        "nCount_Spatial",
        "percent.mt",
        "UMAP_1",
    ],
)
def test_bookkeeping_is_no_gene(tmp_path: Path, column: str) -> None:
    path = write(tmp_path / "a.csv", ("spot", NAMES), *XY, (column, np.arange(N) + 0.5), *GENES)
    assert is_spots(path)
    spots = open_spots(path)
    assert list(spots.table.var_names) == ["ERBB2", "KRT8"]
    np.testing.assert_array_equal(spots.table.X.toarray(), COUNTS)
    assert spots.warnings == (f"Left out, being no gene by its name: 1 column ({column}).",)


def test_bookkeeping_in_words_is_left_out_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", *XY, ("sample", ["A1"] * N), ("leiden", ["3"] * N), *GENES)
    spots = open_spots(path)
    assert list(spots.table.var_names) == ["ERBB2", "KRT8"]
    assert spots.warnings == ("Left out, being no genes by their names: 2 columns (sample, leiden).",)


def test_a_column_of_sums_is_no_gene(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", *XY, ("depth", COUNTS.sum(axis=1)), *GENES)
    spots = open_spots(path)
    assert list(spots.table.var_names) == ["ERBB2", "KRT8"]
    np.testing.assert_array_equal(spots.table.X.toarray(), COUNTS)
    assert spots.warnings == ("Left out, holding the sum of all others in every spot: 1 column (depth).",)


def test_two_equal_genes_are_no_sums(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", *XY, ("A", COUNTS[:, 0]), ("B", COUNTS[:, 0]))
    assert list(open_spots(path).table.var_names) == ["A", "B"]


@pytest.mark.parametrize(("on", "off"), [("1", "0"), ("True", "False")])
def test_spots_off_the_tissue_are_left_out(tmp_path: Path, on: str, off: str) -> None:
    path = write(tmp_path / "a.csv", ("spot", NAMES), *XY, ("in_tissue", [on] * (N - 2) + [off] * 2), *GENES)
    spots = open_spots(path)
    assert list(spots.table.obs_names) == NAMES[:-2]
    assert spots.warnings == ("2 of 12 spots lie off the tissue by a.csv and were left out.",)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_words_are_read_as_excel_writes_them(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "a.csv", ("spot", NAMES), *XY, ("label", ["Drüse"] * N), *GENES)
    path.write_bytes(path.read_text().encode(encoding))
    spots = open_spots(path)
    assert set(spots.table.obs["label"]) == {"Drüse"}
    np.testing.assert_array_equal(spots.table.X.toarray(), COUNTS)


def test_a_gene_with_a_flipped_bit_is_not_renamed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ("spot", NAMES), *XY, *GENES)
    path.write_bytes(path.read_bytes().replace(b"KRT8", b"K\xd2T8"))
    with pytest.raises(InputError, match="not a text file"):
        open_spots(path)
