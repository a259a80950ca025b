"""A section's report: the figures it states, the page and the PDF, and maps as figures."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from shapely.geometry import box

from geneglass.data.annotation import Domain
from geneglass.data.cohort import read_cohort
from geneglass.data.genes import normalise, panel_counts, spot_totals
from geneglass.data.section import open_section
from geneglass.errors import InputError, UsageError
from geneglass.workflow.config import PredictConfig, TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.map_drawing import whole_view
from geneglass.workflow.map_figure import MapFigure, map_figure
from geneglass.workflow.predict import predict
from geneglass.workflow.scale_bar import bar_length, bar_words
from geneglass.workflow.section_figures import Painter
from geneglass.workflow.section_findings import SectionReport, find
from geneglass.workflow.section_report import section_report
from geneglass.workflow.train import train


@pytest.fixture(scope="module")
def model(tiny_cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "model.safetensors"
    given = TrainConfig(tiny_cohort, out, recipe="ridge", hold_out=("section:Cleo",), panel_size=20, min_counts=0)
    return finish(train(given))


@pytest.fixture(scope="module")
def predictions(tiny_cohort, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("predictions")

    def made(name, **changes):
        given = PredictConfig(model, f"{tiny_cohort}#{name}", folder / f"{name}{len(changes)}.h5ad", **changes)
        return finish(predict(given))

    return {"spots": made("Cleo"), "grid": made("Cleo", stride_um=120.0)}


@pytest.fixture(scope="module")
def section(tiny_cohort):
    found = open_section(read_cohort(tiny_cohort).sections[-1])
    height, width = found.slide.levels[0].height_px, found.slide.levels[0].width_px
    left = Domain("Tumour & nest", box(0, 0, width * 0.4, height), (200, 30, 60), annotator="KR")
    nowhere = Domain("Far", box(width * 0.99, 0, width, height * 0.01))
    return replace(found, domains=(left, nowhere))


@pytest.fixture
def report(section, predictions, tmp_path):
    table = predictions["spots"]
    return SectionReport(section, table, tuple(table.var_names[:3]), tmp_path / "report.html", note="For <you>.")


def test_r_mean_and_detection_are_those_of_the_counted_spots_and_of_each_domain(report):
    found, section, gene = find(report), report.section, report.genes[1]
    facts = found.facts[1]
    totals = spot_totals(section.spots)
    measured = normalise(panel_counts(section.spots, [gene]), totals)[:, 0]
    predicted = report.prediction[section.spots.table.obs_names, gene].X[:, 0]
    np.testing.assert_allclose(facts.r, np.corrcoef(measured, predicted)[0, 1], atol=1e-5)
    np.testing.assert_allclose((facts.mean, facts.detected), (measured.mean(), (measured > 0).mean()), rtol=1e-5)
    assert facts.trust_r == pytest.approx(report.prediction.var.loc[gene, "trust_r"], nan_ok=True)
    inside = section.centres_yx[:, 1] <= section.slide.levels[0].width_px * 0.4
    tumour, far = facts.domains
    assert (tumour.domain, tumour.n_spots, far.n_spots) == ("Tumour & nest", inside.sum(), 0)
    np.testing.assert_allclose(tumour.r, np.corrcoef(measured[inside], predicted[inside])[0, 1], atol=1e-5)
    np.testing.assert_allclose(tumour.predicted, predicted[inside].mean(), rtol=1e-5)
    assert np.isnan(far.r)


def test_the_page_needs_no_network_and_says_what_is_in_it(report):
    page, pdf = finish(section_report(report))
    text = page.read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert text.count("<img") == len(report.genes) + 2
    for said in (*report.genes, "Tumour &amp; nest", "KR", "For &lt;you&gt;.", "held-out r", "0.1.0", "model hash"):
        assert said in text
    assert "training data" not in text
    assert pdf.read_bytes().startswith(b"%PDF")
    # First page, two pages of genes, the domains, two tables of them, and where it comes from.
    assert len(re.findall(rb"/Type /Page[^s]", pdf.read_bytes())) == 7


def test_a_training_section_and_a_grid_are_not_given_an_r_that_would_mislead(report, predictions):
    known = predictions["spots"].copy()
    known.obs["trained_on"] = True
    training = find(replace(report, prediction=known))
    assert training.training
    assert "is training data" in training.warnings[0]
    assert training.tables["genes"][0][1] == "r here (training data)"
    grid = find(replace(report, prediction=predictions["grid"]))
    assert "grid" in grid.warnings[0]
    assert all(np.isnan(item.r) for item in grid.facts)
    alone = find(replace(report, section=replace(report.section, spots=None), prediction=predictions["grid"]))
    assert "can not be checked here" in alone.warnings[0]


def test_a_grid_is_drawn_as_tiles_beside_the_measured_spots(report, predictions):
    what = replace(report, prediction=predictions["grid"])
    measured, predicted = Painter(what, find(what)).maps(0)
    assert (measured.square, predicted.square) == (False, True)
    assert predicted.size_px == pytest.approx(120 / report.section.mpp)


def test_what_can_not_be_reported_is_refused(report, tmp_path):
    for changes, said in (
        ({"genes": ()}, "1 to 60 genes"),
        ({"out": tmp_path / "report.txt"}, "ends in .html"),
    ):
        with pytest.raises(UsageError, match=said):
            replace(report, **changes)
    with pytest.raises(InputError, match="Neither measured nor predicted here: NOPE"):
        find(replace(report, genes=("NOPE",)))


def test_a_cancelled_report_leaves_no_file_behind(report):
    job = section_report(replace(report, genes=report.genes[:1]))
    while "PDF" not in next(job).stage:
        pass
    job.close()
    assert [path.name for path in report.out.parent.iterdir()] == ["report.html"]


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_a_figure_has_the_size_asked_for_and_is_the_same_twice(report, kind, tmp_path):
    painter = Painter(report, find(report))
    what = MapFigure(report.section, painter.maps(0), painter.view, "A note.", tmp_path / f"f.{kind}", 120, 100)
    path = finish(map_figure(what))
    first = path.read_bytes()
    finish(map_figure(what))
    assert path.read_bytes() == first
    if kind == "png":
        picture = Image.open(path)
        assert picture.width == pytest.approx(120 / 25.4 * 100, abs=1)
        assert np.asarray(picture.convert("RGB"), float).std() > 15
    if kind == "svg":
        assert first.count(b"<svg") == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"width_mm": 5.0}, "20 to 2000 mm"), ({"dpi": 1200, "width_mm": 900.0}, "20,000"), ({"suffix": ".bmp"}, ".svg")],
)
def test_a_figure_that_makes_no_sense_is_refused(report, tmp_path, changes, said):
    painter = Painter(report, find(report))
    out = tmp_path / f"f{changes.pop('suffix', '.png')}"
    with pytest.raises(UsageError, match=said):
        MapFigure(report.section, painter.maps(0), painter.view, "", out, **changes)


def test_a_view_stays_on_the_slide(section):
    level = section.slide.levels[0]
    view = whole_view(section.slide, section.centres_yx, 1e6)
    assert (view.top_px, view.left_px, view.height_px, view.width_px) == (0, 0, level.height_px, level.width_px)


@pytest.mark.parametrize(("longest", "expected"), [(730, 500), (200, 200), (0.07, 0.05), (12_000, 10_000)])
def test_a_scale_bar_has_a_round_length(longest, expected):
    assert bar_length(longest) == pytest.approx(expected)


def test_lengths_are_written_as_people_do():
    assert (bar_words(500), bar_words(2000), bar_words(0.5)) == ("500 µm", "2 mm", "0.5 µm")
