"""The reference patches that voted, as pictures in rows of three."""

import numpy as np
from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFontMetrics, QIcon, QImage, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QListView, QListWidget, QListWidgetItem

from geneglass.data.types import UInt8Array
from geneglass.viewer.rings import percent
from geneglass.workflow.evidence import Vote
from geneglass.workflow.explain import Explanation
from geneglass.workflow.reference_pictures import Picture

PICTURE_PX, CELL_PX, MARGIN_PX = 100, 112, 8
"""Edge of a picture, width of its cell, and what of that width is no text."""
MOST_LINES = 4
"""Below a picture."""
OWN_PX = 112
MIDDLE = Qt.TextElideMode.ElideMiddle
"""Names of slides differ at their ends."""
SPOT_RING = "#000000"
EMPTY = "#8a8f98"


class VoteList(QListWidget):
    """Pictures with weight, similarity, value and origin; one at a time is current, by mouse or arrow keys."""

    def __init__(self) -> None:
        super().__init__()
        self.setToolTip("Training patches that voted, the heaviest first; click one to ring where else it votes")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
        self.setWordWrap(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._fit_cells()

    def show_votes(self, explanation: Explanation) -> None:
        """List the votes of an explanation that have been read; the current one stays where it is still there."""
        before = self.reference()
        self.clear()
        metrics = self._fit_cells()
        for vote in explanation.shown:
            lines = caption(vote, explanation.question.gene)
            item = QListWidgetItem("\n".join(metrics.elidedText(line, MIDDLE, CELL_PX - MARGIN_PX) for line in lines))
            item.setIcon(untinted(picture(explanation.pictures[vote.row], PICTURE_PX)))
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
            item.setToolTip(facts(vote, explanation.pictures[vote.row], explanation.question.gene, explanation.unit))
            item.setData(Qt.ItemDataRole.UserRole, vote.row)
            self.addItem(item)
            if vote.row == before:
                self.setCurrentItem(item)

    def reference(self) -> int:
        """Return the row of the bank of the current picture; -1 for none."""
        item = self.currentItem()
        return -1 if item is None else int(item.data(Qt.ItemDataRole.UserRole))

    def _fit_cells(self) -> QFontMetrics:
        """Make cells as high as their pictures and lines are in the font of now; return its measures."""
        metrics = QFontMetrics(self.font())
        height = PICTURE_PX + MOST_LINES * metrics.lineSpacing() + 2 * MARGIN_PX
        self.setGridSize(QSize(CELL_PX, height))
        self.setMinimumHeight(height + MARGIN_PX)
        return metrics


def untinted(pixmap: QPixmap) -> QIcon:
    """Return an icon that keeps its colours when it is chosen: a stain under a blue tint can not be judged."""
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon


def caption(vote: Vote, gene: str | None) -> tuple[str, ...]:
    """Return what stands below a picture, in at most `MOST_LINES` lines."""
    value = "" if gene is None or np.isnan(vote.value) else f"{gene} {vote.value:.2f}"
    like = "" if np.isnan(vote.similarity) else f" · {vote.similarity:.2f}"
    whose = "" if vote.patient in (None, vote.section) else f"patient {vote.patient}"
    return tuple(line for line in (f"{percent(vote.weight)}{like}", value, vote.section, whose) if line)


def facts(vote: Vote, shown: Picture, gene: str | None, unit: str) -> str:
    """Return all that is known of a vote, one line each."""
    lines = [f"Weight {percent(vote.weight)} of this place's votes"]
    if not np.isnan(vote.similarity):
        lines.append(f"Similarity {vote.similarity:.3f} (1 is alike)")
    if gene is not None and not np.isnan(vote.value):
        lines.append(f"{gene} measured {vote.value:.3f}, {unit}")
    spot = f"spot {shown.spot}" if shown.spot else f"spot number {vote.number + 1}"
    lines.append(f"Slide {vote.section}, {spot}")
    lines.append(f"Patient {vote.patient}" if vote.patient else "Patient not stated")
    if shown.pixels is not None:
        lines.append(f"Shows {shown.field_um:.0f} µm" + (", kept in the model file" if shown.reason else ""))
    return "\n".join(lines)


def picture(shown: Picture, edge_px: int) -> QPixmap:
    """Return a patch as a square pixmap with its spot ringed; grey where there is no picture."""
    pixmap = QPixmap(edge_px * 2, edge_px * 2)
    pixmap.fill(QColor(EMPTY))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if shown.pixels is None:
        painter.drawText(pixmap.rect(), Qt.AlignmentFlag.AlignCenter, "no picture")
    else:
        painter.drawImage(QRectF(pixmap.rect()), to_image(shown.pixels))
        _ring(painter, shown, 2.0 * edge_px)
    painter.end()
    return pixmap


def _ring(painter: QPainter, shown: Picture, edge_px: float) -> None:
    if not shown.spot_um or shown.spot_um >= shown.field_um:
        return
    width = edge_px * shown.spot_um / shown.field_um
    painter.setPen(QPen(QColor(SPOT_RING), edge_px / 100))
    painter.drawEllipse(QRectF((edge_px - width) / 2, (edge_px - width) / 2, width, width))


def to_image(pixels: UInt8Array) -> QImage:
    """Return a (height, width, 3) picture as Qt's."""
    packed = np.ascontiguousarray(pixels)
    height, width = packed.shape[:2]
    return QImage(packed.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
