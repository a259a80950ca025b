"""`geneglass report`: the report of a section from its files."""

import json
from pathlib import Path

import anndata
import pytest
from shapely.geometry import box

from geneglass.cli.main import run
from geneglass.data.annotation import Domain
from geneglass.data.geojson import write_domains
from geneglass.workflow.config import PredictConfig, TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.predict import predict
from geneglass.workflow.train import train


@pytest.fixture(scope="module")
def prediction(tiny_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prediction of Cleo."""
    folder = tmp_path_factory.mktemp("report")
    model = folder / "model.safetensors"
    settings = TrainConfig(
        tiny_cohort, model, recipe="ridge", hold_out=("section:Cleo",), panel_size=8, min_counts=0, cross_fit=False
    )
    finish(train(settings))
    out = folder / "Cleo.h5ad"
    finish(predict(PredictConfig(model, f"{tiny_cohort}#Cleo", out)))
    return out


@pytest.fixture
def genes(prediction: Path) -> tuple[str, ...]:
    return tuple(anndata.read_h5ad(prediction, backed="r").var_names[:2])


def test_a_page_and_a_pdf_are_written_and_named(
    prediction: Path, tiny_cohort: Path, genes: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, drawn = tmp_path / "cleo.html", tmp_path / "drawn.geojson"
    write_domains(drawn, [Domain("Nest", box(0, 0, 400, 300))])
    arguments = ["report", str(prediction), f"{tiny_cohort}#Cleo", "--genes", ",".join(genes), "--out", str(out)]
    assert run([*arguments, "--domains", str(drawn), "--note", "For Tuesday", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"page": str(out), "pdf": str(out.with_suffix(".pdf")), "genes": list(genes)}
    page = out.read_text(encoding="utf-8")
    assert all(word in page for word in (*genes, "Nest", "For Tuesday", "Cleo"))
    assert out.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cleo.html", "cleo.pdf", "drawn.geojson"]


def test_what_is_at_fault_is_one_sentence_and_writes_nothing(
    prediction: Path, tiny_cohort: Path, genes: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, cleo = tmp_path / "r.html", f"{tiny_cohort}#Cleo"
    for arguments, code, word in (
        ([str(prediction), cleo, "--genes", genes[0], "--out", "r.pdf"], 2, ".html"),
        ([str(prediction), cleo, "--genes", " , ", "--out", str(out)], 2, "--genes"),
        ([str(prediction), cleo, "--out", str(out)], 2, "genes"),
        ([str(prediction), cleo, "--genes", "NOPE", "--out", str(out)], 1, "NOPE"),
        ([str(tmp_path / "none.h5ad"), cleo, "--genes", genes[0], "--out", str(out)], 1, "none.h5ad"),
        ([str(prediction), f"{tiny_cohort}#Ada", "--genes", genes[0], "--out", str(out)], 1, "not of 'Ada'"),
        ([str(prediction), cleo, "--genes", genes[0], "--out", str(tmp_path / "no" / "r.html")], 1, "no"),
    ):
        assert run(["report", *arguments]) == code, arguments
        caught = capsys.readouterr()
        assert word in caught.err.replace("\n", " ")
        assert "Traceback" not in caught.err
        assert caught.out == ""
    assert not list(tmp_path.iterdir())
