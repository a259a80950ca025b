"""A real section handed on: figures of its maps, a report, tables of spots, and the session in a second window."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QMainWindow

from geneglass.viewer.domain_tools import LASSO
from geneglass.viewer.domains import PAN
from geneglass.viewer.kept_genes import kept_genes
from hand import Hand
from real_domains import READER, introduce, labels_of, spots_of_file, take
from real_tissue import MIN_COUNTS, Real

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
GENE, SECOND = "IGKC", "CD24"
WIDTH_MM, DPI = 120, 150
RING = np.linspace(0, 2 * np.pi, 17)[:-1]
NOTE = "For the board on Tuesday"


@pytest.fixture
def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Answer every question where to save by a file in a folder of its own, and remember which it was."""
    asked: dict[str, Path] = {}

    def target(_: Any, title: str, start: Path, __: str) -> Path:
        asked["last"] = tmp_path / "out" / Path(start).name
        asked["last"].parent.mkdir(exist_ok=True)
        return asked["last"]

    for module in ("figure_form", "domain_files", "session_row"):
        monkeypatch.setattr(f"geneglass.viewer.{module}.choose_target", target)
    return asked


@pytest.fixture
def spots(shared_data: Path) -> pd.DataFrame:
    return spots_of_file(shared_data / "her2st", "C4")


def test_handing_on(
    real: Real,
    her2st_cohort: Path,
    spots: pd.DataFrame,
    targets: dict[str, Path],
    make_napari_viewer_proxy: Callable[..., Any],
) -> None:
    draw_and_choose(real, spots)
    figure(real, targets)
    report(real, spots, targets)
    tables(real, spots, targets)
    file = session_saved(real, targets)
    make_napari_viewer_proxy(show=True)
    reopened(real, second_window(real, her2st_cohort), file)


def draw_and_choose(real: Real, spots: pd.DataFrame) -> None:
    """A domain, a gene and a favourite."""
    real.page("Domains")
    middle, reach = (f(spots[["y_px", "x_px"]].to_numpy(), axis=0) for f in (np.median, np.ptp))
    take(real, LASSO)
    introduce(real)
    real.slide.drag(middle + reach / 5 * np.stack([np.sin(RING), np.cos(RING)], axis=1))
    real.hand.wait(lambda: len(real.session.domains) == 1)
    take(real, PAN)
    real.page("Genes")
    for gene in (SECOND, GENE):
        real.show_gene(gene)
        if gene == SECOND:
            real.key(real.panel.genes.table, Qt.Key.Key_F)
    assert kept_genes().book.favourites == {SECOND}


def r_of_files(real: Real, gene: str, rows: Any = None) -> tuple[float, int]:
    values, totals = real.file_of("C4")
    made = anndata.read_h5ad(real.study.predictions["C4"])
    names = [name for name in (made.obs_names if rows is None else rows) if totals[name] >= MIN_COUNTS]
    return float(np.corrcoef(values.loc[names, gene], made[names, gene].X[:, 0])[0, 1]), len(names)


def figure(real: Real, targets: dict[str, Path]) -> None:
    """A figure says gene, r, unit and scale, has its size, and its colours are those of the map."""
    page = real.page("Share")
    real.choose(page.figures.kind, "SVG, to edit")
    real.type_number(page.figures.width_mm, f"{WIDTH_MM}")
    real.type_number(page.figures.dpi, f"{DPI}")
    real.run(page.figures.figure)
    assert targets["last"].name == f"C4_{GENE}.svg"
    text = targets["last"].read_text(encoding="utf-8")
    told = " ".join(unescape(part) for part in re.findall(r">([^<>]*)</", text))
    r, n = r_of_files(real, GENE)
    for wanted in (f"{GENE} measured", f"{GENE} predicted, r = {r:.2f} (n = {n})", "ln(1 + counts per 10k)"):
        assert wanted in told, wanted
    assert re.search(r"\b(1|2|5|\d+00) [mµ]m\b", told), "no scale bar"
    real.choose(page.figures.kind, "PNG, a picture")
    real.run(page.figures.figure)
    with Image.open(targets["last"]) as picture:
        assert picture.width == pytest.approx(WIDTH_MM / 25.4 * DPI, abs=1)
        pixels = np.asarray(picture.convert("RGB"), float).reshape(-1, 3)
    lightest = np.array([253, 231, 37])
    assert (np.abs(pixels - lightest).max(axis=1) < 40).sum() > 50, "the last colour of the scale is nowhere"
    real.look("figure")
    real.hand.click(page.figures.window_picture)
    with Image.open(targets["last"]) as picture:
        assert picture.size[0] >= 1200


