"""The legacy ST layout: joined by name, never by order; faults told in one sentence."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from geneglass.data.array_grid import layout, pitch_px
from geneglass.data.spot_formats import is_spots, open_spots
from geneglass.data.types import LEGACY_ST
from geneglass.errors import InputError

PLACES = [(x, y) for x in range(3, 9) for y in range(10, 14)]
"""(array x, array y) of 24 spots."""

GENES = ("ERBB2", "GAPDH", "KRT8")


def write_counts(path: Path, rows: dict[str, list[object]], genes: tuple[str, ...] = GENES) -> Path:
    text = "\t" + "\t".join(genes) + "\n" + "".join(f"{k}\t" + "\t".join(map(str, v)) + "\n" for k, v in rows.items())
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def write_positions(path: Path, places: list[tuple[int, int]], selected: set[tuple[int, int]] | None = None) -> Path:
    lines = ["x\ty\tnew_x\tnew_y\tpixel_x\tpixel_y\tselected"]
    for x, y in places:
        on = 1 if selected is None or (x, y) in selected else 0
        lines.append(f"{x}\t{y}\t{x + 0.04}\t{y - 0.03}\t{100 * x + 7}\t{100 * y + 1}\t{on}")
    path.write_text("\n".join(lines) + "\n")
    return path


def counts_of(x: int, y: int) -> list[object]:
    """Counts that say which spot they belong to."""
    return [x, y, x * y]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rows = {f"{x}x{y}": counts_of(x, y) for x, y in PLACES}
    return write_counts(tmp_path / "T1.tsv.gz", rows), write_positions(tmp_path / "T1_selection.tsv", PLACES)


def test_counts_meet_their_place_whatever_the_order(tmp_path: Path) -> None:
    shuffled = [PLACES[i] for i in np.random.default_rng(3).permutation(len(PLACES))]
    counts = write_counts(tmp_path / "a.tsv", {f"{x}x{y}": counts_of(x, y) for x, y in shuffled})
    spots = open_spots(counts, write_positions(tmp_path / "b.tsv", PLACES))
    x = spots.table.obs["array_col"].to_numpy()
    y = spots.table.obs["array_row"].to_numpy()
    np.testing.assert_array_equal(spots.table.X.toarray(), np.stack([x, y, x * y], axis=1))
    np.testing.assert_array_equal(spots.table.obsm["spatial"], np.stack([100 * x + 7, 100 * y + 1], axis=1))
    assert spots.platform is LEGACY_ST
    assert spots.warnings == ()


def test_positions_are_found_beside_the_counts(files: tuple[Path, Path]) -> None:
    assert open_spots(files[0]).table.n_obs == len(PLACES)


def test_positions_are_found_in_the_her2st_layout(files: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "ST-cnts").mkdir()
    (tmp_path / "ST-spotfiles").mkdir()
    counts = files[0].rename(tmp_path / "ST-cnts" / "T1.tsv.gz")
    files[1].rename(tmp_path / "ST-spotfiles" / "T1_selection.tsv")
    assert open_spots(counts).table.n_obs == len(PLACES)


def test_row_names_with_fractions_are_rounded_to_their_place(tmp_path: Path) -> None:
    counts = write_counts(tmp_path / "a.tsv", {f"{x + 0.02}x{y - 0.01}": counts_of(x, y) for x, y in PLACES})
    spots = open_spots(counts, write_positions(tmp_path / "b.tsv", PLACES))
    np.testing.assert_array_equal(spots.table.obs["array_col"], [x for x, _ in PLACES])


def test_no_spot_file_says_where_it_was_looked_for(files: tuple[Path, Path]) -> None:
    files[1].unlink()
    with pytest.raises(InputError, match=r"No spot file found .*T1_selection\.tsv.*alignment_table_T1\.tsv"):
        open_spots(files[0])


def test_spots_off_tissue_are_left_out_and_told(files: tuple[Path, Path]) -> None:
    write_positions(files[1], PLACES, selected=set(PLACES[:20]))
    spots = open_spots(*files)
    assert list(spots.table.obs_names) == [f"{x}x{y}" for x, y in PLACES[:20]]
    assert spots.warnings == ("4 of 24 spots of T1_selection.tsv lie off the tissue and were left out.",)


def test_no_spot_on_tissue_is_an_error(files: tuple[Path, Path]) -> None:
    write_positions(files[1], PLACES, selected=set())
    with pytest.raises(InputError, match="no spot on tissue"):
        open_spots(*files)


def test_spots_without_counts_are_left_out_by_name(tmp_path: Path) -> None:
    counts = write_counts(tmp_path / "a.tsv", {f"{x}x{y}": counts_of(x, y) for x, y in PLACES[2:]})
    spots = open_spots(counts, write_positions(tmp_path / "b.tsv", PLACES))
    assert spots.table.n_obs == 22
    assert spots.warnings == ("Left out, having no counts: 2 spots (3x10, 3x11) of b.tsv.",)


def test_counts_without_a_position_are_left_out_by_name(tmp_path: Path) -> None:
    rows = {f"{x}x{y}": counts_of(x, y) for x, y in [*PLACES, (60, 60)]}
    spots = open_spots(write_counts(tmp_path / "a.tsv", rows), write_positions(tmp_path / "b.tsv", PLACES))
    assert spots.table.n_obs == 24
    assert spots.warnings == ("Left out, having no position: 1 spot (60x60) of a.tsv.",)


@pytest.mark.parametrize("shift", [2, 100])
def test_counts_of_another_array_are_refused(tmp_path: Path, shift: int) -> None:
    rows = {f"{x + shift}x{y + shift}": counts_of(x, y) for x, y in PLACES}
    counts, positions = write_counts(tmp_path / "a.tsv", rows), write_positions(tmp_path / "b.tsv", PLACES)
    with pytest.raises(InputError, match=r"Only \d+ of the 24 spots of .*a\.tsv are among the 24 of .*b\.tsv"):
        open_spots(counts, positions)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (-1, "negative values .first -1 at spot 5x12, gene GAPDH"),
        ("nan", "not finite .first nan at spot 5x12, gene GAPDH"),
        (1.5, "not whole numbers .first 1.5 at spot 5x12, gene GAPDH"),
        ("1e50", "values above 16,777,216"),
        ("many", "row 5x12: a value is no number"),
        ("", "row 5x12: a value is no number"),
        ("1\t2", "row 5x12: 4 values where 3 stand"),
    ],
)
def test_a_value_that_is_no_count_is_named(files: tuple[Path, Path], value: object, sentence: str) -> None:
    rows = {f"{x}x{y}": counts_of(x, y) for x, y in PLACES}
    rows["5x12"][1] = value
    write_counts(files[0], rows)
    with pytest.raises(InputError, match=sentence):
        open_spots(*files)


def test_genes_of_one_name_are_refused(files: tuple[Path, Path]) -> None:
    write_counts(files[0], {f"{x}x{y}": counts_of(x, y) for x, y in PLACES}, genes=("KRT8", "GAPDH", "KRT8"))
    with pytest.raises(InputError, match=r"1 gene \(KRT8\) more than once"):
        open_spots(*files)


def test_a_place_that_stands_twice_is_refused(files: tuple[Path, Path]) -> None:
    rows = {f"{x}x{y}": counts_of(x, y) for x, y in PLACES}
    write_counts(files[0], {**rows, "3.1x10": [1, 1, 1]})
    with pytest.raises(InputError, match=r"more than one row for 1 spot .3x10"):
        open_spots(*files)
    write_counts(files[0], rows)
    write_positions(files[1], [*PLACES, PLACES[0]])
    with pytest.raises(InputError, match=r"T1_selection.*more than one row for 1 spot .3x10"):
        open_spots(*files)


@pytest.mark.parametrize("text", ["", "\tA\tB\n"])
def test_an_empty_matrix_is_refused(files: tuple[Path, Path], text: str) -> None:
    files[0].write_bytes(gzip.compress(text.encode()))
    with pytest.raises(InputError, match="empty matrix"):
        open_spots(*files)


def test_a_matrix_of_nothing_but_zeros_is_refused(files: tuple[Path, Path]) -> None:
    write_counts(files[0], {f"{x}x{y}": [0, 0, 0] for x, y in PLACES})
    with pytest.raises(InputError, match="every value is 0"):
        open_spots(*files)


def test_a_truncated_file_is_named_as_such(files: tuple[Path, Path]) -> None:
    files[0].write_bytes(files[0].read_bytes()[:-30])
    with pytest.raises(InputError, match="damaged or truncated"):
        open_spots(*files)


def test_binary_rubbish_is_no_text(files: tuple[Path, Path]) -> None:
    files[0].write_bytes(b"\xff\xfe\x00\x80" * 50)
    with pytest.raises(InputError, match="not a text file"):
        open_spots(*files)


def test_another_table_is_not_taken_for_counts(files: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match="goes with a table of counts and is none itself; give the counts"):
        open_spots(files[1], files[1])


def test_a_spot_file_without_pixels_names_the_column(files: tuple[Path, Path]) -> None:
    files[1].write_text("x\ty\tpixel_x\n3\t10\t307\n")
    with pytest.raises(InputError, match=r"no column pixel_y; its header line has: x, y, pixel_x"):
        open_spots(*files)


def test_a_spot_file_with_text_for_a_number_names_the_line(files: tuple[Path, Path]) -> None:
    files[1].write_text(files[1].read_text().replace("307\t1101", "here\t1101"))
    with pytest.raises(InputError, match="line 3: 'here' in column pixel_x is no number"):
        open_spots(*files)


def test_the_pitch_is_found_where_spots_were_moved_by_hand(files: tuple[Path, Path]) -> None:
    table = open_spots(*files).table
    rng = np.random.default_rng(0)
    table.obsm["spatial"] = table.obsm["spatial"] + rng.normal(0, 6, (table.n_obs, 2))
    table.obsm["spatial"][5] += 400
    assert layout(table) == "square"
    assert pitch_px(table) == pytest.approx(100, rel=0.03)


HER2ST = tuple(
    f"{p}{n}" for p, count in zip("ABCDEFGH", (6, 6, 6, 6, 3, 3, 3, 3), strict=True) for n in range(1, count + 1)
)


def test_every_her2st_section_opens_and_joins(shared_data: Path) -> None:
    root = shared_data / "her2st" / "data"
    n_spots, mpp, told = {}, {}, {}
    for name in HER2ST:
        spots = open_spots(root / "ST-cnts" / f"{name}.tsv.gz")
        n_spots[name], told[name] = spots.table.n_obs, spots.warnings
        pitch = pitch_px(spots.table)
        assert pitch is not None
        mpp[name] = LEGACY_ST.pitch_um / pitch
    assert len(n_spots) == 36
    assert sum(n_spots[name] for name in HER2ST if name not in ("A1", "H1", "H2", "H3")) == 11_548
    assert (n_spots["A1"], n_spots["C3"]) == (346, 180)
    assert told["A1"][0] == "Left out, having no counts: 2 spots (17x14, 18x20) of A1_selection.tsv."
    assert told["C3"] == ("Left out, having no counts: 2 spots (13x9, 17x14) of C3_selection.tsv.",)
    assert all(0.91 < mpp[name] < 0.925 for name in HER2ST if name[0] == "A")
    assert all(0.684 < mpp[name] < 0.692 for name in HER2ST if name[0] != "A")


def test_her2st_labels_are_joined_by_place(shared_data: Path) -> None:
    table = open_spots(shared_data / "her2st" / "data" / "ST-cnts" / "A1.tsv.gz").table
    assert table.obs["label"].value_counts()["invasive cancer"] == 282
    # Row "1002x1762" of the label file: x 9.02, y 20.994, invasive cancer.
    assert table.obs.loc["9x21", "label"] == "invasive cancer"


@pytest.mark.parametrize(("name", "n_spots"), [("MOB1", 379), ("MOB2", 407), ("MOB3", 438)])
def test_mob_keeps_the_spots_on_tissue(shared_data: Path, name: str, n_spots: int) -> None:
    spots = open_spots(shared_data / "mob" / f"{name}.tsv.gz")
    assert spots.table.shape == (n_spots, 1000)
    assert layout(spots.table) == "staggered"
    assert not spots.table.var_names.str.match("ENSMUSG").any()


@pytest.mark.parametrize("accession", ["GSM4284316_", ""])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_positions_are_found_in_the_layout_of_gse144240(
    files: tuple[Path, Path], tmp_path: Path, accession: str, ending: str
) -> None:
    counts = files[0].rename(tmp_path / f"{accession}P2_ST_rep1_stdata.tsv.gz")
    positions = tmp_path / f"{accession}spot_data-selection-P2_ST_rep1.tsv{ending}"
    text = files[1].read_bytes()
    files[1].unlink()
    positions.write_bytes(gzip.compress(text) if ending else text)
    assert open_spots(counts).table.n_obs == len(PLACES)
    assert is_spots(counts)
    assert not is_spots(positions)


ACCESSIONS = ("ENSMUSG00000051951.5", "ENSMUSG00000025902.13", "ENSMUSG00000033845.13", "ENSMUSG00000099999.1")


def test_accessions_are_named_by_the_list_beside(tmp_path: Path) -> None:
    rows: dict[str, list[object]] = {f"{x}x{y}": [x, y, x * y, 1] for x, y in PLACES}
    counts = write_counts(tmp_path / "T1.tsv.gz", rows, ACCESSIONS)
    write_positions(tmp_path / "T1_selection.tsv", PLACES)
    assert tuple(open_spots(counts).table.var_names) == ACCESSIONS
    # Another version of the first; the second's symbol is shared with a gene that this table has not.
    lines = [
        "ENSMUSG00000051951.4\tTEC\tXkr4",
        "ENSMUSG00000025902.13\tTEC\tSox17",
        "ENSMUSG00000033845.13\tTEC\tMrpl15",
    ]
    lines.append("ENSMUSG00000000001.1\tTEC\tSox17")
    (tmp_path / "mouse_genes.tsv").write_text("gene_id\tgene_type\tgene_name\n" + "\n".join(lines) + "\n")
    spots = open_spots(counts)
    assert list(spots.table.var_names) == ["Xkr4", "Sox17 (ENSMUSG00000025902)", "Mrpl15", ACCESSIONS[3]]
    assert spots.warnings == ("1 of 4 genes have no name in mouse_genes.tsv.",)
    np.testing.assert_array_equal(spots.table[:, "Mrpl15"].X.toarray()[:, 0], [x * y for x, y in PLACES])
    (tmp_path / "genes.tsv").write_text("gene_id\tgene_name\n")
    spots = open_spots(counts)
    assert tuple(spots.table.var_names) == ACCESSIONS
    assert "genes.tsv and mouse_genes.tsv could both name them" in spots.warnings[0]


def test_a_list_of_names_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    rows: dict[str, list[object]] = {f"{x}x{y}": [x, y, x * y, 1] for x, y in PLACES}
    counts = write_counts(tmp_path / "T1.tsv.gz", rows, ACCESSIONS)
    write_positions(tmp_path / "T1_selection.tsv", PLACES)
    (tmp_path / "genes.tsv").write_text("id\tname\n")
    with pytest.raises(InputError, match=r"names beside the table can not be used: .*genes\.tsv has no column gene_id"):
        open_spots(counts)


def test_real_sections_of_one_study_name_their_genes_alike(shared_data: Path) -> None:
    sections = [open_spots(shared_data / "mob" / f"MOB{number}.tsv.gz").table for number in (1, 2, 3)]
    named = [set(table.var_names) for table in sections]
    assert named[0] == named[1] == named[2]
    assert len(named[0]) == 1000
    assert {"Penk", "Doc2g", "Kctd12"} & named[0]
    assert sum(name.startswith("ENSMUSG") for name in named[0]) < 20
