"""Every control of the panel says in its tooltip what it is for, in other words than its own."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QFormLayout,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)

from geneglass.model.recipes import RECIPES
from geneglass.viewer.form import Form
from panels import show_both_maps

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
)
PARTS_OF_OTHERS = (QAbstractSpinBox, QAbstractItemView, QComboBox, QLineEdit, QTabBar)
"""Whose own children are no controls for themselves: the box of a spin box, the corner of a table."""
FEWEST_WORDS = 3
WIDEST = 120
"""Letters of a line: Qt breaks none, and a longer one leaves the screen."""


def test_every_control_of_every_page_says_what_it_is_for(
    panel: Any, small_cohort: Any, predicted: Callable[..., Any]
) -> None:
    show_both_maps(panel.desk.session, small_cohort, predicted)
    found = [(name_of(widget), widget.toolTip()) for widget in controls(panel)]
    found += headings_and_tabs(panel)
    assert len(found) > 150
    assert [name for name, tip in found if not says_something(name, tip)] == []


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_every_setting_of_a_recipe_says_what_it_does(recipe: str, qtbot: Any) -> None:
    form = Form(RECIPES[recipe].Config())
    qtbot.addWidget(form)
    found = [(name_of(widget), widget.toolTip()) for widget in controls(form)]
    assert found
    assert [name for name, tip in found if not says_something(name, tip)] == []


def test_what_only_repeats_a_label_is_found() -> None:
    assert not says_something("QPushButton Save figure…", "Save the figure")
    assert not says_something("QPushButton Undo", "")
    assert says_something("QPushButton Undo", "Take the last change of the domains back")


def controls(parent: QWidget) -> Iterator[QWidget]:
    """Return what a hand can press, type into or choose from, on pages that are not seen and in folds as well."""
    for widget in parent.findChildren(QWidget):
        inner = any(isinstance(above, PARTS_OF_OTHERS) for above in parents(widget, parent))
        if isinstance(widget, CONTROLS) and not isinstance(widget, (QScrollBar, QHeaderView)) and not inner:
            yield widget


def parents(widget: QWidget, last: QWidget) -> Iterator[QWidget]:
    above = widget.parentWidget()
    while above is not None and above is not last:
        yield above
        above = above.parentWidget()


def headings_and_tabs(panel: Any) -> Iterator[tuple[str, str]]:
    for header in panel.findChildren(QHeaderView):
        model = header.model()
        for column in range(header.count() if header.orientation() == Qt.Orientation.Horizontal and model else 0):
            texts = [
                str(model.headerData(column, header.orientation(), role) or "")
                for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
            ]
            yield f"heading {texts[0]}", texts[1]
    bar = panel.tabs.tabBar()
    for tab in range(bar.count()):
        yield f"tab {bar.tabText(tab)}", bar.tabToolTip(tab)


def name_of(widget: QWidget) -> str:
    """Return a control as a person would name it: its text, else its label, else its placeholder."""
    text = widget.text().strip() if isinstance(widget, QAbstractButton) else ""
    hint = widget.placeholderText() if isinstance(widget, QLineEdit) else ""
    return f"{type(widget).__name__} {text or label_of(widget) or hint or number_of(widget)}"


def label_of(widget: QWidget) -> str:
    parent = widget.parentWidget()
    for layout in () if parent is None else parent.findChildren(QFormLayout):
        label: Any = layout.labelForField(widget)
        if label is not None:
            return str(label.text())
    return ""


def number_of(widget: QWidget) -> str:
    """Return where a control without words of its own stands."""
    within = widget.parentWidget()
    if within is None:
        return "alone"
    return f"{within.findChildren(type(widget)).index(widget)} of {type(within).__name__}"


def says_something(name: str, tip: str) -> bool:
    """Return whether a tooltip has enough words of its own, beyond the control's, in lines that fit a screen."""
    spoken = words(name) | {"the", "a", "an", "of", "this", "it", "here"}
    return len(words(tip) - spoken) >= FEWEST_WORDS and max(map(len, tip.split("\n"))) <= WIDEST


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w%]+", text.lower()))
