"""The gene list, with real key presses."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from geneglass.data.cohort import read_cohort
from geneglass.data.gene_book import SIGN
from geneglass.data.section import open_section
from geneglass.viewer.gene_columns import FOUND, GENE, HELD_OUT, HERE, INSIDE, MEAN, MORAN, STAR, TRUST
from geneglass.viewer.gene_list import GeneList
from geneglass.viewer.gene_words import NOTHING_OPEN
from geneglass.viewer.kept_genes import kept_genes
from geneglass.viewer.session import Session
from geneglass.viewer.titles import r_text
from geneglass.workflow import gene_figures
from geneglass.workflow.events import Event


def shown(widget: GeneList) -> list[str]:
    return list(widget.model.names_shown)


def cell(widget: GeneList, gene: str, column: int) -> str:
    return str(widget.model.data(widget.model.index(widget.model.row_of(gene), column)))


@pytest.fixture
def session(small_cohort: Path) -> Session:
    session = Session()
    cohort = read_cohort(small_cohort)
    session.set_cohort(cohort)
    session.open_section(cohort.sections[0])
    return session


@pytest.fixture
def gene_list(qtbot: Any, session: Session) -> GeneList:
    widget = GeneList(session)
    qtbot.addWidget(widget)
    widget.resize(380, 500)
    widget.show()
    widget.search.setFocus()
    return widget


def test_typing_and_arrow_down_chooses_a_gene(qtbot: Any, gene_list: GeneList, session: Session) -> None:
    qtbot.keyClicks(gene_list.search, "r")
    assert shown(gene_list) == ["RARE", "ERBB2"]
    assert session.gene is None
    qtbot.keyClick(gene_list.search, Qt.Key.Key_Down)
    assert session.gene == "RARE"
    qtbot.keyClick(gene_list.search, Qt.Key.Key_Down)
    assert session.gene == "ERBB2"
    qtbot.keyClick(gene_list.search, Qt.Key.Key_Down)
    assert session.gene == "ERBB2"
    qtbot.keyClick(gene_list.search, Qt.Key.Key_Up)
    assert session.gene == "RARE"
    assert gene_list.search.text() == "r"


def test_enter_takes_the_first_match(qtbot: Any, gene_list: GeneList, session: Session) -> None:
    qtbot.keyClicks(gene_list.search, "sil")
    qtbot.keyClick(gene_list.search, Qt.Key.Key_Return)
    assert session.gene == "SILENT"


def test_a_click_chooses(qtbot: Any, gene_list: GeneList, session: Session) -> None:
    index = gene_list.model.index(2, GENE)
    qtbot.mouseClick(
        gene_list.table.viewport(), Qt.MouseButton.LeftButton, pos=gene_list.table.visualRect(index).center()
    )
    assert session.gene == gene_list.model.name_at(2)


def test_searching_does_not_change_the_chosen_gene(qtbot: Any, gene_list: GeneList, session: Session) -> None:
    session.set_gene("ERBB2")
    assert gene_list.model.name_at(gene_list.table.currentIndex().row()) == "ERBB2"
    qtbot.keyClicks(gene_list.search, "cd")
    assert session.gene == "ERBB2"
    gene_list.search.clear()
    assert gene_list.model.name_at(gene_list.table.currentIndex().row()) == "ERBB2"


def test_nothing_found_is_said(qtbot: Any, gene_list: GeneList) -> None:
    qtbot.keyClicks(gene_list.search, "xyz")
    assert gene_list.nothing.isVisible()
    assert gene_list.nothing.text() == "No gene matches 'xyz'."
    qtbot.waitUntil(lambda: gene_list.count.text() == "0 of 5 genes", timeout=5000)
    qtbot.keyClick(gene_list.search, Qt.Key.Key_Down)


def test_nothing_open_is_said(qtbot: Any) -> None:
    widget = GeneList(Session())
    qtbot.addWidget(widget)
    widget.show()
    assert widget.nothing.text() == NOTHING_OPEN
    assert not widget.table.isVisible()
    assert not widget.only_predicted.isVisible()


def test_figures_follow_the_prediction(
    qtbot: Any, gene_list: GeneList, session: Session, predicted: Callable[..., Any]
) -> None:
    session.set_prediction(predicted(session.section, spots=slice(3, None)))
    qtbot.waitUntil(lambda: "NOVEL" in shown(gene_list) and not gene_list.figures.pending, timeout=5000)
    assert gene_list.only_predicted.isVisible()
    gene_list.only_predicted.click()
    assert "SILENT" not in shown(gene_list)
    assert cell(gene_list, "ERBB2", HELD_OUT) == "0.41"
    assert cell(gene_list, "ERBB2", HERE) == f"{session.r('ERBB2').r:.2f}"
    measured = session.measured("ERBB2")[session.measured_places.kept]
    assert cell(gene_list, "ERBB2", MEAN) == f"{measured.mean():.2f}"
    assert cell(gene_list, "ERBB2", FOUND) == "100 %"
    assert float(cell(gene_list, "ERBB2", MORAN)) > 0.5
    assert cell(gene_list, "NOVEL", MEAN) == "–"


def test_where_nothing_was_measured_the_figures_are_of_the_predicted_maps(
    qtbot: Any, gene_list: GeneList, session: Session, predicted: Callable[..., Any]
) -> None:
    made = predicted(session.section)
    made.X[:, made.var_names.get_loc("RARE")] = np.random.default_rng(0).gamma(0.3, 0.3, made.n_obs)
    made.X[3] = np.nan
    other = session.cohort.sections[1]
    session.set_section(open_section(replace(session.source, spots=None)))
    session.set_prediction(made)
    qtbot.waitUntil(lambda: "NOVEL" in shown(gene_list) and not gene_list.figures.pending, timeout=5000)
    rare = np.delete(made[:, "RARE"].X[:, 0], 3)
    assert cell(gene_list, "RARE", MEAN) == f"{rare.mean():.2f}"
    assert cell(gene_list, "RARE", FOUND) == f"{100 * (rare > 0.1).mean():.0f} %"
    assert float(cell(gene_list, "ERBB2", MORAN)) > 0.5
    assert cell(gene_list, "ACTB", MORAN) == "–"
    assert not gene_list.table.shows(HERE)
    for column, plain in ((MEAN, "mean"), (FOUND, "found"), (MORAN, "Moran's")):
        heading = gene_list.model.headerData(column, Qt.Orientation.Horizontal).split()
        assert heading == ["pred.", plain]
        told = gene_list.model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        assert told.startswith("Nothing was measured here")
    index = gene_list.model.index(gene_list.model.row_of("RARE"), MEAN)
    over = gene_list.model.data(index, Qt.ItemDataRole.ToolTipRole)
    assert over == f"{rare.mean():.2f}, over 39 predicted places"
    means = dict(zip(made.var_names, np.nanmean(made.X, axis=0), strict=True))
    gene_list.table.sortByColumn(MEAN, Qt.SortOrder.DescendingOrder)
    assert shown(gene_list) == sorted(means, key=means.get, reverse=True)

    session.open_section(other)
    qtbot.waitUntil(lambda: "SILENT" in shown(gene_list) and not gene_list.figures.pending, timeout=5000)
    assert gene_list.table.shows(HERE)
    assert gene_list.model.headerData(MEAN, Qt.Orientation.Horizontal) == "mean"


def test_sorting_by_the_header(qtbot: Any, gene_list: GeneList) -> None:
    qtbot.waitUntil(lambda: not gene_list.figures.pending, timeout=5000)
    gene_list.table.sortByColumn(MEAN, Qt.SortOrder.DescendingOrder)
    assert shown(gene_list)[0] in ("ACTB", "CD74", "ERBB2")
    assert shown(gene_list)[-1] == "SILENT"
    for column in (STAR, TRUST, HELD_OUT, HERE, INSIDE, MEAN, FOUND, MORAN):
        gene_list.table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
        assert sorted(shown(gene_list)) == ["ACTB", "CD74", "ERBB2", "RARE", "SILENT"]


def test_figures_are_worked_out_beside_the_window(
    qtbot: Any, gene_list: GeneList, session: Session, predicted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(sides: Any) -> Any:
        for done in range(20):
            time.sleep(0.01)
            yield Event("Slowly", done, 20)
        return (yield from gene_figures.gene_figures(sides))

    monkeypatch.setattr("geneglass.viewer.figures.gene_figures", slowly)
    session.set_prediction(predicted(session.section))
    qtbot.waitUntil(lambda: "NOVEL" in shown(gene_list), timeout=5000)
    assert "figures follow" in gene_list.count.text()
    assert cell(gene_list, "ERBB2", HERE) == "–"
    qtbot.keyClicks(gene_list.search, "erb")
    assert shown(gene_list) == ["ERBB2"]
    qtbot.waitUntil(lambda: gene_list.count.text() == "1 of 6 genes", timeout=5000)
    assert cell(gene_list, "ERBB2", HERE) == f"{session.r('ERBB2').r:.2f}"


def test_figures_given_up_are_not_shown(
    qtbot: Any, gene_list: GeneList, session: Session, predicted: Callable[..., Any]
) -> None:
    session.set_prediction(predicted(session.section))
    session.open_section(session.cohort.sections[1])
    qtbot.waitUntil(lambda: "NOVEL" not in shown(gene_list) and not gene_list.figures.pending, timeout=5000)
    assert cell(gene_list, "ERBB2", HERE) == "–"
    assert float(cell(gene_list, "ERBB2", MEAN)) > 0


def test_a_list_pasted_from_a_paper(qtbot: Any, gene_list: GeneList) -> None:
    QApplication.clipboard().setText("ERBB2,\nCD74; NOTHERE1\nACT*")
    gene_list.search.paste()
    assert shown(gene_list) == ["ACTB", "CD74", "ERBB2"]
    assert gene_list.absent.isVisible()
    assert gene_list.absent.text() == "1 of the 4 names of your list are not here: NOTHERE1."
    gene_list.search.clear()
    assert not gene_list.absent.isVisible()


def test_favourites_by_mouse_and_key_are_kept(qtbot: Any, gene_list: GeneList, session: Session) -> None:
    table, left = gene_list.table, Qt.MouseButton.LeftButton
    place = table.visualRect(gene_list.model.index(1, STAR)).center()
    qtbot.mouseClick(table.viewport(), left, pos=place)
    assert session.gene is None
    assert cell(gene_list, "CD74", STAR) == "★"
    gene_list.step(1)
    gene_list.step(1)
    gene_list.step(1)
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_F)
    assert kept_genes().book.favourites == {"CD74", session.gene}
    qtbot.mouseClick(gene_list.only_favourites, left)
    assert set(shown(gene_list)) == {"CD74", session.gene}
    again = GeneList(session)
    qtbot.addWidget(again)
    assert cell(again, "CD74", STAR) == "★"
    gene_list.star("CD74")
    assert "CD74" not in shown(gene_list)


def test_arrow_keys_in_the_table_choose(qtbot: Any, gene_list: GeneList, session: Session) -> None:
    gene_list.table.setFocus()
    gene_list.step(1)
    qtbot.keyClick(gene_list.table, Qt.Key.Key_Down)
    assert session.gene == "CD74"
    qtbot.keyClick(gene_list.table, Qt.Key.Key_Down)
    assert session.gene == "ERBB2"


def test_columns_can_be_hidden_and_stay_so(qtbot: Any, gene_list: GeneList, session: Session) -> None:
    menu = gene_list.table.columns_menu()
    assert not gene_list.table.shows(INSIDE)
    assert {"held-out r", "r in domain", "Moran's I"} <= {action.text() for action in menu.actions()}
    next(action for action in menu.actions() if action.text() == "mean").trigger()
    assert not gene_list.table.shows(MEAN)
    again = GeneList(session)
    qtbot.addWidget(again)
    assert not again.table.shows(MEAN)
    assert again.table.shows(FOUND)


def test_a_signature_is_shown_like_a_gene_and_kept(
    qtbot: Any, gene_list: GeneList, session: Session, predicted: Callable[..., Any]
) -> None:
    session.set_prediction(predicted(session.section))
    qtbot.waitUntil(lambda: "NOVEL" in shown(gene_list), timeout=5000)
    qtbot.keyClicks(gene_list.search, "ERBB2, CD74, ELSEWHERE")
    qtbot.mouseClick(gene_list.sets.signature, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(gene_list.sets.name, "Mine")
    qtbot.keyClick(gene_list.sets.name, Qt.Key.Key_Return)
    assert kept_genes().book.signatures == {"Mine": ("CD74", "ERBB2", "ELSEWHERE")}
    qtbot.waitUntil(lambda: session.gene == SIGN + "Mine", timeout=10000)
    assert shown(gene_list)[0] == SIGN + "Mine"
    qtbot.waitUntil(lambda: not gene_list.figures.pending, timeout=5000)
    assert cell(gene_list, SIGN + "Mine", HERE) == r_text(session.r(SIGN + "Mine").r)
    scale = (
        session.predicted("ERBB2")
        + session.predicted("CD74")
        - 2 * np.mean([session.predicted("ACTB"), session.predicted("RARE")], axis=0)
    )
    np.testing.assert_allclose(session.predicted(SIGN + "Mine"), scale / 2, atol=1e-5)
    session.open_section(session.cohort.sections[1])
    qtbot.waitUntil(lambda: session.gene == SIGN + "Mine", timeout=10000)
    assert session.predicted(SIGN + "Mine") is None
    qtbot.mouseClick(gene_list.sets.delete, Qt.MouseButton.LeftButton)
    assert kept_genes().book.signatures == {}
    assert session.gene is None
    assert SIGN + "Mine" not in shown(gene_list)
