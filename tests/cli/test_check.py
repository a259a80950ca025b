"""`geneglass check`: facts, faults with their fix, the picture, and exit codes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from anndata import read_h5ad
from PIL import Image

from geneglass.cli.main import run
from geneglass.data.cohort import Cohort, read_cohort, write_cohort
from geneglass.data.slide_formats import open_slide


@pytest.fixture
def mirrored(tiny_cohort: Path, tmp_path: Path) -> Path:
    """Return a cohort whose second section has its spots set down on the wrong side."""
    first, second, *_ = read_cohort(tiny_cohort).sections
    assert second.slide is not None
    assert second.spots is not None
    with open_slide(second.slide) as slide:
        width_px = slide.levels[0].width_px
    table = read_h5ad(second.spots)
    table.obsm["spatial"][:, 0] = width_px - table.obsm["spatial"][:, 0]
    table.write_h5ad(tmp_path / "spots.h5ad")
    path = tmp_path / "cohort.toml"
    write_cohort(Cohort(path, (first, replace(second, spots=tmp_path / "spots.h5ad"))))
    return path


def test_everything_is_told_and_a_fault_ends_with_1(
    mirrored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", str(mirrored), "--picture", str(tmp_path / "both.png")]) == 1
    told = capsys.readouterr().out
    for fact in ("Ada", "Bo", "slide format", "orientation", "on tissue", "mpp source", "placement"):
        assert fact in told
    assert told.count("error:") == 1
    assert 'set orientation = "mirror-x"' in told
    with Image.open(tmp_path / "both.png") as picture:
        assert picture.width > 1.5 * picture.height
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert (np.abs(pixels - (176, 0, 32)) < 30).all(axis=2).any()


def test_json_is_one_object(mirrored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", f"{mirrored}#Ada", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"sections", "sisters"}
    (section,) = told["sections"]
    assert (section["name"], section["errors"], section["orientation"]) == ("Ada", [], "none")
    assert section["placement"] == "the spots follow the outline of the tissue"


def test_training_on_a_misplaced_section_is_refused(
    mirrored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.safetensors"
    assert run(["train", str(mirrored), "--recipe", "ridge", "--out", str(model)]) == 1
    assert 'the slide is mirrored left to right; set orientation = "mirror-x"' in capsys.readouterr().err
    assert not model.exists()
