"""The gene list beside real maps: several genes as colours, figures inside a domain, genes outside the panel."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from shapely import box

from geneglass.data.annotation import Domain
from geneglass.data.cohort import read_cohort
from geneglass.data.genes import normalise, spot_totals
from geneglass.data.section import open_section
from geneglass.overlay.channels import channel_colours
from geneglass.viewer.compare import compare_of
from geneglass.viewer.gene_columns import GENE, HERE, INSIDE, TRUST
from geneglass.viewer.gene_list import GeneList
from geneglass.viewer.selection import selection_of
from geneglass.viewer.session import session_of
from geneglass.viewer.titles import r_text
from geneglass.viewer.triton_apart import load_triton_apart
from geneglass.viewer.values import pearson
from geneglass.workflow.config import PredictConfig, TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.predict import predict
from geneglass.workflow.train import train
from make_cohort import make_cohort

LEFT, CONTROL, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def window(make_napari_viewer_proxy: Callable[..., Any], qtbot: Any, small_cohort: Path) -> tuple[Any, GeneList]:
    """Return a viewer with the first section open, and its gene list in a dock."""
    load_triton_apart()
    viewer = make_napari_viewer_proxy(show=True)
    session = session_of(viewer)
    cohort = read_cohort(small_cohort)
    session.set_cohort(cohort)
    session.open_section(cohort.sections[0])
    genes = GeneList(session, compare_of(viewer), viewer)
    viewer.window.add_dock_widget(genes, name="genes", area="right")
    viewer.window.resize(1280, 800)
    qtbot.waitExposed(genes)
    return viewer, genes


def mark(qtbot: Any, genes: GeneList, gene: str, modifier: Qt.KeyboardModifier) -> None:
    table = genes.table
    table.scrollTo(genes.model.index(genes.model.row_of(gene), GENE))
    place = table.visualRect(genes.model.index(genes.model.row_of(gene), GENE)).center()
    qtbot.mouseClick(table.viewport(), LEFT, modifier, pos=place)


def test_two_genes_are_seen_as_colours_in_both_panes(
    window: tuple[Any, GeneList], qtbot: Any, predicted: Callable[..., Any]
) -> None:
    viewer, genes = window
    session, compare = session_of(viewer), compare_of(viewer)
    session.set_prediction(predicted(session.section))
    qtbot.waitUntil(lambda: "NOVEL" in genes.model.names_shown and not genes.figures.pending)
    assert not genes.sets.both.isEnabled()
    mark(qtbot, genes, "CD74", NONE)
    mark(qtbot, genes, "ERBB2", CONTROL)
    qtbot.waitUntil(lambda: genes.sets.both.text() == "Show 2 together")
    qtbot.mouseClick(genes.sets.both, LEFT)
    one, other = genes.channels.shown
    assert [channel.gene for channel in (one, other)] == ["CD74", "ERBB2"]
    assert genes.sets.legend.isVisible()
    for side, read in (("measured", session.measured), ("predicted", session.predicted)):
        layer = compare.layer(side)
        assert layer.name == f"CD74 + ERBB2 {side}"
        assert not layer.face_colorbar.visible
        values = np.stack([read("CD74"), read("ERBB2")], axis=1)
        wanted = channel_colours(values, [(one.scale.low, one.scale.high), (other.scale.low, other.scale.high)])
        np.testing.assert_allclose(layer.face_color, wanted, atol=1e-5)
        assert side == "predicted" or len(np.unique(wanted, axis=0)) > 3
    assert f"magenta: CD74, {one.scale.low:.2f}" in viewer.canvas.overlays.text.text
    viewer.window.resize(1270, 790)
    qtbot.wait(50)
    assert compare.layer("measured").name == "CD74 + ERBB2 measured"
    qtbot.keyClick(genes.search, Qt.Key.Key_Up)
    assert genes.channels.shown == ()
    assert not genes.sets.legend.isVisible()
    assert compare.layer("measured").name.startswith(f"{session.gene} measured")
    assert compare.layer("measured").face_color_mode == "colormap"


def test_figures_inside_the_chosen_domain_are_over_its_own_spots(
    window: tuple[Any, GeneList], qtbot: Any, predicted: Callable[..., Any]
) -> None:
    viewer, genes = window
    session, selection = session_of(viewer), selection_of(viewer)
    session.set_prediction(predicted(session.section))
    left, right = Domain("Tumour", box(0, 0, 240, 320)), Domain("Tumour", box(250, 0, 480, 320))
    session.set_domains((left, Domain("Necrosis", box(100, 100, 220, 250)), right))
    assert not genes.table.shows(INSIDE)
    assert not genes.inside.isVisible()
    selection.set_domain(left.id)
    assert genes.table.shows(INSIDE)
    inside = (session.section.centres_yx[:, 1] <= 240) & session.measured_places.kept
    expected = pearson(session.measured("ERBB2")[inside], session.predicted("ERBB2")[inside])

    def cell(column: int = INSIDE, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return genes.model.data(genes.model.index(genes.model.row_of("ERBB2"), column), role)

    qtbot.waitUntil(lambda: cell() == r_text(expected))
    assert cell(role=Qt.ItemDataRole.ToolTipRole) == f"{r_text(expected)}, over {inside.sum()} spots"
    assert genes.inside.isVisible()
    assert genes.inside.text() == f"r in domain: Tumour, n = {inside.sum()}"
    heading = genes.model.headerData(INSIDE, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert f"Now: Tumour, n = {inside.sum()}." in heading

    selection.set_domain(right.id)
    beyond = session.section.centres_yx[:, 1] >= 250
    kept = beyond & session.measured_places.kept
    assert kept.sum() == beyond.sum() - 1
    other = pearson(session.measured("ERBB2")[kept], session.predicted("ERBB2")[kept])
    qtbot.waitUntil(lambda: cell() == r_text(other))
    assert genes.inside.text() == f"r in domain: Tumour, n = {kept.sum()}, 1 more set aside"

    session.set_domains((replace(right, shape=box(0, 0, 480, 320)),))
    qtbot.waitUntil(lambda: cell() == cell(HERE) != "–")
    session.set_domains(())
    assert not genes.table.shows(INSIDE)
    assert not genes.inside.isVisible()

    session.set_domains((left,))
    session.set_section(open_section(replace(session.source, spots=None)))
    selection.set_domain(left.id)
    assert selection.domain == left
    assert not genes.table.shows(INSIDE)
    assert not genes.inside.isVisible()


def test_a_gene_outside_the_panel_is_shown_as_untested(
    window: tuple[Any, GeneList], qtbot: Any, tmp_path: Path
) -> None:
    viewer, genes = window
    path = make_cohort(tmp_path, 5, sections=2, size_um=(800.0, 1100.0), n_genes=30)
    session, (first, second) = session_of(viewer), read_cohort(path).sections
    out = tmp_path / "m.safetensors"
    settings = {"epochs": 1, "validate": False, "k": 3, "embed_dim": 8}
    hold_out = (f"section:{first.name}",)
    finish(
        train(TrainConfig(path, out, "mclstexp", hold_out=hold_out, panel_size=10, cross_fit=False, settings=settings))
    )
    table = finish(predict(PredictConfig(model=out, section=f"{path}#{first.name}", out=tmp_path / "p.h5ad")))
    session.set_cohort(read_cohort(path))
    session.open_section(first)
    session.set_model(out)
    session.set_prediction(table)
    qtbot.waitUntil(lambda: len(genes.extra.offered) == 20)
    gene = sorted(genes.extra.offered)[0]
    qtbot.keyClicks(genes.search, gene.lower())
    qtbot.keyClick(genes.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: gene in session.derived)
    other = open_section(second)
    known = normalise(other.spots.table[:, [gene]].X.toarray(), spot_totals(other.spots))[:, 0]
    found = session.predicted(gene)
    assert known.min() - 1e-4 <= found.min() < found.max() <= known.max() + 1e-4
    assert "untested" in compare_of(viewer).layer("predicted").name
    assert genes.model.data(genes.model.index(genes.model.row_of(gene), TRUST)) == "○"
