"""Colours and small widgets of the panel, taken from napari's theme so that dark and light both look right."""

from typing import Any

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

LABEL_WIDTH_PX = 108

STYLE = """
#geneglass QLabel {{ padding: 0px; margin: 0px; }}
#geneglass QLabel[role="heading"] {{ font-weight: bold; color: {text}; padding-top: 6px; }}
#geneglass QLabel[role="quiet"] {{ color: {quiet}; }}
#geneglass QPushButton {{ padding: 4px 8px; }}
#geneglass QPushButton[role="primary"] {{
    background-color: {primary}; color: {on_primary}; font-weight: bold; padding: 7px 12px; border-radius: 4px;
}}
#geneglass QPushButton[role="primary"]:hover {{ background-color: {primary_hover}; }}
#geneglass QPushButton[role="primary"]:disabled {{ background-color: {disabled}; color: {quiet}; }}
#geneglass QPushButton[role="fold"] {{ text-align: left; background: transparent; color: {link}; padding: 4px 0px; }}
#geneglass QPlainTextEdit {{ background-color: {foreground}; border-radius: 2px; }}
#geneglass QListWidget {{ font-size: {font}; padding: 2px; }}
#geneglass QListWidget::item {{ padding: 3px; }}
#geneglass QTableView#genes QHeaderView {{ font-size: {tab_font}; }}
#geneglass QTabBar::tab {{ padding: 6px 3px; font-size: {tab_font}; }}
#geneglass QFrame#strip[kind="error"] {{ background-color: {error}; border-radius: 4px; }}
#geneglass QFrame#strip[kind="warning"] {{ background-color: {warning}; border-radius: 4px; }}
#geneglass QFrame#strip[kind="info"] {{ background-color: {foreground}; border-radius: 4px; }}
#geneglass QFrame#strip[kind="note"] {{ background-color: {note}; border-radius: 4px; }}
#geneglass QFrame#strip QLabel {{ background: transparent; color: {text}; }}
#geneglass QScrollArea, #geneglass QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
"""


def colours(theme_name: str) -> dict[str, str]:
    """Return the panel's colours, as #rrggbb, for one of napari's themes."""
    theme = get_theme(theme_name)
    dark = _luminance(theme.background.as_rgb_tuple(alpha=False)) < 0.5
    return {
        "text": theme.text.as_hex("long"),
        "quiet": "#a9afb9" if dark else "#5c5a58",
        "background": theme.background.as_hex("long"),
        "foreground": theme.foreground.as_hex("long"),
        "font": theme.font_size,
        "tab_font": _smaller(theme.font_size),
        "link": "#8fb4ff" if dark else "#2450a8",
        "disabled": theme.primary.as_hex("long"),
        "primary": "#3d6fd6" if dark else "#2f5fc4",
        "primary_hover": "#5482e4" if dark else "#244ea6",
        "on_primary": "#ffffff",
        "error": "#6d1f29" if dark else "#f6c9cc",
        "warning": "#5c4a12" if dark else "#f7e3a4",
        "note": "#2b4a3c" if dark else "#cfe8d8",
        "curve": "#7fb2ff" if dark else "#2f5fc4",
        "second_curve": "#f0b25a" if dark else "#b8650a",
    }


def style_sheet(theme_name: str) -> str:
    """Return the style sheet of the panel for one of napari's themes."""
    return STYLE.format(**colours(theme_name))


def heading(text: str) -> QLabel:
    """Return a group heading."""
    label = _with_role(QLabel(text), "heading")
    label.setIndent(0)
    return label


def quiet(text: str = "") -> QLabel:
    """Return a small explanation that wraps."""
    label = _with_role(QLabel(text), "quiet")
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def primary(text: str) -> QPushButton:
    """Return the one button of a tab that does its main thing."""
    return _with_role(QPushButton(text), "primary")


class Fold(QWidget):
    """A line that unfolds what is seldom needed; its tooltip says what that is."""

    def __init__(self, title: str, content: QWidget, tip: str) -> None:
        super().__init__()
        self._title = title
        self.button = _with_role(QPushButton(), "fold")
        self.button.setToolTip(tip)
        self.button.setCheckable(True)
        self.button.setFlat(True)
        self.button.toggled.connect(self._show)
        self._content = content
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        layout.addWidget(content)
        self._show(False)

    def _show(self, unfolded: bool) -> None:
        self.button.setText(f"{'▾' if unfolded else '▸'}  {self._title}")
        self._content.setVisible(unfolded)


def form() -> QFormLayout:
    """Return an empty form; all forms of the panel share the width of their first column."""
    layout = QFormLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return layout


def add_row(layout: QFormLayout, text: str, field: QWidget) -> QLabel:
    """Add a row to a form and return its label."""
    label = QLabel(text)
    label.setFixedWidth(LABEL_WIDTH_PX)
    label.setWordWrap(True)
    label.setToolTip(field.toolTip())
    layout.addRow(label, field)
    return label


def let_shrink(menu: QComboBox) -> None:
    """Let a menu be narrower than its longest entry, which may be a device's full name."""
    menu.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    menu.setMinimumWidth(120)


def beside(wide: QWidget, *narrow: QWidget) -> QWidget:
    """Return a row of widgets, the first of which takes the room there is."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(wide, 1)
    for part in narrow:
        layout.addWidget(part)
    return row


class Elided(QLabel):
    """One line that shortens itself in the middle where it does not fit; the tooltip has all of it."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        _with_role(self, "quiet")
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show a text, shortened where needed."""
        super().setText(text)
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the shortened text."""
        painter = QPainter(self)
        line = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, line)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten anew."""
        self.update()
        super().resizeEvent(event)


def _with_role(widget: Any, role: str) -> Any:
    widget.setProperty("role", role)
    return widget


def restyle(widget: QWidget) -> None:
    """Apply the style sheet anew after a property has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def _smaller(font_size: str) -> str:
    """Return a font size by one point smaller: all tabs, and more columns, are seen at once in a narrow panel."""
    return f"{int(font_size.removesuffix('pt')) - 1}pt"


def _luminance(rgb: tuple[int, int, int]) -> float:
    return (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]) / 255
