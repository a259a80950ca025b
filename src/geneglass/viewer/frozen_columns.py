"""A table whose first columns stay where they are while the others scroll sideways beneath them, column by column."""

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QEvent, QModelIndex, QPoint, QPointF, QRect, Qt, QTimer
from qtpy.QtGui import QMouseEvent, QPainter, QPaintEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyleOptionHeader,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
)

ARROWS = {Qt.SortOrder.AscendingOrder: "▴", Qt.SortOrder.DescendingOrder: "▾"}
SETTLE_MS = 150
"""After the last movement, until no column is cut any more."""


class FrozenHeader(QHeaderView):
    """Headings of one or two lines; the arrow of the sorted one stands in its text, where there is room for it.

    Parameters
    ----------
    frozen
        Columns that stay, from the left.
    """

    def __init__(self, frozen: Sequence[int]) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._frozen = tuple(frozen)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def frozen(self) -> list[tuple[int, QRect]]:
        """Return the columns that stay, and where their headings are on the screen."""
        placed, left = [], 0
        for column in self._frozen:
            width = self.sectionSize(column)
            if width:
                placed.append((column, QRect(left, 0, width, self.viewport().height())))
            left += width
        return placed

    def frozen_px(self) -> int:
        """Return how wide they are together."""
        return sum(self.sectionSize(column) for column in self._frozen)

    def unscrolled(self, x: int) -> int:
        """Return where a place on the screen would lie in a table that scrolls as a whole."""
        return x - self.offset() if x < self.frozen_px() else x

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the headings that stay over those that scroll."""
        super().paintEvent(event)
        if self.offset():
            painter = QPainter(self.viewport())
            for column, place in self.frozen():
                painter.fillRect(place, self.palette().button())
                self.paintSection(painter, place, column)
            painter.end()

    def initStyleOptionForIndex(self, option: QStyleOptionHeader, column: int) -> None:
        """Write the arrow of the sorted column into the shorter line of its heading."""
        super().initStyleOptionForIndex(option, column)
        option.sortIndicator = QStyleOptionHeader.SortIndicator.None_
        if column == self.sortIndicatorSection():
            option.text = with_arrow(option.text, ARROWS[self.sortIndicatorOrder()])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a press for the heading that is seen there."""
        super().mousePressEvent(self._meant(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Take a move for the heading that is seen there."""
        super().mouseMoveEvent(self._meant(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take a release for the heading that is seen there."""
        super().mouseReleaseEvent(self._meant(event))

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell what the heading means that is seen there."""
        if event.type() == QEvent.Type.ToolTip and self.model() is not None:
            column = self.logicalIndexAt(self.unscrolled(event.pos().x()))
            told = self.model().headerData(column, self.orientation(), Qt.ItemDataRole.ToolTipRole)
            QToolTip.showText(event.globalPos(), told or "", self)
            return True
        return bool(super().viewportEvent(event))

    def _meant(self, event: QMouseEvent) -> QMouseEvent:
        at = event.position()
        meant = QPointF(self.unscrolled(int(at.x())), at.y())
        return QMouseEvent(
            event.type(), meant, event.globalPosition(), event.button(), event.buttons(), event.modifiers()
        )


class FrozenTable(QTableView):
    """Rows of which the first columns are always seen.

    Parameters
    ----------
    frozen
        Columns that stay, from the left.
    """

    def __init__(self, frozen: Sequence[int]) -> None:
        super().__init__()
        self.header = FrozenHeader(frozen)
        self.setHorizontalHeader(self.header)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.step_px = 1
        """Width of each column that scrolls."""
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLE_MS)
        self._settling.timeout.connect(self._settle)
        self.horizontalScrollBar().valueChanged.connect(self._on_scrolled)

    def indexAt(self, place: QPoint) -> QModelIndex:
        """Return the cell that is seen at a place."""
        return super().indexAt(QPoint(self.header.unscrolled(place.x()), place.y()))

    def scrollTo(self, index: QModelIndex, hint: Any = QAbstractItemView.ScrollHint.EnsureVisible) -> None:
        """Bring a row into view; the columns stay."""
        before = self.horizontalScrollBar().value()
        super().scrollTo(index, hint)
        self.horizontalScrollBar().setValue(before)

    def scroll_columns(self, by: int) -> None:
        """Scroll by some columns to the right."""
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() + by * self.step_px)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the columns that stay over those that scroll."""
        super().paintEvent(event)
        if self.header.offset() and self.model() is not None:
            painter = QPainter(self.viewport())
            first, last = (self.rowAt(y) for y in (event.rect().top(), event.rect().bottom()))
            rows = range(first, (last if last >= 0 else self.model().rowCount() - 1) + 1)
            painter.fillRect(QRect(0, 0, self.header.frozen_px(), self.viewport().height()), self.palette().base())
            for row in rows if first >= 0 else ():
                for column, heading in self.header.frozen():
                    self._paint_cell(painter, self.model().index(row, column), heading)
            painter.end()

    def _paint_cell(self, painter: QPainter, index: QModelIndex, heading: QRect) -> None:
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        option.rect = QRect(
            heading.left(), self.rowViewportPosition(index.row()), heading.width(), self.rowHeight(index.row())
        )
        if self.selectionModel().isSelected(index):
            option.state |= QStyle.StateFlag.State_Selected
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewRow, option, painter, self)
        self.itemDelegate().paint(painter, option, index)

    def _on_scrolled(self) -> None:
        # What stays is not moved with the rest, as Qt takes for granted.
        self.viewport().update()
        self.header.viewport().update()
        self._settling.start()

    def _settle(self) -> None:
        """Go on to where the next column begins."""
        bar = self.horizontalScrollBar()
        if bar.isSliderDown():
            self._settling.start()
        else:
            bar.setValue(round(bar.value() / self.step_px) * self.step_px)


def with_arrow(heading: str, arrow: str) -> str:
    """Return a heading with an arrow in its shorter line; one of a single line gets a second."""
    first, _, second = heading.partition("\n")
    if not second:
        return f"{first}\n{arrow}"
    return f"{first} {arrow}\n{second}" if len(first) < len(second) else f"{first}\n{second} {arrow}"
