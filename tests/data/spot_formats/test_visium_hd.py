"""Visium HD: the bin size by name, its pixel size and platform, and matrices that belong to another platform."""

from pathlib import Path

import numpy as np
import pytest

from geneglass.data.array_grid import layout, pitch_px
from geneglass.data.spot_formats import is_spots, open_spots
from geneglass.errors import InputError
from space_ranger_writer import write_positions, write_space_ranger

GENES = ["ERBB2", "MT-CO1"]
MPP = 0.27


def write_bins(outs: Path, edge_um: int, *, rows: int = 7, columns: int = 5) -> Path:
    array_yx = [(row, column) for row in range(rows) for column in range(columns)]
    names = [f"s_{edge_um:03d}um_{row:05d}_{column:05d}-1" for row, column in array_yx]
    centres_xy = np.array(array_yx)[:, ::-1] * edge_um / MPP + (300, 40)
    folder = outs / "binned_outputs" / f"square_{edge_um:03d}um"
    counts = np.random.default_rng(edge_um).poisson(2.0, (len(names), len(GENES))) + 1
    write_space_ranger(folder, counts, GENES, names, bin_size_um=float(edge_um), microns_per_pixel=MPP)
    write_positions(folder / "spatial" / "tissue_positions.parquet", names, array_yx, centres_xy)
    return folder


@pytest.mark.parametrize(("there", "taken"), [((2, 8, 16), 8), ((2, 16), 16), ((2,), 2)])
def test_bins_of_8_um_are_read_unless_others_are_named(there: tuple[int, ...], taken: int, tmp_path: Path) -> None:
    outs = tmp_path / "sample" / "outs"
    folders = {edge_um: write_bins(outs, edge_um) for edge_um in there}
    for path in (outs, outs.parent, outs / "binned_outputs"):
        assert is_spots(path)
        spots = open_spots(path)
        assert spots.table.obs_names[0].startswith(f"s_{taken:03d}um")
        others = [edge_um for edge_um in there if edge_um != taken]
        assert all(f"square_{edge_um:03d}um" in spots.warnings[0] for edge_um in others)
    for edge_um, folder in folders.items():
        for path in (folder, folder / "filtered_feature_bc_matrix.h5", folder / "spatial" / "tissue_positions.parquet"):
            spots = open_spots(path)
            assert spots.table.obs_names[0].startswith(f"s_{edge_um:03d}um")
            assert not any("Bins of" in told for told in spots.warnings)


def test_platform_pixel_size_and_pitch_agree(tmp_path: Path) -> None:
    spots = open_spots(write_bins(tmp_path / "outs", 16))
    assert spots.platform is not None
    assert (spots.platform.name, spots.platform.pitch_um) == ("Visium HD 16 um", 16)
    assert spots.mpp == MPP
    assert layout(spots.table) == "square"
    assert pitch_px(spots.table) == pytest.approx(16 / MPP)


def test_a_folder_of_bins_under_another_name_is_known_by_its_scale_factors(tmp_path: Path) -> None:
    folder = write_bins(tmp_path / "outs", 8).rename(tmp_path / "my bins")
    spots = open_spots(folder)
    assert spots.platform is not None
    assert spots.platform.name == "Visium HD 8 um"


@pytest.mark.parametrize(("edge_um", "known", "on_tissue"), [(8, "2,695", "1,368"), (16, "642", "336")])
def test_a_real_matrix_of_visium_spots_in_a_folder_of_bins_is_refused(
    edge_um: int, known: str, on_tissue: str, shared_data: Path
) -> None:
    folder = shared_data / "visium" / "seurat_hd" / "binned_outputs" / f"square_{edge_um:03d}um"
    with pytest.raises(InputError, match="barcodes like AAACAAGTATCTCCCA-1, of another platform") as caught:
        open_spots(folder)
    assert f"({known} of them are in tissue_positions.parquet, {on_tissue} on tissue)" in str(caught.value)
    assert f"s_{edge_um:03d}um_00000_00000-1" in str(caught.value)
