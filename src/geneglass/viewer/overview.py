"""The whole slide in small, with a frame around what the maps show: click or drag to go there."""

from typing import Any

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPixmap
from qtpy.QtWidgets import QSizePolicy, QWidget

from geneglass.viewer.bookmarks import bookmarks_of
from geneglass.viewer.desk import listen
from geneglass.viewer.field import extent_yx_px, field_of
from geneglass.viewer.session import session_of
from geneglass.viewer.thumbnails import Thumbnails

LOWEST_PX, HIGHEST_PX, LEAST_FRAME_PX, DOT_PX = 128, 340, 6, 16
STEP = 0.25
"""Of the frame's own size, per press of an arrow key."""
FRAME, PLACE = "#e4002b", "#1c6ea4"
"""Seen on tissue, on glass and on black."""
ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class Overview(QWidget):
    """The open slide with the frame of the view and the places that were kept.

    Parameters
    ----------
    viewer
        Whose view it shows and moves.
    thumbnails
        Where the slide's picture comes from.
    """

    def __init__(self, viewer: Any, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._field, self._bookmarks = session_of(viewer), field_of(viewer), bookmarks_of(viewer)
        self._thumbnails = thumbnails
        self.setMinimumHeight(LOWEST_PX)
        self.setMaximumHeight(HIGHEST_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Overview of the slide")
        self.setToolTip(
            "The whole slide; the red frame is what the maps show. Click or drag to move there, or use the arrow keys"
        )
        thumbnails.ready.connect(self.update)
        for signal in (self._field.moved, self._bookmarks.changed, self._session.section_changed):
            listen(signal, self, self._on_changed)

    def sizeHint(self) -> QSize:
        """Return a size that shows a slide well."""
        return QSize(340, LOWEST_PX)

    def place_px(self, centre_yx_px: tuple[float, float]) -> QPointF | None:
        """Return where a place of the slide lies in this widget; None with nothing open."""
        laid = self._laid()
        if laid is None:
            return None
        box, per_px = laid
        return QPointF(box.left() + centre_yx_px[1] * per_px, box.top() + centre_yx_px[0] * per_px)

    def frame(self) -> QRectF | None:
        """Return the frame of the view in this widget; None with nothing open."""
        view, size = self._field.now(), self._field.size_yx_px()
        middle, laid = None if view is None else self.place_px(view.centre_yx_px), self._laid()
        if size is None or middle is None or laid is None:
            return None
        width, height = (max(length * laid[1], LEAST_FRAME_PX) for length in reversed(size))
        return QRectF(middle.x() - width / 2, middle.y() - height / 2, width, height)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw slide, frame and places."""
        laid = self._laid()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if laid is None:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No slide is open")
            return
        self._draw_slide(painter, laid[0])
        frame = self.frame()
        if frame is not None:
            painter.setClipRect(laid[0].adjusted(-2, -2, 2, 2))
            painter.setPen(QPen(QColor(FRAME), 2))
            painter.drawRect(frame.intersected(laid[0]))
        for number, bookmark in enumerate(self._bookmarks.here, start=1):
            self._draw_place(painter, self.place_px(bookmark.centre_yx_px), str(number))
        if self.hasFocus():
            painter.setClipping(False)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to where the mouse is."""
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse while its button is held."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the frame by the arrow keys."""
        arrow, view, size = ARROWS.get(Qt.Key(event.key())), self._field.now(), self._field.size_yx_px()
        if arrow is None or view is None or size is None:
            super().keyPressEvent(event)
            return
        y, x = view.centre_yx_px
        self._field.centre_on((y + STEP * arrow[0] * size[0], x + STEP * arrow[1] * size[1]))

    def _go(self, event: QMouseEvent) -> None:
        laid = self._laid()
        if laid is not None:
            box, per_px = laid
            place = event.position()
            x = min(max(place.x(), box.left()), box.right())
            y = min(max(place.y(), box.top()), box.bottom())
            self._field.centre_on(((y - box.top()) / per_px, (x - box.left()) / per_px))

    def _laid(self) -> tuple[QRectF, float] | None:
        """Return where the slide lies in this widget, and widget pixels per level-0 pixel."""
        section = self._session.section
        if section is None:
            return None
        height, width = extent_yx_px(section)
        per_px = min((self.height() - 4) / height, (self.width() - 4) / width)
        left, top = (self.width() - width * per_px) / 2, (self.height() - height * per_px) / 2
        return QRectF(left, top, width * per_px, height * per_px), per_px

    def _draw_slide(self, painter: QPainter, box: QRectF) -> None:
        source = self._session.source
        picture = None if source is None else self._thumbnails.of(source)
        if picture is None or picture.isNull():
            painter.fillRect(box, self.palette().color(QPalette.ColorRole.Mid))
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(box, picture, QRectF(QPixmap(picture).rect()))

    def _draw_place(self, painter: QPainter, place: QPointF | None, number: str) -> None:
        if place is None:
            return
        dot = QRectF(place.x() - DOT_PX / 2, place.y() - DOT_PX / 2, DOT_PX, DOT_PX)
        painter.setPen(QPen(QColor("white"), 1))
        painter.setBrush(QColor(PLACE))
        painter.drawEllipse(dot)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawText(dot, Qt.AlignmentFlag.AlignCenter, number)

    def _on_changed(self) -> None:
        self.update()
