"""Domains: drawn, chosen, proposed, compared."""

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from qtpy.QtWidgets import QScrollArea, QWidget

from geneglass.data.annotation import Domain
from geneglass.data.geojson import write_domains
from tour.canvas import Canvas
from tour.pictures import save_window, show_page, wait_until

RING = np.linspace(0, 2 * np.pi, 40)


def shots(panel: Any, viewer: Any, folder: Path) -> None:
    """Save the states of the page Domains, on a section with measured spots."""
    page, session = panel.pages["domains"], panel.desk.session
    show_page(panel, "Domains")
    save_window(panel, folder / "domains_empty.png")
    page.tools.take("add_polygon_lasso")
    save_window(panel, folder / "domains_who.png")
    page.tools.who.setText("A. Smith")
    page.tools.who.returnPressed.emit()
    centres_yx = np.asarray(session.measured_places.centres_yx, float)
    middle, reach = centres_yx.mean(axis=0), np.ptp(centres_yx, axis=0) / 2
    Canvas(viewer).drag(_ring(middle - reach * (0.1, 0.45), reach * (0.6, 0.35)))
    wait_until(lambda: len(session.domains) == 1)
    page.annotating.set_name("Stroma")
    page.tools.take("add_polygon_lasso")
    Canvas(viewer).drag(_ring(middle + reach * (0.1, 0.5), reach * (0.7, 0.35)))
    wait_until(lambda: len(session.domains) == 2)
    page.tools.take("pan_zoom")
    page.annotating.choose(session.domains[0].id)
    save_window(panel, folder / "domains_drawn.png")
    page.tools.take("direct")
    save_window(panel, folder / "domains_corners.png")
    page.tools.take("pan_zoom")
    _clusters(panel, page, folder)
    _genes(panel, page, folder)
    _readers(panel, page, folder)


def _ring(middle_yx: Any, reach_yx: Any) -> np.ndarray:
    return np.stack([middle_yx[0] + reach_yx[0] * np.sin(RING), middle_yx[1] + reach_yx[1] * np.cos(RING)], axis=1)


def _clusters(panel: Any, page: Any, folder: Path) -> None:
    page.clusters.propose.click()
    wait_until(lambda: page.clusters.list.count() > 0, 120)
    _unfold(page, page.clusters)
    save_window(panel, folder / "domains_clusters.png")
    page.clusters.dismiss.click()


def _genes(panel: Any, page: Any, folder: Path) -> None:
    page.differences.second.setCurrentText("Stroma")
    page.differences.compare.click()
    wait_until(lambda: page.differences.table.rowCount() > 0, 120)
    page.differences.table.setCurrentCell(0, 0)
    _unfold(page, page.differences)
    save_window(panel, folder / "domains_genes.png")


def _readers(panel: Any, page: Any, folder: Path) -> None:
    first, second = panel.desk.session.domains
    left, top, right, bottom = first.shape.bounds
    shifted = shapely.affinity.translate(first.shape, (right - left) / 3, (bottom - top) / 8)
    file = folder / "other_reader.geojson"
    write_domains(file, [Domain(first.name, shifted, annotator="B. Jones"), Domain("Fat", second.shape)])
    page.readers.compare(file)
    wait_until(lambda: page.readers.merge.isVisibleTo(page.readers), 60)
    _unfold(page, page.readers)
    save_window(panel, folder / "domains_readers.png")
    page.readers.dismiss.click()
    file.unlink()
    _unfold(page, page.files)
    save_window(panel, folder / "domains_files.png")


def _unfold(page: QWidget, content: QWidget) -> None:
    content.parentWidget().button.setChecked(True)
    area: Any = page
    while not isinstance(area, QScrollArea):
        area = area.parentWidget()
    area.widget().adjustSize()
    area.ensureWidgetVisible(content, 0, 12)
