"""The states of the gene list, as pictures."""

from pathlib import Path
from typing import Any

from qtpy.QtCore import QItemSelectionModel, QPoint, Qt
from qtpy.QtTest import QTest

from geneglass.viewer.gene_columns import GENE, MORAN
from tour.pictures import save_window, show_page, wait_until

ROWS = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
TOGETHER = ("KRT8", "BGN", "BANK1")
"""Of tumour, stroma and lymphocytes."""
UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


def shots(panel: Any, viewer: Any, folder: Path) -> None:
    """Save the states of the gene list on a predicted section; where the model retrieves, of an untested gene too."""
    genes, session = panel.genes, panel.desk.session

    def shot(name: str) -> None:
        save_window(panel, folder / f"genes_{name}.png")

    show_page(panel, "Genes")
    genes.search.clear()
    wait_until(lambda: not genes.figures.pending)
    shot("table")
    bar = genes.table.horizontalScrollBar()
    bar.setValue(bar.maximum())
    shot("table_right")
    bar.setValue(0)
    genes.table.sortByColumn(MORAN, DOWN)
    genes.step(1)
    for name in genes.model.names_shown[:2]:
        genes.star(name)
    shot("sorted_by_pattern")
    genes.table.sortByColumn(GENE, UP)
    names = genes.model.names_shown
    genes.search.setText("KRT*")
    shot("wildcard")
    genes.search.setText(", ".join((*names[3:9], "NOTHERE1", "NOTHERE2")))
    genes.sets.signature.click()
    genes.sets.name.setText("From the paper")
    shot("pasted_list")
    genes.sets.keep.click()
    wait_until(lambda: session.gene is not None and session.gene.startswith("Σ"))
    shot("signature")
    genes.extra.show(names[2])
    wait_until(lambda: session.gene == names[2] and genes.extra.wanted is None)
    panel.messages.hide()
    for n in (2, 3):
        model = genes.table.selectionModel()
        model.clearSelection()
        for gene in TOGETHER[:n]:
            model.select(genes.model.index(genes.model.row_of(gene), GENE), ROWS)
        genes.sets.both.click()
        wait_until(lambda: bool(genes.channels.shown))
        shot(f"{n}_together")
    genes.channels.clear()
    genes.only_favourites.setChecked(True)
    shot("favourites")
    genes.only_favourites.setChecked(False)
    menu = genes.table.columns_menu()
    menu.popup(genes.columns.mapToGlobal(QPoint(-menu.sizeHint().width() // 2, genes.columns.height())))
    shot("columns")
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    if genes.extra.offered:
        untested = sorted(genes.extra.offered)[0]
        genes.search.setText(untested)
        genes.extra.show(untested)
        wait_until(lambda: session.gene == untested and untested in session.derived)
        shot("untested")
    genes.search.clear()
