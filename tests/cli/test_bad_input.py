"""Every bad input of a user: one sentence, exit code 1, and what existed before is whole."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anndata
import numpy as np
import pytest
import tifffile

from geneglass.cli.main import run

AS_NOBODY = """
import os, sys
from pathlib import Path
from geneglass.cli.main import run
*arguments, first, second = sys.argv[1:]
# As root once, so that every module is loaded: the interpreter itself may lie where nobody else may read.
assert run([*arguments, first]) == 0
for path in Path(os.environ["GENEGLASS_CACHE"]).rglob("*"):
    path.chmod(0o777)
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
sys.exit(run([*arguments, second]))
"""


@pytest.fixture
def cohort(tiny_cohort: Path, tmp_path: Path) -> Path:
    """A copy of the tiny cohort that a test may damage; `Bo` is the section that gets it."""
    folder = tmp_path / "cohort"
    shutil.copytree(tiny_cohort.parent, folder)
    return folder / "cohort.toml"


@pytest.fixture(scope="module")
def model(tiny_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model") / "m.safetensors"
    assert run(["train", str(tiny_cohort), "--out", str(out), "--panel-size", "10", "--no-cross-fit"]) == 0
    return out


def change(spots: Path, how: Callable[[anndata.AnnData], None]) -> None:
    table = anndata.read_h5ad(spots)
    how(table)
    table.write_h5ad(spots)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def as_text(path: Path) -> None:
    path.write_text("this is no slide\n" * 50)


def no_mpp(path: Path) -> None:
    pixels = tifffile.imread(path)
    tifffile.imwrite(path, pixels, tile=(256, 256), photometric="rgb", compression="jpeg")


def set_first(value: float) -> Callable[[anndata.AnnData], None]:
    def how(table: anndata.AnnData) -> None:
        dense = table.X.toarray().astype(np.float32)
        dense[0, 0] = value
        table.X = dense

    return how


def empty(table: anndata.AnnData) -> None:
    table.X = table.X * 0


def far_away(table: anndata.AnnData) -> None:
    table.obsm["spatial"] = table.obsm["spatial"] + 100_000


def twice(table: anndata.AnnData) -> None:
    table.var_names = [table.var_names[1], *table.var_names[1:]]


SLIDES = {"truncated": truncate, "text": as_text}
SPOTS = {
    "empty matrix": (empty, "no counts at all|empty"),
    "negative": (set_first(-1), "negative"),
    "NaN": (set_first(np.nan), "not finite"),
    "non-integer": (set_first(0.5), "not whole"),
    "outside the slide": (far_away, "outside"),
    "gene twice": (twice, "more than once"),
}


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what was told, checked to be one sentence for a person."""
    text = " ".join(capsys.readouterr().err.split())
    assert "Traceback" not in text
    sentence = text[text.rindex("geneglass: ") :]
    assert 20 < len(sentence) < 700
    return sentence


def train_command(cohort: Path, tmp_path: Path) -> list[str]:
    return ["train", str(cohort), "--out", str(tmp_path / "m.safetensors"), "--panel-size", "10", "--no-cross-fit"]


