"""The slides of the cohort, one row each: picture, name, patient, and what is known of it in words."""

from typing import Any

from qtpy.QtCore import QModelIndex, QRect, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPalette, QPen, QPixmap
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from geneglass.data.cohort import SectionSource
from geneglass.viewer.desk import listen
from geneglass.viewer.session import Session
from geneglass.viewer.thumbnails import Thumbnails

PICTURE_PX, GAP_PX, ROW_PX = 46, 8, 56
BADGE_PT, BADGE_HEIGHT_PX, FAINT = 8, 17, 0.75
SOURCE, BADGES = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
MEASURED, PREDICTED = "measured", "predicted"
COLOURS = {MEASURED: ("#7fb2ff", "#1d4fa3"), PREDICTED: ("#f0b25a", "#8f4a00"), "": ("#7fd3a2", "#17693b")}
"""Of a badge's text and frame on a dark and on a light ground; the last is that of domains."""


class SlideList(QListWidget):
    """Shows the sections of a session's cohort; a click or Enter chooses one.

    Parameters
    ----------
    session
        Whose cohort is listed.
    thumbnails
        The pictures.
    """

    chosen = Signal(object)

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self.setItemDelegate(_Row(self))
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setAccessibleName("Slides of the cohort")
        self.setToolTip("Click a slide to open it with the same gene, colours and zoom")
        self.itemClicked.connect(self._choose)
        thumbnails.ready.connect(self.viewport().update)
        listen(session.cohort_changed, self, self._refill)
        for signal in (session.section_changed, session.prediction_changed, session.domains_changed):
            listen(signal, self, self._refresh)
        self._refill()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the slide under the frame with Enter; all else as any list does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self._choose(self.currentItem())
        else:
            super().keyPressEvent(event)

    def is_open(self, source: SectionSource) -> bool:
        """Return whether a section is the open one."""
        return source == self._session.source

    def picture(self, source: SectionSource) -> QPixmap | None:
        """Return the picture of a section, None while it is not known."""
        return self._thumbnails.of(source)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(SOURCE))

    def _refill(self) -> None:
        self.clear()
        cohort = self._session.cohort
        for source in () if cohort is None else cohort.sections:
            item = QListWidgetItem()
            item.setData(SOURCE, source)
            self.addItem(item)
        self._refresh()

    def _refresh(self) -> None:
        for row in range(self.count()):
            item = self.item(row)
            source = item.data(SOURCE)
            words = badges(self._session, source)
            item.setData(BADGES, words)
            item.setText(source.name)
            patient = "" if source.patient is None else f", patient {source.patient}"
            item.setToolTip(f"{source.name}{patient}: {', '.join(words) or 'nothing measured'}\nClick to open it")
            if source == self._session.source:
                self.setCurrentItem(item)


def badges(session: Session, source: SectionSource) -> tuple[str, ...]:
    """Return what is known of a section, in short words: measured, predicted, and how many domains are drawn."""
    words = [] if source.spots is None else [MEASURED]
    if source in session.predictions:
        words.append(PREDICTED)
    count = len(session.drawn.get(source, ()))
    if count:
        words.append("1 domain" if count == 1 else f"{count} domains")
    elif source.annotations is not None:
        words.append("annotated")
    return tuple(words)


class _Row(QStyledItemDelegate):
    """Draws one slide."""

    def __init__(self, parent: SlideList) -> None:
        super().__init__(parent)
        self._list = parent

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex) -> QSize:
        """Return the size of a row; its width is the list's."""
        return QSize(0, ROW_PX)

    def paint(self, painter: QPainter, option: Any, index: QModelIndex) -> None:
        """Draw picture, name, patient and badges."""
        painter.save()
        palette = self._list.palette()
        rect = option.rect.adjusted(2, 2, -2, -2)
        if self._list.is_open(index.data(SOURCE)):
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Highlight))
        elif index.row() == self._list.currentRow():
            painter.setPen(palette.color(QPalette.ColorRole.Highlight))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        self._picture(painter, QRect(rect.left() + 3, rect.top() + 3, PICTURE_PX, PICTURE_PX), index.data(SOURCE))
        text = palette.color(QPalette.ColorRole.Text)
        self._words(painter, rect.adjusted(PICTURE_PX + GAP_PX + 4, 3, -4, -3), index, text)
        painter.restore()

    def _picture(self, painter: QPainter, box: QRect, source: SectionSource) -> None:
        picture = self._list.picture(source)
        if picture is None or picture.isNull():
            painter.setPen(QPen(self._list.palette().color(QPalette.ColorRole.Mid), 1))
            painter.drawRect(box.adjusted(0, 0, -1, -1))
            return
        ratio = self._list.devicePixelRatioF()
        small = picture.scaled(
            box.size() * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        small.setDevicePixelRatio(ratio)
        size = small.size() / ratio
        painter.drawPixmap(
            box.left() + (box.width() - size.width()) // 2, box.top() + (box.height() - size.height()) // 2, small
        )

    def _words(self, painter: QPainter, rect: QRect, index: QModelIndex, text: QColor) -> None:
        source, plain = index.data(SOURCE), self._list.font()
        bold = QFont(plain)
        bold.setBold(True)
        base = rect.top() + QFontMetrics(bold).ascent()
        name = QFontMetrics(bold).elidedText(source.name, Qt.TextElideMode.ElideMiddle, rect.width())
        painter.setFont(bold)
        painter.setPen(text)
        painter.drawText(rect.left(), base, name)
        left = rect.left() + QFontMetrics(bold).horizontalAdvance(name) + GAP_PX
        if source.patient is not None and left < rect.right():
            faint = QColor(text)
            faint.setAlphaF(FAINT)
            painter.setFont(plain)
            painter.setPen(faint)
            words, room = f"patient {source.patient}", rect.right() - left
            painter.drawText(left, base, QFontMetrics(plain).elidedText(words, Qt.TextElideMode.ElideRight, room))
        left = rect.left()
        for word in index.data(BADGES) or ():
            left += self._badge(painter, left, rect.bottom() - BADGE_HEIGHT_PX, word, dark=text.lightnessF() > 0.5) + 5

    def _badge(self, painter: QPainter, left: int, top: int, word: str, *, dark: bool) -> int:
        font = QFont(self._list.font())
        font.setPointSizeF(BADGE_PT)
        colour = QColor(COLOURS.get(word, COLOURS[""])[0 if dark else 1])
        width = QFontMetrics(font).horizontalAdvance(word) + 12
        box = QRect(left, top, width, BADGE_HEIGHT_PX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font)
        painter.setPen(QPen(colour, 1))
        painter.drawRoundedRect(box, 8, 8)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, word)
        return width
