"""Domains on a real breast section: drawn, named, changed, undone, chosen, handed on and compared with a reader's."""

import json
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import shapely
from qtpy.QtCore import Qt
from sklearn.metrics import cohen_kappa_score

from geneglass.viewer.domain_tools import LASSO, POLYGON
from geneglass.viewer.domains import PAN
from geneglass.viewer.gene_columns import INSIDE
from real_domains import READER, are_labelled, choose_name, drag, introduce, labels_of, point_at, spots_of_file, take
from real_tissue import CONTROL, MIN_COUNTS, SHIFT, Real

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
GENE = "IGKC"
RING = np.linspace(0, 2 * np.pi, 17)[:-1]


@pytest.fixture
def spots(shared_data: Path) -> pd.DataFrame:
    return spots_of_file(shared_data / "her2st", "C4")


class Places:
    """Where domains go, from where the spots are: level-0 pixels (y, x)."""

    def __init__(self, spots: pd.DataFrame) -> None:
        self._middle = spots[["y_px", "x_px"]].median().to_numpy()
        self._half = np.ptp(spots[["y_px", "x_px"]].to_numpy(), axis=0) / 2

    def at(self, y: float, x: float) -> tuple[float, float]:
        """Return a place by halves of the tissue's height and width from its middle."""
        found = self._middle + self._half * (y, x)
        return float(found[0]), float(found[1])

    def ring(self, y: float, x: float, radius_y: float, radius_x: float) -> list[tuple[float, float]]:
        return [self.at(y + radius_y * np.sin(turn), x + radius_x * np.cos(turn)) for turn in RING]


