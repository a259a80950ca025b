"""A cohort file written by looking through a folder."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from PIL import Image

from geneglass.data import cohort_scan
from geneglass.data.cohort import read_cohort
from geneglass.errors import InputError
from geneglass.workflow.cohort_init import CohortDraft, init_cohort


def h5ad(path: Path, *, reach_px: float = 90.0, prediction: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = AnnData(np.ones((4, 2)), obs=pd.DataFrame(index=list("abcd")))
    table.obsm["spatial"] = np.array([[1.0, 1], [reach_px, 2], [3, 30], [4, 4]])
    if prediction:
        table.uns["geneglass"] = {"unit": "x"}
    table.write_h5ad(path)
    return path


def legacy(folder: Path, name: str, *, positions: bool = True) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.tsv").write_text("\tA\tB\n1x1\t3\t4\n2x1\t5\t6\n")
    if positions:
        (folder / f"{name}_selection.tsv").write_text("x\ty\tpixel_x\tpixel_y\n1\t1\t10\t10\n2\t1\t20\t10\n")


def picture(path: Path, width_px: int = 120, height_px: int = 80) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width_px, height_px), (230, 200, 220)).save(path)
    return path


def slides_of(draft: CohortDraft, root: Path) -> dict[str, str | None]:
    return {
        section.name: None if section.slide is None else section.slide.relative_to(root).as_posix()
        for section in draft.cohort.sections
    }


def reason(draft: CohortDraft, name: str) -> str:
    (found,) = [reason for path, reason in draft.left_out.items() if path.name == name]
    return found


def test_slides_are_matched_by_name_folder_and_words(tmp_path: Path) -> None:
    h5ad(tmp_path / "a" / "X1.h5ad")
    picture(tmp_path / "wsi" / "x1.PNG")
    h5ad(tmp_path / "st" / "X2.h5ad")
    picture(tmp_path / "images" / "X2" / "5714_HE_X1.png")
    h5ad(tmp_path / "X3" / "counts.h5ad")
    picture(tmp_path / "X3" / "slide.png")
    h5ad(tmp_path / "X4.h5ad")
    picture(tmp_path / "HE_X4.png")
    h5ad(tmp_path / "X5" / "counts.h5ad")
    draft = init_cohort(tmp_path)
    assert slides_of(draft, tmp_path) == {
        "X1": "wsi/x1.PNG",
        "X2": "images/X2/5714_HE_X1.png",
        "X3": "X3/slide.png",
        "X4": "HE_X4.png",
        "X5": None,
    }
    text = (tmp_path / "cohort.toml").read_text()
    assert 'slide = "X3/slide.png"' in text  # relative to the file
    assert text.count("# patient is not known") == 5
    assert "patient =" not in text
    assert any("X5" in sentence and "No slide" in sentence for sentence in draft.told)


def test_previews_masks_predictions_and_results_are_not_taken(tmp_path: Path) -> None:
    h5ad(tmp_path / "S.h5ad")
    h5ad(tmp_path / "T.h5ad")
    h5ad(tmp_path / "S_predicted.h5ad", prediction=True)
    picture(tmp_path / "S_thumbnail.png")
    picture(tmp_path / "masks" / "S.png")
    picture(tmp_path / "other.png")
    picture(tmp_path / ".hidden" / "S.png")
    picture(tmp_path / "run" / "S.png")
    for name in ("metrics.json", "per_gene.csv"):
        (tmp_path / "run" / name).write_text("{}")
    draft = init_cohort(tmp_path)
    assert slides_of(draft, tmp_path) == {"S": None, "T": None}
    assert reason(draft, "S_predicted.h5ad") == "a prediction written by geneglass"
    assert "preview" in reason(draft, "S_thumbnail.png")
    assert "preview" in reason(draft, "S.png")
    assert "spots were not found" in reason(draft, "other.png")
    assert "evaluation" in reason(draft, "run")


def test_a_picture_that_ends_before_the_spots_is_a_reduced_copy(tmp_path: Path) -> None:
    h5ad(tmp_path / "S.h5ad", reach_px=500)
    picture(tmp_path / "S.png")
    draft = init_cohort(tmp_path)
    assert slides_of(draft, tmp_path) == {"S": None}
    assert "120 x 80 px, but the spots of S reach x 500" in reason(draft, "S.png")


def test_of_several_slides_the_largest_is_taken_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    h5ad(tmp_path / "S.h5ad")
    picture(tmp_path / "S.png")
    picture(tmp_path / "S.jpg", 240, 160)
    (tmp_path / "S.tif").write_bytes(b"II*\0 nothing")
    draft = init_cohort(tmp_path)
    assert slides_of(draft, tmp_path) == {"S": "S.jpg"}
    assert "smaller" in reason(draft, "S.png")
    assert reason(draft, "S.tif")
    assert "S: of 2 slides the largest was taken, S.jpg." in draft.told


def test_legacy_pairs_bring_their_positions_and_labels(tmp_path: Path) -> None:
    legacy(tmp_path, "Q")
    legacy(tmp_path, "R", positions=False)
    (tmp_path / "Q_labeled_coordinates.tsv").write_text("x\ty\tlabel\n1\t1\tfat\n")
    (tmp_path / "Z_labeled_coordinates.tsv").write_text("x\ty\tlabel\n1\t1\tfat\n")
    (tmp_path / "table.tsv").write_text("gene\tname\nENSG1\tA\n")
    (section,) = (draft := init_cohort(tmp_path)).cohort.sections
    assert (section.name, section.positions, section.annotations) == (
        "Q",
        tmp_path / "Q_selection.tsv",
        tmp_path / "Q_labeled_coordinates.tsv",
    )
    assert "no spot file" in reason(draft, "R.tsv")
    assert "'ENSG1'" in reason(draft, "table.tsv")
    assert "spots were not found" in reason(draft, "Z_labeled_coordinates.tsv")


def test_the_layout_of_the_cscc_deposit_is_found(tmp_path: Path) -> None:
    for number, name in enumerate(("P2_ST_rep1", "P2_ST_rep2", "P5_ST_rep1"), start=1):
        legacy(tmp_path, name)
        (tmp_path / f"{name}.tsv").rename(tmp_path / f"GSM{number}_{name}_stdata.tsv")
        (tmp_path / f"{name}_selection.tsv").rename(tmp_path / f"GSM{number}_spot_data-selection-{name}.tsv")
        picture(tmp_path / f"GSM{number}_{name}.jpg")
    draft = init_cohort(tmp_path)
    assert {section.name: section.patient for section in draft.cohort.sections} == {
        "P2_ST_rep1": "P2",
        "P2_ST_rep2": "P2",
        "P5_ST_rep1": None,
    }
    first = draft.cohort.sections[0]
    assert first.slide == tmp_path / "GSM1_P2_ST_rep1.jpg"
    assert first.positions == tmp_path / "GSM1_spot_data-selection-P2_ST_rep1.tsv"
    assert draft.left_out == {}


def outs(folder: Path, *, counts: bool = True) -> None:
    (folder / "spatial").mkdir(parents=True)
    (folder / "spatial" / "tissue_positions.csv").write_text("barcode,in_tissue,array_row\n")
    picture(folder / "spatial" / "tissue_hires_image.png")
    if counts:
        (folder / "filtered_feature_bc_matrix.h5").write_bytes(b"")


def test_space_ranger_folders_and_the_slides_beside_them_are_found(tmp_path: Path) -> None:
    outs(tmp_path / "S1" / "outs")
    picture(tmp_path / "S1" / "image.png")
    outs(tmp_path / "S2.1")
    picture(tmp_path / "S2.1" / "full.png")
    picture(tmp_path / "S2.1" / "aligned_fiducials.png")
    outs(tmp_path / "S3" / "outs")
    picture(tmp_path / "slides" / "s3.png")
    outs(tmp_path / "S4" / "outs", counts=False)
    draft = init_cohort(tmp_path)
    assert slides_of(draft, tmp_path) == {"S1": "S1/image.png", "S2.1": "S2.1/full.png", "S3": "slides/s3.png"}
    assert [section.spots and section.spots.relative_to(tmp_path).as_posix() for section in draft.cohort.sections] == [
        "S1/outs",
        "S2.1",
        "S3/outs",
    ]
    assert "no counts" in reason(draft, "outs")
    assert "preview" in reason(draft, "aligned_fiducials.png")


def test_drawn_annotations_are_taken_and_outlines_of_cells_are_not(tmp_path: Path) -> None:
    h5ad(tmp_path / "S.h5ad")
    for name in ("S.geojson", "S_cellvit_seg.geojson", "T.geojson"):
        (tmp_path / name).write_text("[]")
    (section,) = (draft := init_cohort(tmp_path)).cohort.sections
    assert section.annotations == tmp_path / "S.geojson"
    assert "cells" in reason(draft, "S_cellvit_seg.geojson")
    assert "spots were not found" in reason(draft, "T.geojson")


def test_sections_of_one_name_get_names_of_their_own(tmp_path: Path) -> None:
    for folder in ("one", "two", "three/deep", "four/deep"):
        h5ad(tmp_path / folder / "counts.h5ad")
    names = {section.name for section in init_cohort(tmp_path).cohort.sections}
    assert names == {"one", "two", "three_deep", "four_deep"}


def test_folders_named_as_patients_and_hest_give_them_too(tmp_path: Path) -> None:
    h5ad(tmp_path / "patient_3" / "left" / "counts.h5ad")
    h5ad(tmp_path / "P07" / "u" / "counts.h5ad")
    h5ad(tmp_path / "batch1" / "v" / "counts.h5ad")
    h5ad(tmp_path / "hest" / "st" / "TENX1.h5ad")
    picture(tmp_path / "hest" / "wsis" / "TENX1.tif")
    picture(tmp_path / "hest" / "thumbnails" / "TENX1_downscaled_fullres.jpeg")
    (tmp_path / "hest" / "metadata").mkdir()
    (tmp_path / "hest" / "metadata" / "TENX1.json").write_text(json.dumps({"patient": "Patient 9"}))
    draft = init_cohort(tmp_path)
    patients = {section.name: section.patient for section in draft.cohort.sections}
    assert patients == {"left": "patient_3", "u": "P07", "v": None, "TENX1": "Patient 9"}
    assert slides_of(draft, tmp_path)["TENX1"] == "hest/wsis/TENX1.tif"


def test_a_file_that_is_there_is_not_lost(tmp_path: Path) -> None:
    h5ad(tmp_path / "S.h5ad")
    (tmp_path / "cohort.toml").write_text("mine")
    with pytest.raises(InputError, match=r"cohort\.toml exists already; .* --force"):
        init_cohort(tmp_path)
    assert (tmp_path / "cohort.toml").read_text() == "mine"
    init_cohort(tmp_path, force=True)
    assert len(read_cohort(tmp_path / "cohort.toml").sections) == 1


def test_a_file_elsewhere_finds_its_sections(tmp_path: Path) -> None:
    h5ad(tmp_path / "data" / "S.h5ad")
    (tmp_path / "out").mkdir()
    draft = init_cohort(tmp_path / "data", tmp_path / "out" / "c.toml")
    assert draft.cohort.sections[0].spots == tmp_path / "data" / "S.h5ad"
    assert read_cohort(tmp_path / "out" / "c.toml") == draft.cohort


def test_odd_names_are_written_so_that_they_are_read_back(tmp_path: Path) -> None:
    h5ad(tmp_path / "patient_1\n[[section]]" / 'a "b" #c' / "counts.h5ad")
    h5ad(tmp_path / "P2" / "ä" / "counts.h5ad")
    names = {section.name for section in init_cohort(tmp_path).cohort.sections}
    assert names == {'a "b" #c', "ä"}


def test_folders_without_sections_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="is no folder"):
        init_cohort(tmp_path / "none")
    picture(tmp_path / "S.png")
    with pytest.raises(InputError, match=r"No spot table was found in .*1 slides") as error:
        init_cohort(tmp_path)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "cohort.toml").exists()
    monkeypatch.setattr(cohort_scan, "MAX_FILES", 0)
    with pytest.raises(InputError, match="more than 0 files"):
        init_cohort(tmp_path)


def test_links_that_go_round_and_deep_folders_end(tmp_path: Path) -> None:
    h5ad(tmp_path / "S.h5ad")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    deep = tmp_path.joinpath(*"abcdefghijkl")
    h5ad(deep / "T.h5ad")
    draft = init_cohort(tmp_path)
    assert [section.name for section in draft.cohort.sections] == ["S"]
    assert any("deeper" in reason for reason in draft.left_out.values())


def test_real_her2st_is_found_whole(shared_data: Path, tmp_path: Path) -> None:
    draft = init_cohort(shared_data / "her2st", tmp_path / "cohort.toml")
    sections = {section.name: section for section in draft.cohort.sections}
    assert len(sections) == 36
    assert {section.patient for section in sections.values()} == set("ABCDEFGH")
    assert all(section.patient == name[0] for name, section in sections.items())
    assert {name: s.slide.name for name, s in sections.items() if s.slide is not None} == {
        "C2": "5714_HE_BT_C2.jpg",
        "C3": "5714_HE_BT_D1.jpg",
        "C4": "5714_HE_BT_D2.jpg",
        "C5": "5714_HE_BT_E1.jpg",
    }
    labelled = {name for name, section in sections.items() if section.annotations is not None}
    assert labelled == {"A1", "B1", "C1", "D1", "E1", "F1", "G2", "H1"}
    assert all(section.positions is not None for section in sections.values())
    assert "2000 x 2138 px" in reason(draft, "A1_HE_image_dark.png")


def test_real_mob_is_found_and_its_mice_are_not_guessed(shared_data: Path, tmp_path: Path) -> None:
    draft = init_cohort(shared_data / "mob", tmp_path / "cohort.toml")
    found = [(section.name, section.slide and section.slide.name, section.patient) for section in draft.cohort.sections]
    assert found == [(name, f"{name}.jpg", None) for name in ("MOB1", "MOB2", "MOB3")]


def test_real_space_ranger_folders_are_found_or_left_out_for_their_reason(shared_data: Path, tmp_path: Path) -> None:
    draft = init_cohort(shared_data / "visium", tmp_path / "cohort.toml")
    names = {section.name for section in draft.cohort.sections}
    assert names == {"cytassist-lowres", "scanpy-1.0.0", "seurat", "seurat_hd"}
    assert "no counts" in reason(draft, "dlpfc-151673")