@pytest.mark.parametrize("damage", SLIDES)
def test_damaged_slide(damage: str, cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SLIDES[damage](cohort.parent / "Bo.ome.tif")
    assert run(train_command(cohort, tmp_path)) == 1
    assert "Bo.ome.tif" in told(capsys)
    assert not (tmp_path / "m.safetensors").exists()


def test_text_file_named_svs(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slide = tmp_path / "notes.svs"
    as_text(slide)
    assert run(["predict", str(model), str(slide), "--out", str(tmp_path / "p.h5ad"), "--stride-um", "100"]) == 1
    assert "notes.svs" in told(capsys)


@pytest.mark.filterwarnings("ignore:.*names are not unique:UserWarning")
@pytest.mark.parametrize("damage", SPOTS)
def test_bad_spots(damage: str, cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    how, words = SPOTS[damage]
    change(cohort.parent / "Bo.h5ad", how)
    assert run(train_command(cohort, tmp_path)) == 1
    assert re.search(words, told(capsys))


def test_counts_that_are_not_in_the_spot_file(shared_data: Path, tmp_path: Path, capsys) -> None:
    her2st = shared_data / "her2st" / "data"
    counts = tmp_path / "cohort.toml"
    counts.write_text(
        f'[[section]]\nname = "X"\nspots = "{her2st / "ST-cnts" / "C5.tsv.gz"}"\n'
        f'positions = "{shared_data / "mob" / "alignment_table_MOB1.tsv"}"\n'
    )
    assert run(["check", str(counts)]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "C5.tsv.gz" in out
    assert "error:" in out


def test_no_pixel_size_and_no_way_to_know(
    cohort: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slide = cohort.parent / "Bo.ome.tif"
    no_mpp(slide)
    assert run(["predict", str(model), str(slide), "--out", str(tmp_path / "p.h5ad"), "--stride-um", "100"]) == 1
    assert "mpp" in told(capsys)


def test_panel_that_does_not_match(cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    panel = tmp_path / "panel.txt"
    panel.write_text("NOTAGENE\nNEITHER\n")
    assert run([*train_command(cohort, tmp_path), "--panel", str(panel)]) == 1
    assert "NOTAGENE" in told(capsys)


def test_model_file_whose_panel_does_not_match_its_weights(
    model: Path, cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import json

    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(model, framework="pt") as file:
        header = json.loads(file.metadata()["geneglass"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    header["genes"] = header["genes"][:-2]
    other = tmp_path / "other.safetensors"
    save_file(tensors, other, metadata={"geneglass": json.dumps(header)})
    assert run(["predict", str(other), f"{cohort}#Bo", "--out", str(tmp_path / "p.h5ad")]) == 1
    assert "other.safetensors" in told(capsys)


def test_model_of_another_species(model: Path, cohort: Path, tmp_path: Path, capsys) -> None:
    def rename(table: anndata.AnnData) -> None:
        table.var_names = [f"ENSMUSG{number:011d}" for number in range(table.n_vars)]

    change(cohort.parent / "Bo.h5ad", rename)
    assert run(["predict", str(model), f"{cohort}#Bo", "--out", str(tmp_path / "p.h5ad")]) == 1
    assert "shares no gene with Bo" in told(capsys)


@pytest.mark.parametrize("command", ["train", "predict"])
def test_output_folder_that_is_missing_is_told_before_the_work(
    command: str, model: Path, cohort: Path, tmp_path: Path, capsys
) -> None:
    arguments = {
        "train": ["train", str(cohort), "--out", str(tmp_path / "nowhere" / "m.safetensors")],
        "predict": ["predict", str(model), f"{cohort}#Bo", "--out", str(tmp_path / "nowhere" / "p.h5ad")],
    }
    before = set((Path(os.environ["GENEGLASS_CACHE"])).rglob("*.npy"))
    assert run(arguments[command]) == 1
    assert "nowhere" in told(capsys)
    assert set(Path(os.environ["GENEGLASS_CACHE"]).rglob("*.npy")) == before


@pytest.mark.parametrize("what", ["truncated", "text", "missing"])
def test_model_file_that_is_none(what: str, model: Path, cohort: Path, tmp_path: Path, capsys) -> None:
    bad = tmp_path / "bad.safetensors"
    if what != "missing":
        shutil.copy(model, bad)
        {"truncated": truncate, "text": as_text}[what](bad)
    assert run(["predict", str(bad), f"{cohort}#Bo", "--out", str(tmp_path / "p.h5ad")]) == 1
    assert "bad.safetensors" in told(capsys)


@pytest.mark.parametrize("text", ["nowhere.svs", "nowhere", "nowhere.toml#Bo", "nowhere.h5ad"])
def test_path_that_does_not_exist(text: str, model: Path, tmp_path: Path, capsys) -> None:
    assert run(["predict", str(model), str(tmp_path / text), "--out", str(tmp_path / "p.h5ad")]) == 1
    assert "nowhere" in told(capsys)


def test_section_that_is_not_in_the_cohort(cohort: Path, model: Path, tmp_path: Path, capsys) -> None:
    assert run(["predict", str(model), f"{cohort}#Zed", "--out", str(tmp_path / "p.h5ad")]) == 1
    sentence = told(capsys)
    assert "Zed" in sentence
    assert "Bo" in sentence


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_folder_without_write_permission(cohort: Path, model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    old = folder / "p.h5ad"
    old.write_bytes(b"an old prediction")
    before = digest(old)
    folder.chmod(0o555)
    for open_folder in (tmp_path, *tmp_path.parents, cohort.parent, model.parent, *model.parents):
        if open_folder.owner() == Path(tmp_path).owner() and open_folder != Path("/"):
            open_folder.chmod(open_folder.stat().st_mode | 0o055)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    arguments = ["predict", str(model), f"{cohort}#Bo", "--out"]
    environment = os.environ | {"GENEGLASS_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-c", AS_NOBODY, *arguments, str(tmp_path / "cache" / "first.h5ad"), str(old)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    folder.chmod(0o755)
    text = " ".join(done.stderr.split())
    assert done.returncode == 1, text
    assert "locked" in text
    assert "Traceback" not in text
    assert digest(old) == before
    assert [path.name for path in folder.iterdir()] == ["p.h5ad"]


@pytest.fixture
def full_disk(tmp_path: Path):
    """A file system of 16 KB, where one can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and shutil.which("mount")
    if mounted:
        command = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("no tmpfs can be mounted here; tests/data/test_atomic.py has the shim")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk(full_disk: Path, cohort: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = full_disk / "p.h5ad"
    old.write_bytes(b"an old prediction")
    before = digest(old)
    assert run(["predict", str(model), f"{cohort}#Bo", "--out", str(old)]) == 1
    sentence = told(capsys)
    assert "full" in sentence or "space" in sentence
    assert digest(old) == before
    assert [path.name for path in full_disk.iterdir()] == ["p.h5ad"]