def test_domains(real: Real, spots: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, places = real.page("Domains"), Places(spots)
    drawn(real, page, places, spots)
    changed_and_undone(real, page, places, spots)
    r_inside(real, page)
    written_and_read_back(real, page, tmp_path / "out.geojson", monkeypatch)
    a_second_reader(real, page, spots, tmp_path / "reader.geojson", monkeypatch)


def names(real: Real) -> list[str]:
    return [domain.name for domain in real.session.domains]


def polygon_of(places_yx: Any) -> shapely.Polygon:
    return shapely.Polygon(np.array(places_yx)[:, ::-1])


def alike(shape: Any, wanted: Any) -> float:
    """Return the share of two shapes that both have."""
    return float(shapely.intersection(shape, wanted).area / shapely.union(shape, wanted).area)


def drawn(real: Real, page: Any, places: Places, spots: pd.DataFrame) -> None:
    """A lasso, a polygon, and a nest in the first: spots inside know it at once."""
    assert real.session.domains == ()
    ring = places.ring(0.0, 0.3, 0.45, 0.35)
    take(real, LASSO)
    introduce(real)
    real.slide.drag(ring)
    real.hand.wait(lambda: names(real) == ["Tumor"])
    assert (are_labelled(real, spots) == "Tumor").sum() > 20
    real.look("lasso")

    choose_name(real, "Stroma")
    corners = [places.at(*corner) for corner in ((-0.25, -0.2), (0.3, -0.2), (0.05, -0.95))]
    take(real, POLYGON)
    real.polygon(corners)
    real.hand.wait(lambda: names(real) == ["Tumor", "Stroma"])

    choose_name(real, "Immune cells")
    nest = places.ring(0.05, 0.35, 0.2, 0.16)
    take(real, LASSO)
    real.slide.drag(nest)
    real.hand.wait(lambda: len(names(real)) == 3)
    counted = are_labelled(real, spots).value_counts()
    assert set(counted.index) == {"", "Tumor", "Stroma", "Immune cells"}
    for domain, wanted in zip(real.session.domains, (ring, corners, nest), strict=True):
        assert alike(domain.shape, polygon_of(wanted)) > 0.9
        assert domain.annotator == READER
    mm = real.session.section.mpp / 1000
    table = page.list.table
    for row, domain in enumerate(real.session.domains):
        inside = shapely.covers(domain.shape, shapely.points(spots.x_px, spots.y_px))
        there = spots.index.isin(real.session.measured_places.names)
        wanted = (domain.name, f"{domain.shape.area * mm**2:.2f} mm²", f"{(inside & there).sum()}", READER)
        assert tuple(table.item(row, column).text() for column in range(4)) == wanted
    real.look("drawn")


def changed_and_undone(real: Real, page: Any, places: Places, spots: pd.DataFrame) -> None:
    """A corner is dragged, added, taken away; a domain is moved, renamed, deleted; all of it goes back and forth."""
    before = real.session.domains
    stroma = before[1]
    corner = places.at(-0.25, -0.2)
    states = [before]

    def done(n_corners: int | None = None) -> Any:
        real.hand.wait(lambda: real.session.domains != states[-1])
        states.append(real.session.domains)
        are_labelled(real, spots)
        found = next((domain for domain in real.session.domains if domain.id == stroma.id), None)
        if n_corners is not None:
            assert len(found.shape.exterior.coords) - 1 == n_corners
        return found

    take(real, "direct")
    point_at(real, places.at(0.05, -0.5))
    real.hand.wait(lambda: page.annotating.chosen == stroma.id)
    drag(real, corner, places.at(-0.45, -0.1))
    wanted = polygon_of([places.at(*at) for at in ((-0.45, -0.1), (0.3, -0.2), (0.05, -0.95))])
    assert alike(done(3).shape, wanted) > 0.9
    real.look("corners")
    take(real, "vertex_insert")
    point_at(real, tuple(np.mean([places.at(-0.45, -0.1), places.at(0.3, -0.2)], axis=0)))
    done(4)
    take(real, "vertex_remove")
    point_at(real, tuple(np.mean([places.at(-0.45, -0.1), places.at(0.3, -0.2)], axis=0)))
    done(3)
    take(real, "select")
    old = states[-1][1].shape.centroid
    drag(real, places.at(0.0, -0.4), places.at(0.2, -0.5))
    new = done(3).shape.centroid
    shift = np.subtract(places.at(0.2, -0.5), places.at(0.0, -0.4))
    np.testing.assert_allclose((new.y - old.y, new.x - old.x), shift, rtol=0.15)
    choose_name(real, "Fat")
    real.hand.click(page.list.call)
    assert done().name == "Fat"
    real.hand.click(page.list.delete)
    assert done() is None
    real.look("changed")
    for n, state in enumerate(reversed(states[:-1])):
        if n % 2:
            real.hand.click(page.tools.undo)
        else:
            real.key(real.slide.widget, Qt.Key.Key_Z, CONTROL)
        assert real.session.domains == state
        are_labelled(real, spots)
    for state in states[1:]:
        real.key(real.slide.widget, Qt.Key.Key_Z, CONTROL | SHIFT)
        assert real.session.domains == state
    for _ in states[1:]:
        real.hand.click(page.tools.undo)
    assert real.session.domains == before
    take(real, PAN)


def r_inside(real: Real, page: Any) -> None:
    """The chosen domain's r, also where a nest in it has the spot, is what numpy makes of the files."""
    point_at(real, tuple(np.mean([real.session.domains[0].shape.bounds[k::2] for k in (1, 0)], axis=1) * (0.85, 1)))
    real.hand.wait(lambda: page.annotating.chosen is not None)
    tumour = page.annotating.domain(page.annotating.chosen)
    assert tumour.name == "Tumor"
    values, totals = real.file_of("C4")
    made = anndata.read_h5ad(real.study.predictions["C4"])
    inside = shapely.covers(tumour.shape, shapely.points(made.obsm["spatial"]))
    rows = [name for name, here in zip(made.obs_names, inside, strict=True) if here and totals[name] >= MIN_COUNTS]
    wanted = np.corrcoef(values.loc[rows, GENE], made[rows, GENE].X[:, 0])[0, 1]
    real.page("Genes")
    real.show_gene(GENE)
    genes = real.panel.genes
    real.hand.wait(lambda: not genes.figures.pending)
    cell = genes.model.data(genes.model.index(genes.model.row_of(GENE), INSIDE))
    assert cell == f"{wanted:.2f}".replace("-", "−")
    real.look("r_inside")
    real.page("Domains")
    real.hand.click(page.list.whole)
    assert page.annotating.chosen is None


def written_and_read_back(real: Real, page: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is saved holds the outlines; a domain that was deleted comes back from it, the others are not doubled."""
    before = real.session.domains
    monkeypatch.setattr("geneglass.viewer.domain_files.choose_target", lambda *_: path)
    monkeypatch.setattr("geneglass.viewer.domain_files.choose_file", lambda *_: path)
    real.unfold(page.files)
    real.run(page.files.save["GeoJSON"])
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    for feature, domain in zip(features, before, strict=True):
        assert feature["properties"]["classification"]["name"] == domain.name
        assert shapely.equals(shapely.geometry.shape(feature["geometry"]), domain.shape)
    real.hand.click(page.list.table.viewport(), page.list.table.visualItemRect(page.list.table.item(1, 0)).center())
    real.hand.click(page.list.delete)
    assert names(real) == ["Tumor", "Immune cells"]
    real.unfold(page.files)
    real.run(page.files.open)
    assert sorted(real.session.domains, key=lambda item: item.id) == sorted(before, key=lambda item: item.id)
    real.look("read_back")


def a_second_reader(real: Real, page: Any, spots: pd.DataFrame, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another reader's file is compared by kappa over the spots, its conflicts are named, both are merged."""
    before = real.session.domains
    shapes = {domain.name: domain.shape for domain in before}
    x_px = (shapes["Tumor"].bounds[2] - shapes["Tumor"].bounds[0]) / 5
    theirs = {"Tumor": shapely.affinity.translate(shapes["Tumor"], x_px), "Fat": shapes["Stroma"]}
    path.write_text(json.dumps(geojson_of(theirs)), encoding="utf-8")
    monkeypatch.setattr("geneglass.viewer.domain_readers.choose_file", lambda *_: path)
    real.unfold(page.readers)
    real.run(page.readers.choose)
    there = spots.loc[[str(name) for name in real.session.measured_places.names]]
    other = labels_of([Named(name, shape) for name, shape in theirs.items()], there)
    kappa = cohen_kappa_score(labels_of(before, there), other)
    assert f"Cohen's kappa {kappa:.2f} over {len(there)} spots" in page.readers.told.text()
    conflicts = [page.readers.list.item(row).text() for row in range(page.readers.list.count())]
    assert any(text.startswith("Stroma or Fat") for text in conflicts)
    real.unfold(page.readers)
    real.look("readers")
    real.hand.click(page.readers.merge)
    assert {"Tumor", "Conflict: Stroma or Fat", "Conflict: Immune cells or Tumor"} <= set(names(real))
    are_labelled(real, spots)
    real.look("merged")
    real.hand.click(page.tools.undo)
    assert real.session.domains == before


class Named:
    """A name and a shape."""

    def __init__(self, name: str, shape: Any) -> None:
        self.name, self.shape = name, shape


def geojson_of(shapes: dict[str, Any]) -> dict[str, Any]:
    """Return shapes as QuPath exports them."""
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(shape),
            "properties": {"objectType": "annotation", "classification": {"name": name, "color": [200, 0, 0]}},
        }
        for name, shape in shapes.items()
    ]
    return {"type": "FeatureCollection", "features": features}
