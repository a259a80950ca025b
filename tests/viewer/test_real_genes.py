"""The gene list on a real breast section: found, sorted, walked through, kept, scored together, seen together."""

from typing import Any

import anndata
import numpy as np
import pytest
import scanpy
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication

from geneglass.data.gene_book import SIGN
from geneglass.overlay.channels import channel_colours
from geneglass.viewer.gene_columns import FOUND, GENE, HELD_OUT, HERE, MEAN, MORAN, STAR, TRUST
from geneglass.viewer.kept_genes import kept_genes
from real_tissue import CONTROL, LEFT, MIN_COUNTS, N_GENES, Real

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
PLASMA = ("IGHG1", "IGHG3", "IGKC", "IGLC2")
"""Of the cells that make antibodies: alike on tissue."""


def test_genes(real: Real) -> None:
    genes = real.panel.genes
    real.page("Genes")
    real.hand.wait(lambda: not genes.figures.pending)
    no_figure_of_trust_is_cut_off(genes)
    found_as_typed(real, genes)
    figures_are_those_of_the_files(real, genes)
    sorted_and_walked_through(real, genes)
    a_favourite(real, genes)
    a_signature(real, genes)
    two_as_channels(real, genes)


def shown(genes: Any) -> list[str]:
    return list(genes.model.names_shown)


def cell(genes: Any, gene: str, column: int) -> str:
    return str(genes.model.data(genes.model.index(genes.model.row_of(gene), column)))


def number(text: str) -> float:
    return np.nan if text == "–" else float(text.replace("−", "-").replace("%", ""))


def no_figure_of_trust_is_cut_off(genes: Any) -> None:
    """With the names of 15,842 genes, r on this section is seen beside the held-out r without scrolling."""
    header = genes.table.horizontalHeader()
    right_px = header.sectionViewportPosition(HERE) + header.sectionSize(HERE)
    assert right_px <= genes.table.viewport().width()
    tip = genes.model.data(genes.model.index(genes.model.row_of("IGKC"), HELD_OUT), Qt.ItemDataRole.ToolTipRole)
    assert "(" in tip


def type_in(real: Real, text: str) -> None:
    """Put a text into the search box in place of what stands there."""
    search = real.panel.genes.search
    real.hand.click(search)
    real.key(search, Qt.Key.Key_A, CONTROL)
    real.hand.keys(search, text) if text else real.key(search, Qt.Key.Key_Delete)


def found_as_typed(real: Real, genes: Any) -> None:
    """A part, several parts, a wildcard, a list with a name that is not there."""
    names = set(real.file_of("C4")[0].columns)
    assert set(shown(genes)) == names
    type_in(real, "krt*")
    assert set(shown(genes)) == {name for name in names if name.upper().startswith("KRT")}
    real.look("genes_wildcard")
    type_in(real, "igh g")
    assert set(shown(genes)) == {name for name in names if "IGH" in name.upper() and "G" in name.upper()}
    QApplication.clipboard().setText("\n".join((*PLASMA, "NOTAGENE")))
    type_in(real, "")
    real.key(genes.search, Qt.Key.Key_V, CONTROL)
    assert set(shown(genes)) == set(PLASMA)
    assert genes.absent.text() == "1 of the 5 names of your list are not here: NOTAGENE."
    real.look("genes_list")
    type_in(real, "")


def figures_are_those_of_the_files(real: Real, genes: Any) -> None:
    """What stands in the table is what counts and prediction say, worked out here from the files."""
    real.hand.click(genes.only_predicted)
    assert len(shown(genes)) == N_GENES
    values, kept = measured(real)
    made = anndata.read_h5ad(real.study.predictions["C4"])
    for gene in shown(genes):
        there, told = values.loc[kept, gene], made[kept, gene].X[:, 0]
        assert number(cell(genes, gene, HERE)) == pytest.approx(np.corrcoef(there, told)[0, 1], abs=0.006)
        assert number(cell(genes, gene, MEAN)) == pytest.approx(there.mean(), abs=0.006)
        assert number(cell(genes, gene, FOUND)) == pytest.approx(100 * (there > 0).mean(), abs=0.51)
        # One patient alone can not show that a gene is read from tissue.
        assert cell(genes, gene, TRUST) == "?"
        assert number(cell(genes, gene, HELD_OUT).split()[0]) == pytest.approx(
            made.var.trust_r[gene], abs=0.006, nan_ok=True
        )


def measured(real: Real) -> tuple[Any, list[str]]:
    """Return the measured values of C4, and the spots that are not set aside."""
    values, totals = real.file_of("C4")
    places = real.session.measured_places
    names = [str(name) for name in places.names]
    kept = [name for name in names if totals[name] >= MIN_COUNTS]
    assert kept == [name for name, is_kept in zip(names, places.kept, strict=True) if is_kept]
    return values, kept


