"""Fixtures of the window's tests: they need an X display, which `make test` gives through xvfb-run."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
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

os.environ["NAPARI_ENSURE_PLUGIN_MAIN_THREAD"] = "1"
# Read when napari is imported: the settings of the person who runs the tests are neither used nor changed.
os.environ["NAPARI_CONFIG"] = str(Path(tempfile.mkdtemp(prefix="geneglass-tests-")) / "settings.yaml")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    no_display = sys.platform.startswith("linux") and not os.environ.get("DISPLAY")
    for item in items:
        if here not in item.path.parents:
            continue
        if no_display and {"qtbot", "make_napari_viewer", "make_napari_viewer_proxy"} & set(item.fixturenames):
            item.add_marker(pytest.mark.skip(reason="a window needs an X display: run the tests through xvfb-run"))


@pytest.fixture(autouse=True)
def _own_user_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test user folders of its own: nothing is written to, or found in, those of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))


@pytest.fixture
def wait_for(qtbot: Any) -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Return a function that runs the window until a condition holds."""

    def wait(condition: Callable[[], bool], seconds: float = 30) -> None:
        qtbot.waitUntil(condition, timeout=int(seconds * 1000))

    return wait


@pytest.fixture(scope="session")
def small_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the cohort.toml of two small sections, "left" and "right": 320 x 480 px at 0.8 um, 40 spots, 5 genes.

    ERBB2 rises from the left edge to the right, RARE is in two spots, SILENT in none.
    """
    import anndata
    import numpy as np
    import pandas as pd
    from scipy.sparse import csr_matrix

    from geneglass.data.pyramid import write_pyramid

    folder = tmp_path_factory.mktemp("small_cohort")
    tables = []
    for number, name in enumerate(("left", "right")):
        rng = np.random.default_rng(number)
        write_pyramid(folder / f"{name}.ome.tif", rng.integers(150, 255, (320, 480, 3), dtype=np.uint8), 0.8, tile=128)
        y, x = (axis.ravel() for axis in np.meshgrid(np.arange(40, 320, 60), np.arange(30, 480, 58), indexing="ij"))
        lam = np.stack([x, 400 + 0 * x, 300 + 0 * x, 0 * x, 0 * x], axis=1).astype(float)
        counts = rng.poisson(lam).astype(np.float32)
        counts[:2, 4] = 4
        counts[7] = (1, 2, 0, 0, 0)
        table = anndata.AnnData(csr_matrix(counts), var=pd.DataFrame(index=["ERBB2", "ACTB", "CD74", "SILENT", "RARE"]))
        table.obs_names = [f"spot_{i}" for i in range(len(x))]
        table.obsm["spatial"] = np.stack([x, y], axis=1).astype(float)
        table.write_h5ad(folder / f"{name}.h5ad")
        tables.append(
            f'[[section]]\nname = "{name}"\npatient = "{name}"\nslide = "{name}.ome.tif"\nspots = "{name}.h5ad"\n'
        )
    (folder / "cohort.toml").write_text("\n".join(tables), encoding="utf-8")
    return folder / "cohort.toml"


@pytest.fixture
def predicted() -> Callable[..., Any]:
    """Return a function that makes a prediction of a section's spots, in reverse order, without SILENT, with NOVEL."""
    import anndata
    import numpy as np
    import pandas as pd

    def make(section: Any, *, trained: bool = False, spots: slice = slice(None, None, -1)) -> Any:
        table = section.spots.table
        x = section.centres_yx[:, 1] / 480
        values = np.stack([2 + x, 4 + 0 * x, 4 - x, 1 + x, x], axis=1).astype(np.float32)
        genes = pd.DataFrame(
            {"trust_r": [0.41, np.nan, 0.2, 0.1, 0.3]}, index=["ERBB2", "ACTB", "CD74", "RARE", "NOVEL"]
        )
        prediction = anndata.AnnData(values, obs=pd.DataFrame(index=table.obs_names), var=genes)
        prediction.obs["trained_on"] = trained
        prediction.obs["confidence"] = 0.5
        prediction.obsm["spatial"] = section.centres_yx[:, ::-1].astype(float)
        prediction.uns["geneglass"] = {
            "section": section.name,
            "slide": section.slide.path.name,
            "slide_hash": section.slide.content_hash(),
            "unit": "ln(1 + 10,000 x / total of the spot over all genes)",
            "min_counts": 500,
            "stride_um": 0,
            "mpp": section.mpp,
            "spot_diameter_um": 55.0,
        }
        return prediction[spots].copy()

    return make


SIZES = [(1600, 1000), (1280, 800)]
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


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def hand(
    request: pytest.FixtureRequest,
    make_napari_viewer_proxy: Callable[..., Any],
    qtbot: Any,
    tmp_path: Path,
) -> Iterator[Hand]:
    """Return a hand at a napari window of a size, with nothing open and no panel."""
    width, height = request.param
    make_napari_viewer_proxy(show=True)
    (window,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMainWindow)]
    screen = window.screen().size()
    if screen.width() < width or screen.height() < height:
        pytest.skip(f"the screen has only {screen.width()} x {screen.height()} px")
    window.resize(width, height)
    qtbot.waitExposed(window)
    asked = os.environ.get("GENEGLASS_SCREENSHOTS")
    folder = tmp_path if not asked else Path(asked) / f"{request.node.originalname}_{width}x{height}"
    folder.mkdir(parents=True, exist_ok=True)
    window.activateWindow()
    hand = Hand(window, qtbot, folder)
    yield hand
    grown = (window.width(), window.height())
    # pytest keeps what a fixture gave; napari's checks that no window is kept.
    del hand.window, window
    assert grown == (width, height), "the window grew"


@pytest.fixture
def real(her2st_cohort: Path, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the window with a real section, C4, that is measured and predicted."""
    from real_tissue import opened

    return opened(hand, her2st_cohort, monkeypatch)
