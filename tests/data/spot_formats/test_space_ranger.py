"""Space Ranger outputs of every generation, as written and as downloaded; what is refused and what is told."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import sparse

from geneglass.data import array_grid
from geneglass.data.cohort import SectionSource
from geneglass.data.section import open_section
from geneglass.data.spot_formats import is_spots, open_spots
from geneglass.data.spots import Spots
from geneglass.data.types import VISIUM
from geneglass.errors import InputError
from space_ranger_writer import write_h5, write_mtx, write_positions, write_scalefactors, write_space_ranger

ARRAY_YX = [(row, col) for row in range(6) for col in range(row % 2, 14, 2)]
CENTRES_XY = np.array([(col * 50 + 70, row * 50 * np.sqrt(3) + 900) for row, col in ARRAY_YX])
BARCODES = ["".join("ACGT"[number // 4**place % 4] for place in range(16)) + "-1" for number in range(len(ARRAY_YX))]
GENES = ["ERBB2", "MT-CO1", "HLA-A"]
COUNTS = np.random.default_rng(5).poisson(3.0, (len(BARCODES), len(GENES))) + 1
ON = np.arange(len(BARCODES)) >= 7
"""The first seven spots of the array lie off the tissue."""

GENERATIONS = ("tissue_positions_list.csv", "tissue_positions.csv", "tissue_positions.parquet")


def outs(folder: Path, positions: str = "tissue_positions.csv") -> Path:
    names = [name for name, on in zip(BARCODES, ON, strict=True) if on]
    write_space_ranger(folder, COUNTS[ON][::-1], GENES, names[::-1])
    write_positions(folder / "spatial" / positions, BARCODES, ARRAY_YX, CENTRES_XY, ON)
    return folder


def picture(folder: Path, name: str, size_yx: tuple[int, int] = (40, 30)) -> Path:
    path = folder / "spatial" / f"tissue_{name}_image.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (*size_yx, 3), dtype=np.uint8)).save(path)
    return path


def assert_whole(spots: Spots) -> None:
    rows = [BARCODES.index(name) for name in spots.table.obs_names]
    assert sorted(rows) == list(np.flatnonzero(ON))
    np.testing.assert_array_equal(spots.table[:, GENES].X.toarray(), COUNTS[rows])
    np.testing.assert_allclose(spots.table.obsm["spatial"], CENTRES_XY[rows])
    np.testing.assert_array_equal(spots.table.obs[["array_row", "array_col"]], np.array(ARRAY_YX)[rows])
    assert spots.platform == VISIUM


@pytest.mark.parametrize("positions", GENERATIONS)
def test_every_generation_opens_from_each_of_its_places(positions: str, tmp_path: Path) -> None:
    folder = outs(tmp_path / "sample" / "outs", positions)
    for path in (folder.parent, folder, folder / "spatial", folder / "spatial" / positions):
        assert is_spots(path), path
        assert_whole(open_spots(path))
    for path in (folder / "filtered_feature_bc_matrix.h5", folder / "spatial" / "scalefactors_json.json"):
        assert is_spots(path), path
        assert_whole(open_spots(path))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_matrix_folder_stands_for_the_h5(zipped: bool, tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    (folder / "filtered_feature_bc_matrix.h5").unlink()
    names = [name for name, on in zip(BARCODES, ON, strict=True) if on]
    matrix = folder / "filtered_feature_bc_matrix"
    write_mtx(matrix, COUNTS[ON], GENES, names, zipped=zipped)
    end = ".gz" if zipped else ""
    for path in (folder, matrix, matrix / f"matrix.mtx{end}"):
        assert_whole(open_spots(path))
    if zipped:
        import scanpy

        read = scanpy.read_10x_mtx(matrix)
        np.testing.assert_array_equal(read.X.toarray(), open_spots(folder).table[read.obs_names].X.toarray())


def test_the_pitch_is_that_of_the_whole_array_when_few_spots_were_measured(tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    spots = open_spots(folder)
    assert spots.pitch_px == pytest.approx(100)
    few = [number for number in range(len(BARCODES)) if ON[number]][::9]
    write_h5(folder / "filtered_feature_bc_matrix.h5", COUNTS[few], GENES, [BARCODES[number] for number in few])
    spots = open_spots(folder)
    assert spots.table.n_obs == len(few)
    assert array_grid.pitch_px(spots.table) is None
    assert spots.pitch_px == pytest.approx(100)
    section = open_section(SectionSource("few", spots=folder))
    assert section.mpp == pytest.approx(1.0)
    assert section.mpp_source == "spot pitch of Visium: 100 um over 100.0 px"


def test_files_keep_the_prefix_they_were_downloaded_with(tmp_path: Path) -> None:
    folder = outs(tmp_path / "download")
    counts = folder / "filtered_feature_bc_matrix.h5"
    counts = counts.rename(folder / f"V1_Breast_Cancer_Block_A_Section_1_{counts.name}")
    assert_whole(open_spots(folder))
    shutil.copy(counts, folder / "V1_other_filtered_feature_bc_matrix.h5")
    with pytest.raises(InputError, match=r"2 files of one kind .*name the counts you mean"):
        open_spots(folder)
    assert_whole(open_spots(counts))


def test_positions_that_lie_elsewhere_are_given(tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    moved = (folder / "spatial" / "tissue_positions.csv").rename(tmp_path / "places.csv")
    assert_whole(open_spots(folder / "filtered_feature_bc_matrix.h5", moved))
    with pytest.raises(InputError, match=r"counts but no spot positions: tissue_positions\.csv"):
        open_spots(folder)


def test_every_spot_of_a_raw_matrix_that_is_off_the_tissue_is_left_out_and_told(tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    (folder / "filtered_feature_bc_matrix.h5").unlink()
    write_h5(folder / "raw_feature_bc_matrix.h5", COUNTS, GENES, BARCODES)
    spots = open_spots(folder)
    assert_whole(spots)
    assert any("raw_feature_bc_matrix.h5, every spot of the array" in told for told in spots.warnings)
    assert any("7 of 42 spots" in told and "off the tissue" in told for told in spots.warnings)


def test_features_that_are_no_genes_are_left_out_and_genomes_told(tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    names = [name for name, on in zip(BARCODES, ON, strict=True) if on]
    more = np.column_stack([COUNTS[ON], np.full(ON.sum(), 9)])
    kinds, genomes = ["Gene Expression"] * 3 + ["Antibody Capture"], ["GRCh38", "GRCh38", "mm10", ""]
    counts = folder / "filtered_feature_bc_matrix.h5"
    write_h5(counts, more, [*GENES, "CD3"], names, feature_type=kinds, genome=genomes)
    spots = open_spots(folder)
    assert_whole(spots)
    assert list(spots.table.var_names) == GENES
    assert any("no genes were left out: 1 Antibody Capture" in told for told in spots.warnings)
    assert any("2 genomes, all kept: GRCh38 (2 genes), mm10 (1 genes)" in told for told in spots.warnings)
    write_h5(counts, COUNTS[ON], GENES, names, feature_type=["Antibody Capture"] * 3)
    with pytest.raises(InputError, match="holds no genes"):
        open_spots(folder)


def test_genes_of_one_symbol_are_told_apart_by_accession(tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    names = [name for name, on in zip(BARCODES, ON, strict=True) if on]
    counts = folder / "filtered_feature_bc_matrix.h5"
    write_h5(counts, COUNTS[ON], ["A", "B", "A"], names, id=["ENSG1", "ENSG2", "ENSG3"])
    assert list(open_spots(folder).table.var_names) == ["A (ENSG1)", "B", "A (ENSG3)"]


def test_previews_come_largest_first_and_the_instruments_own_picture_never(tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    write_scalefactors(folder, regist_target_img_scalef=0.3)
    lowres, hires = picture(folder, "lowres"), picture(folder, "hires")
    for name in ("cytassist_image.tiff", "detected_tissue_image.jpg", "aligned_tissue_image.jpg"):
        shutil.copy(hires, folder / "spatial" / name)
    spots = open_spots(folder)
    assert [(item.name, item.scale, item.path) for item in spots.pictures] == [
        ("hires", 0.2, hires),
        ("lowres", 0.06, lowres),
    ]
    assert spots.warnings == ()
    assert spots.mpp is None


def test_previews_that_show_nothing_are_told(tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    spots = open_spots(folder)
    assert [told.split(":")[0] for told in spots.warnings] == ["hires missing", "lowres missing"]
    Image.new("RGBA", (30, 40)).save(folder / "spatial" / "tissue_hires_image.png")
    lowres = picture(folder, "lowres", (200, 150))
    lowres.write_bytes(lowres.read_bytes()[:9000])
    spots = open_spots(folder)
    assert spots.pictures == ()
    assert "tissue_hires_image.png was left out: it is blank" in spots.warnings[0]
    assert "tissue_lowres_image.png was left out: it can not be read" in spots.warnings[1]
    (folder / "spatial" / "scalefactors_json.json").unlink()
    assert "scalefactors_json.json is missing" in open_spots(folder).warnings[0]


@pytest.mark.parametrize("value", [0, -1, "1", True, float("inf"), [0.1]])
def test_scale_factors_must_be_numbers_above_0(value: object, tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    (folder / "spatial" / "scalefactors_json.json").write_text(json.dumps({"tissue_hires_scalef": value}))
    with pytest.raises(InputError, match=r"scalefactors_json\.json: tissue_hires_scalef must be a number above 0"):
        open_spots(folder)


def test_positions_of_another_section_are_refused_with_the_numbers(tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    path = folder / "spatial" / "tissue_positions.csv"
    write_positions(path, BARCODES, ARRAY_YX, CENTRES_XY, ~ON | (np.arange(len(ON)) > 20))
    with pytest.raises(InputError, match=r"14 of the 35 spots of .* lie off the tissue by .*positions of this section"):
        open_spots(folder)
    write_positions(path, [f"{name[:-1]}2" for name in BARCODES], ARRAY_YX, CENTRES_XY)
    with pytest.raises(InputError, match=r"Only 0 of the 35 barcodes of .*-1\) are among the 42 of .*-2\)"):
        open_spots(folder)


def test_an_array_that_is_not_hexagonal_has_no_known_pitch(tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    square = [(number // 7, number % 7) for number in range(len(BARCODES))]
    write_positions(folder / "spatial" / "tissue_positions.csv", BARCODES, square, CENTRES_XY, ON)
    spots = open_spots(folder)
    assert spots.platform is None
    assert "square grid, not the hexagonal one of Visium" in spots.warnings[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"{BARCODES[0]},1,0,0,x,7", "line 43: 'x' in column pxl_row_in_fullres is no number"),
        (f"{BARCODES[0]},1,0,0,5,7", "1 barcode .* more than once"),
        ("GGGGGGGGGGGGGGGG-1,3,0,0,5,7", "in_tissue must be 0 or 1, got 3"),
        ("GGGGGGGGGGGGGGGG-1,1,0,0,5,inf", "no finite position for spot GGGG"),
    ],
)
def test_a_wrong_line_of_positions_is_named(line: str, said: str, tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs", "tissue_positions_list.csv")
    with (folder / "spatial" / "tissue_positions_list.csv").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(InputError, match=said):
        open_spots(folder)


@pytest.mark.parametrize(
    "last", [b"1 5 4", b"1 5 4 ", b"1 5 4\x00", b"2 2 2\xff\xff", b"9 9 9\n", b"1 1\n", b"1 1 1 1\n"]
)
def test_a_last_line_without_end_never_ends_the_process(last: bytes, tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    (folder / "filtered_feature_bc_matrix.h5").unlink()
    matrix = folder / "filtered_feature_bc_matrix"
    write_mtx(matrix, COUNTS[ON], GENES, [name for name, on in zip(BARCODES, ON, strict=True) if on], zipped=False)
    lines = (matrix / "matrix.mtx").read_bytes().splitlines(keepends=True)
    (matrix / "matrix.mtx").write_bytes(b"".join(lines[:-1]) + last)
    if last.startswith(b"1 5 4"):
        assert open_spots(folder).table.n_obs == ON.sum()
    else:
        with pytest.raises(InputError, match=r"matrix\.mtx"):
            open_spots(folder)


def test_indices_beyond_the_genes_are_refused(tmp_path: Path) -> None:
    import h5py

    folder = outs(tmp_path / "outs")
    with h5py.File(folder / "filtered_feature_bc_matrix.h5", "a") as file:
        file["matrix/indices"][5] = 10**6
    with pytest.raises(InputError, match=r"filtered_feature_bc_matrix\.h5 can not be read as a 10x matrix"):
        open_spots(folder)


@pytest.mark.parametrize("name", ["scanpy-1.0.0", "seurat", "cytassist-lowres/outs"])
def test_real_outputs_read_as_scanpy_reads_them(name: str, shared_data: Path) -> None:
    import pandas as pd
    import scanpy

    folder = shared_data / "visium" / name
    ours = open_spots(folder).table
    with pytest.warns(UserWarning, match="not unique") if "cytassist" in name else pytest.MonkeyPatch.context():
        theirs = scanpy.read_10x_h5(folder / "filtered_feature_bc_matrix.h5")
    assert list(ours.obs_names) == list(theirs.obs_names)
    assert [gene.split(" (")[0] for gene in ours.var_names] == list(theirs.var_names)
    assert (sparse.csr_matrix(ours.X) != sparse.csr_matrix(theirs.X)).nnz == 0
    file = next((folder / "spatial").glob("tissue_positions*"))
    places = pd.read_csv(file, header=None if "list" in file.name else 0, index_col=0).loc[ours.obs_names].to_numpy()
    # Space Ranger writes in_tissue, row, column, then y before x; so does scanpy's read_visium put x first.
    np.testing.assert_allclose(ours.obsm["spatial"], places[:, [4, 3]])
    np.testing.assert_array_equal(ours.obs[["array_row", "array_col"]], places[:, [1, 2]])
    scales = json.loads((folder / "spatial" / "scalefactors_json.json").read_text())
    for item in open_spots(folder).pictures:
        assert item.scale == scales[f"tissue_{item.name}_scalef"]


def test_a_real_section_without_counts_is_refused_for_that(shared_data: Path) -> None:
    with pytest.raises(InputError, match=r"has spot positions \(tissue_positions_list\.csv\) but no counts"):
        open_spots(shared_data / "visium" / "dlpfc-151673")


def test_rows_with_more_cells_than_the_header_are_refused(tmp_path: Path) -> None:
    folder = outs(tmp_path / "outs")
    path = folder / "spatial" / "tissue_positions.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *(f"{row},1,2" for row in rows)]) + "\n")
    with pytest.raises(InputError, match="rows have more cells than its header line"):
        open_spots(folder)