def report(real: Real, spots: pd.DataFrame, targets: dict[str, Path]) -> None:
    """The report has the genes asked for, r here and in the domain as the files have them, and trust."""
    page = real.page("Share")
    real.hand.click(page.genes.shown)
    real.hand.click(page.genes.favourites)
    assert page.genes.genes() == (GENE, SECOND)
    real.hand.click(page.note)
    real.hand.keys(page.note, NOTE)
    real.run(page.report)
    real.look("report")
    text = unescape(targets["last"].read_text(encoding="utf-8"))
    assert targets["last"].with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert NOTE in text
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", text)]
    (domain,) = real.session.domains
    labels = labels_of([domain], spots)
    inside = [name for name in labels.index[labels != ""] if name in set(real.session.measured_places.names)]
    mm2 = domain.shape.area * (real.session.section.mpp / 1000) ** 2
    made = anndata.read_h5ad(real.study.predictions["C4"])
    of_domain = next(row for row in rows if row and row[0] == domain.name)
    assert of_domain[1:4] == [f"{mm2:.3g}", f"{len(inside)}", READER]
    for place, gene in enumerate((GENE, SECOND)):
        r, n = r_of_files(real, gene)
        of_gene = next(row for row in rows if row and row[0] == gene)
        assert of_gene[1:4] == [f"{r:.2f}", f"{n}", f"{made.var.trust_r[gene]:.2f}"]
        assert of_domain[4 + place] == f"{r_of_files(real, gene, inside)[0]:.2f}".replace("-", "−")
    assert text.count("data:image/") >= 4, "maps, domains and trust are pictures in the page"
    assert "C2, C3" in text


def tables(real: Real, spots: pd.DataFrame, targets: dict[str, Path]) -> None:
    """Spots go out with their counts and the domain of each, as h5ad and CSV; outlines as GeoJSON."""
    page = real.page("Domains")
    real.unfold(page.files)
    names = [str(name) for name in real.session.measured_places.names]
    labels = labels_of(real.session.domains, spots.loc[names])
    real.run(page.files.save["h5ad"])
    out = anndata.read_h5ad(targets["last"])
    assert list(out.obs_names) == names
    told = out.obs["domain"].astype(object)
    pd.testing.assert_series_equal(told.where(told.notna(), ""), labels, check_names=False)
    np.testing.assert_allclose(np.asarray(out.X.sum(axis=1)).ravel(), real.file_of("C4")[1][names])
    real.run(page.files.save["CSV"])
    table = pd.read_csv(targets["last"], keep_default_na=False).set_index("spot")
    pd.testing.assert_series_equal(table.domain, labels, check_names=False)
    np.testing.assert_allclose(table[["x_px", "y_px"]], spots.loc[names, ["x_px", "y_px"]], atol=0.011)
    real.run(page.files.save["GeoJSON"])
    assert READER in targets["last"].read_text(encoding="utf-8")
    real.look("tables")


def session_saved(real: Real, targets: dict[str, Path]) -> Path:
    """Come nearer to the domain, and save the session."""
    y, x = np.mean(np.array(real.session.domains[0].shape.bounds).reshape(2, 2), axis=0)[::-1]
    zoom = real.viewer.scene.camera.zoom
    real.slide.wheel(y, x, 2)
    real.hand.wait(lambda: real.viewer.scene.camera.zoom > zoom)
    row = real.page("Slides").session_row
    real.hand.click(row.save)
    real.hand.wait(lambda: "Session saved" in real.panel.messages.text.text())
    return targets["last"]


def second_window(real: Real, her2st: Path) -> Real:
    """Return a hand at the window that is not the first one."""
    windows = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMainWindow)]
    (window,) = [window for window in windows if window.isVisible() and window is not real.hand.window]
    window.resize(real.hand.window.size())
    real.hand.qtbot.waitExposed(window)
    window.activateWindow()
    return Real(Hand(window, real.hand.qtbot, real.hand.folder / "second"), her2st)


def reopened(real: Real, again: Real, file: Path) -> None:
    """Dropped on a second window, the file shows what the first one shows."""
    again.hand.folder.mkdir(exist_ok=True)
    first = real.session
    again.drop(file)
    assert again.session is not first
    assert (again.session.source.name, again.session.gene) == ("C4", GENE)
    assert [domain.id for domain in again.session.domains] == [domain.id for domain in first.domains]
    for one, other in zip(again.session.domains, first.domains, strict=True):
        assert shapely.equals_exact(one.shape, other.shape, 0.01)
    np.testing.assert_array_equal(again.session.prediction.X, first.prediction.X)
    titles = [[side.title.long for side in at.panel.compare.view.sides.values()] for at in (again, real)]
    assert titles[0] == titles[1]
    views = [at.panel.field.now() for at in (again, real)]
    assert views[0].centre_yx_px == pytest.approx(views[1].centre_yx_px, abs=1)
    assert views[0].zoom == pytest.approx(views[1].zoom)
    again.look("second_window")
