"""A hand at a napari window: what a person does by mouse and keys, only where it can be seen and reached."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QMainWindow,
    QMenu,
    QRadioButton,
    QScrollArea,
    QTabWidget,
    QWidget,
)

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Hand:
    """Clicks, types and drops on one napari window.

    Parameters
    ----------
    window
        napari's main window.
    qtbot
        pytest-qt's.
    folder
        Where pictures go, named by a running number.
    """

    def __init__(self, window: QMainWindow, qtbot: Any, folder: Path) -> None:
        self.window, self.qtbot, self.folder = window, qtbot, folder
        self._number = 0

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Press and release the left button where a widget can be seen, in its middle unless told otherwise."""
        place = widget.rect().center() if at is None else at
        assert widget.isVisible(), f"{widget} can not be seen"
        self.scroll_to(widget)
        assert widget.isEnabled(), f"{widget} is greyed out"
        assert widget.visibleRegion().contains(place), f"{widget} is cut off or covered at {place}"
        self.qtbot.mouseClick(widget, LEFT, pos=place)

    def scroll_to(self, widget: QWidget) -> None:
        """Scroll the page that a widget is on until it is seen, as a person does; a list scrolls its own rows."""
        around = widget.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if around is not None and not widget.visibleRegion().contains(widget.rect().center()):
            around.ensureWidgetVisible(widget)

    def choose(self, *titles: str) -> None:
        """Click through the menu bar, one menu after another."""
        bar: Any = self.window.menuBar()
        for title in titles:
            menu: Any = QApplication.activePopupWidget() or bar
            assert menu is bar or isinstance(menu, QMenu)
            action = next(action for action in menu.actions() if action.text().replace("&", "").startswith(title))
            place = menu.actionGeometry(action).center()
            self.qtbot.mouseMove(menu, place)
            self.qtbot.mouseClick(menu, LEFT, pos=place)
            if title != titles[-1]:
                self.wait(lambda before=menu: QApplication.activePopupWidget() not in (None, before))

    def tab(self, tabs: QTabWidget, title: str) -> None:
        """Click a tab."""
        bar = tabs.tabBar()
        index = next(i for i in range(bar.count()) if bar.tabText(i) == title)
        self.click(bar, bar.tabRect(index).center())
        assert tabs.currentIndex() == index

    def keys(self, widget: QWidget, text: str = "", *keys: Qt.Key) -> None:
        """Type a text, then single keys, into the widget that has the focus."""
        assert QApplication.focusWidget() is widget, f"{QApplication.focusWidget()} has the focus, not {widget}"
        self.qtbot.keyClicks(widget, text)
        for key in keys:
            self.qtbot.keyClick(widget, key)

    def drop(self, *paths: Path, reader: str | None = None, remember: bool = False) -> bool:
        """Drop files and folders on the middle of the window; return whether napari asked for a reader.

        Parameters
        ----------
        paths
            Dropped together.
        reader
            What is chosen, by mouse, where napari asks; None presses Cancel there.
        remember
            Also tick the box that keeps the choice.
        """
        middle = self.window.centralWidget().mapTo(self.window, self.window.centralWidget().rect().center())
        target = self.window.childAt(middle)
        while target is not None and not target.acceptDrops():
            target = target.parentWidget()
        assert target is not None, "nothing under the mouse takes a drop"
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        place = target.mapFrom(self.window, middle)
        enter = QDragEnterEvent(place, Qt.DropAction.CopyAction, mime, LEFT, NO_KEY)
        QApplication.sendEvent(target, enter)
        assert enter.isAccepted()
        asked: list[QDialog] = []

        def answer() -> None:
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, QDialog) and dialog.isVisible() and not asked:
                asked.append(dialog)
                try:
                    self._answer(dialog, reader, remember)
                finally:
                    if dialog.isVisible():
                        dialog.reject()

        # The drop does not return before the dialog is closed.
        timer = QTimer()
        timer.timeout.connect(answer)
        timer.start(50)
        QApplication.sendEvent(target, QDropEvent(QPointF(place), Qt.DropAction.CopyAction, mime, LEFT, NO_KEY))
        timer.stop()
        return bool(asked)

    def _answer(self, dialog: QDialog, reader: str | None, remember: bool) -> None:
        """Choose in napari's reader dialog, by mouse."""
        self.look("reader_dialog", settle_ms=50)
        if reader is not None:
            choices = {button.text(): button for button in dialog.findChildren(QRadioButton)}
            self.qtbot.mouseClick(choices[reader], LEFT, pos=QPoint(8, choices[reader].height() // 2))
            assert choices[reader].isChecked()
            box = dialog.findChild(QCheckBox)
            assert not box.isChecked()
            if remember:
                self.qtbot.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))
                assert box.isChecked()
        buttons = dialog.findChild(QDialogButtonBox)
        which = QDialogButtonBox.StandardButton.Cancel if reader is None else QDialogButtonBox.StandardButton.Ok
        self.click(buttons.button(which))

    def wait(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Let the window live until a condition holds."""
        self.qtbot.waitUntil(condition, timeout=int(seconds * 1000))

    def look(self, name: str, *, settle_ms: int = 400) -> Path:
        """Save a picture of the window as the X server shows it."""
        self.qtbot.wait(settle_ms)
        self._number += 1
        path = self.folder / f"{self._number:02d}_{name}.png"
        corner, size = self.window.mapToGlobal(QPoint(0, 0)), self.window.size()
        picture = QGuiApplication.primaryScreen().grabWindow(0, corner.x(), corner.y(), size.width(), size.height())
        assert picture.save(str(path))
        return path
