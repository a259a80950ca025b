"""Labels join by rounded array position, or by the name of the spot."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from geneglass.data.labels import is_label_table, label_column, with_labels
from geneglass.data.spots import Spots
from geneglass.errors import InputError


@pytest.fixture
def spots() -> Spots:
    obs = pd.DataFrame({"array_row": [5, 5, 6], "array_col": [1, 2, 1]}, index=["1x5", "2x5", "1x6"])
    return Spots(AnnData(sparse.csr_matrix(np.ones((3, 1), np.float32)), obs=obs), None, ("earlier",))


def labels(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "labels.tsv"
    path.write_text("Row.names\tx\ty\tpixel_x\tpixel_y\tlabel\n" + "".join(f"r\t{row}\n" for row in rows))
    return path


def test_labels_meet_their_spot(spots: Spots, tmp_path: Path) -> None:
    path = labels(tmp_path, "1.04\t6.02\t0\t0\tinvasive cancer", "1.96\t4.9\t0\t0\tstroma", "0.9\t5\t0\t0\tfat")
    labelled = with_labels(spots, path)
    assert list(labelled.table.obs["label"]) == ["fat", "stroma", "invasive cancer"]
    assert labelled.warnings == ("earlier",)
    assert "label" not in spots.table.obs


def test_spots_without_a_label_stay_without(spots: Spots, tmp_path: Path) -> None:
    labelled = with_labels(spots, labels(tmp_path, "2\t5\t0\t0\tstroma", "\t\t0\t0\tlost", "40\t40\t0\t0\tfar"))
    assert list(labelled.table.obs["label"].isna()) == [True, False, True]
    assert labelled.warnings[1] == "2 of 3 spots have no label in labels.tsv."


def test_of_two_labels_the_nearest_stands_and_it_is_told(spots: Spots, tmp_path: Path) -> None:
    rows = ("1.4\t5\t0\t0\tfar", "1.1\t5\t0\t0\tnear", "2\t5\t0\t0\tb", "1\t6\t0\t0\tc")
    labelled = with_labels(spots, labels(tmp_path, *rows))
    assert labelled.table.obs["label"].iloc[0] == "near"
    assert labelled.warnings[1] == "labels.tsv gives 1 spots more than one label; the nearest was taken."


def test_labels_of_another_section_are_refused(spots: Spots, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Not one label of labels\.tsv falls on a spot"):
        with_labels(spots, labels(tmp_path, "40\t40\t0\t0\tfar"))


def test_a_file_without_labels_names_the_column(spots: Spots, tmp_path: Path) -> None:
    path = tmp_path / "labels.tsv"
    path.write_text("x\ty\n1\t5\n")
    with pytest.raises(InputError, match="no column label"):
        with_labels(spots, path)


BARCODES = ["AAACAAGTATCTCCCA-1", "AAACAATCTACTAGCA-1", "AAACACCAATAACTGC-1"]


@pytest.fixture
def visium() -> Spots:
    return Spots(AnnData(sparse.csr_matrix(np.ones((3, 1), np.float32)), obs=pd.DataFrame(index=BARCODES)), None)


@pytest.mark.parametrize(
    "text",
    [
        "Barcode,Graph-based\n{2},a\n{0},b\n",
        "barcode;annotation;reader\n{2};a;1\n{0};b;1\n",
        "x\tbarcode\ty\tlabel\n900\t{2}\t800\ta\n100\t{0}\t80\tb\n",
        ',anything\n"{2}",a\n"{0}",b\n',
        "{2}\tsection1\ta\n{0}\tsection1\tb\n",
        '"label"\n"{2}"\t"a"\n"{0}"\t"b"\n',
    ],
    ids=["Loupe", "semicolons", "beside pixels", "pandas", "no header", "R"],
)
@pytest.mark.parametrize("ends", [True, False], ids=["with -1", "without -1"])
def test_labels_join_by_the_name_of_the_spot(visium: Spots, tmp_path: Path, text: str, *, ends: bool) -> None:
    path = tmp_path / "labels.csv"
    written = text.format(*BARCODES)
    path.write_text(written if ends or text.startswith("{2}") else written.replace("-1", ""))
    labelled = with_labels(visium, path)
    assert list(labelled.table.obs["label"].astype(object).fillna("none")) == ["b", "none", "a"]
    assert labelled.warnings == ("1 of 3 spots have no label in labels.csv.",)


def test_a_spot_labelled_twice_by_name_is_told(visium: Spots, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("spot,label\n" + "".join(f"{name},a\n" for name in BARCODES) + f"{BARCODES[0]},b\n")
    labelled = with_labels(visium, path)
    assert list(labelled.table.obs["label"]) == ["a", "a", "a"]
    assert labelled.warnings == ("labels.csv gives 1 spots more than one label; the first was taken.",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("gene,value\nA,1\n", "neither array positions .* nor spot names"),
        ("barcode,first,second\nA,1,2\n", "no column label"),
        ("AAACAAGTATCTCCCA-1\n", "no label after the name"),
        ("barcode,label\nTTTT,a\n", "Not one label"),
        ("", "no table"),
    ],
)
def test_a_label_file_that_can_not_be_joined_says_why(visium: Spots, tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        with_labels(visium, path)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Row.names\tx\ty\tpixel_x\tpixel_y\tlabel\n1x2\t1\t2\t3\t4\tfat\n", True),
        ("Barcode,Pathologist\nAAACAAGTATCTCCCA-1,tumour\n", True),
        ("AAACAAGTATCTCCCA-1\t151673\tL3\n", True),
        ("AAACAAGTATCTCCCA-1,1,50,102,7474,8552\n", False),
        ("x,y,label,ERBB2,ACTB\n1,2,fat,7,3\n", False),
        ("x\ty\tpixel_x\tpixel_y\tselected\n1\t2\t3\t4\t1\n", False),
        ("\tERBB2\tACTB\n1x2\t7\t3\n", False),
        ("", False),
    ],
)
def test_a_table_of_labels_is_known_by_its_first_lines(tmp_path: Path, text: str, is_one: bool) -> None:
    (tmp_path / "table.tsv").write_text(text)
    assert is_label_table(tmp_path / "table.tsv") is is_one


def test_labels_of_a_table_are_text_in_a_known_column() -> None:
    obs = pd.DataFrame({"layer_guess": ["L1"], "Annotation": ["tumour"], "ground_truth": [1]})
    assert label_column(obs) == "Annotation"
    assert label_column(obs[["ground_truth"]]) is None
    assert label_column(obs.assign(label=1)) == "label"


def test_the_layers_of_a_real_section_join_by_barcode(shared_data: Path) -> None:
    path = shared_data / "visium" / "dlpfc-151673" / "barcode_layer_map_151673.tsv"
    barcodes = [line.split("\t")[0] for line in path.read_text().splitlines()][::-1]
    table = AnnData(sparse.csr_matrix(np.ones((len(barcodes), 1), np.float32)), obs=pd.DataFrame(index=barcodes))
    labelled = with_labels(Spots(table, None), path)
    assert labelled.table.obs.loc["AAACACCAATAACTGC-1", "label"] == "WM"
    assert set(labelled.table.obs["label"].cat.categories) >= {"L1", "L2", "L3", "L4", "L5", "L6", "WM"}
    assert len(labelled.table.obs) == 3611


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_labels_are_read_as_excel_writes_them(spots: Spots, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "labels.tsv"
    path.write_bytes("x\ty\tlabel\n1\t5\tDrüse\n".encode(encoding))
    assert is_label_table(path)
    assert list(with_labels(spots, path).table.obs["label"].dropna()) == ["Drüse"]


def test_labels_by_name_are_read_as_excel_writes_them(visium: Spots, tmp_path: Path) -> None:
    for head in ("barcode,label\n", ""):
        path = tmp_path / "labels.csv"
        path.write_bytes((head + f"{visium.table.obs_names[0]},Drüse\n").encode("cp1252"))
        assert list(with_labels(visium, path).table.obs["label"].dropna()) == ["Drüse"]
