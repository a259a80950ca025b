"""Labels join by rounded array position."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from geneglass.data.labels import with_labels
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