def sorted_and_walked_through(real: Real, genes: Any) -> None:
    """A click on a heading sorts; arrow keys go down the list, and both maps change with each."""
    header = genes.table.horizontalHeader()
    for column in (HERE, MORAN):
        for _ in range(2):
            at = QPoint(header.sectionViewportPosition(column) + header.sectionSize(column) // 2, header.height() // 2)
            if at.x() > header.viewport().width():
                genes.table.horizontalScrollBar().setValue(genes.table.horizontalScrollBar().maximum())
                at.setX(header.sectionViewportPosition(column) + header.sectionSize(column) // 2)
            real.hand.click(header.viewport(), at)
        numbers = [number(cell(genes, gene, column)) for gene in shown(genes)]
        assert numbers in (sorted(numbers), sorted(numbers, reverse=True))
        assert numbers[0] != numbers[-1]
        real.look(f"genes_sorted_{column}")
    values, _ = measured(real)
    real.hand.click(genes.search)
    place = shown(genes).index(real.session.gene)
    steps = [Qt.Key.Key_Down] * 2 if place < N_GENES - 3 else [Qt.Key.Key_Up] * 2
    for n, key in enumerate(steps, start=1):
        real.hand.keys(genes.search, "", key)
        gene = real.session.gene
        assert gene == shown(genes)[place + (n if key == Qt.Key.Key_Down else -n)]
        layer = real.panel.compare.layer("measured")
        np.testing.assert_allclose(
            layer.features["value"], values.loc[real.session.measured_places.names, gene], rtol=1e-4
        )
        assert layer.name.startswith(f"{gene} measured")
        assert f"r = {cell(genes, gene, HERE)}" in real.panel.compare.view.sides["predicted"].title.long


def a_favourite(real: Real, genes: Any) -> None:
    """A star by key and one by mouse; then they alone."""
    real.key(genes.table, Qt.Key.Key_F)
    other = shown(genes)[0]
    genes.table.horizontalScrollBar().setValue(0)
    genes.table.scrollToTop()
    place = genes.table.visualRect(genes.model.index(0, STAR)).center()
    real.hand.click(genes.table.viewport(), place)
    assert kept_genes().book.favourites == {real.session.gene, other}
    real.hand.click(genes.only_favourites)
    assert set(shown(genes)) == {real.session.gene, other}
    real.look("genes_favourites")
    real.hand.click(genes.only_favourites)


def a_signature(real: Real, genes: Any) -> None:
    """A list from a paper becomes one score, as scanpy would have it."""
    type_in(real, ", ".join(PLASMA))
    real.hand.click(genes.sets.signature)
    real.hand.keys(genes.sets.name, "Plasma cells", Qt.Key.Key_Return)
    name = f"{SIGN}Plasma cells"
    real.hand.wait(lambda: real.session.gene == name)
    real.hand.wait(lambda: not genes.figures.pending)
    values, kept = measured(real)
    table = anndata.AnnData(values.loc[kept].astype(np.float32))
    scanpy.tl.score_genes(table, list(PLASMA), random_state=1)
    score = real.session.measured(name)[real.session.measured_places.kept]
    assert np.corrcoef(score, table.obs["score"])[0, 1] > 0.9
    assert number(cell(genes, name, HERE)) == pytest.approx(real.session.r(name).r, abs=0.006)
    assert real.panel.compare.layer("predicted").name.startswith(name)
    real.look("genes_signature")


def two_as_channels(real: Real, genes: Any) -> None:
    """Two genes marked with Ctrl and click are seen in a colour each, on both maps; an arrow key ends it."""
    names = ("CD24", "IGKC")
    type_in(real, ", ".join(names))
    for row, modifier in enumerate((Qt.KeyboardModifier.NoModifier, CONTROL)):
        place = genes.table.visualRect(genes.model.index(row, GENE)).center()
        real.hand.qtbot.mouseClick(genes.table.viewport(), LEFT, modifier, pos=place)
    real.hand.click(genes.sets.both)
    assert {channel.gene for channel in genes.channels.shown} == set(names)
    limits = [(channel.scale.low, channel.scale.high) for channel in genes.channels.shown]
    for side, read in (("measured", real.session.measured), ("predicted", real.session.predicted)):
        values = np.stack([read(channel.gene) for channel in genes.channels.shown], axis=1)
        np.testing.assert_allclose(
            real.panel.compare.layer(side).face_color, channel_colours(values, limits), atol=1e-5
        )
    assert genes.sets.legend.isVisible()
    real.look("genes_two")
    real.key(genes.search, Qt.Key.Key_Up)
    assert genes.channels.shown == ()
    assert not genes.sets.legend.isVisible()
