"""Swipe, blink and difference in a real window, by mouse and keys."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QWidget

from geneglass.data.cohort import find_section
from geneglass.viewer.pane_controls import PaneControls
from geneglass.viewer.panel import GeneglassPanel
from geneglass.viewer.panes import BESIDE, BLINK, DIFFERENCE, MEASURED, MODES, PREDICTED, SWIPE, WITH_DIFFERENCE
from panels import show_both_maps

pytestmark = pytest.mark.timeout(300)
LEFT, ALT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier


class Maps:
    """A panel on a section with measured and predicted spots, and a hand on its canvas."""

    def __init__(self, panel: GeneglassPanel, qtbot: Any) -> None:
        self.panel, self.qtbot, self.compare, self.viewer = panel, qtbot, panel.compare, panel._viewer
        self.mode = panel.findChild(PaneControls).mode
        (self.canvas,) = [w for w in panel.window().findChildren(QWidget) if type(w).__name__ == "CanvasBackendDesktop"]

    def choose(self, mode: str) -> None:
        """Choose a mode by keys in its menu."""
        self.mode.setFocus()
        for _ in MODES:
            self.qtbot.keyClick(self.mode, Qt.Key.Key_Up)
        for _ in range(MODES.index(mode)):
            self.qtbot.keyClick(self.mode, Qt.Key.Key_Down)
        assert self.compare.panes.mode == mode

    def at(self, x: float) -> QPoint:
        """Return where a place (x in world units) is on a canvas with one pane, half way down."""
        camera = self.viewer.scene.camera
        return QPoint(round(self.canvas.width() / 2 + (x - camera.center[-1]) * camera.zoom), self.canvas.height() // 2)

    def drag(self, start: QPoint, by_px: int) -> None:
        """Drag with the left button to the right."""
        self.qtbot.mouseMove(self.canvas, start)
        self.qtbot.mousePress(self.canvas, LEFT, pos=start)
        for share in (0.3, 0.6, 0.8, 1.0):
            # vispy leaves out moves that come within 10 ms.
            self.qtbot.wait(15)
            self.qtbot.mouseMove(self.canvas, start + QPoint(round(by_px * share), 0))
        self.qtbot.mouseRelease(self.canvas, LEFT, pos=start + QPoint(by_px, 0))

    def is_a_picture(self) -> bool:
        """Return whether the canvas is not one colour."""
        return bool(self.viewer.screenshot(canvas_only=True, flash=False)[..., :3].std() > 15)

    def colour_at(self, spot: int) -> np.ndarray:
        """Return the painted colour, (3,) 0 to 255, in the middle of a measured spot."""
        layer = self.compare.layer(MEASURED)
        y, x = layer.data_to_world(layer.data[spot])
        camera = self.viewer.scene.camera
        self.qtbot.wait(50)
        pixels = self.viewer.screenshot(canvas_only=True, flash=False)
        share = pixels.shape[1] / self.canvas.width()
        row = pixels.shape[0] / 2 + (y - camera.center[-2]) * camera.zoom * share
        column = pixels.shape[1] / 2 + (x - camera.center[-1]) * camera.zoom * share
        return pixels[round(row), round(column), :3].astype(int)


@pytest.fixture
def maps(panel: GeneglassPanel, qtbot: Any, small_cohort: Path, predicted: Any) -> Maps:
    show_both_maps(panel.desk.session, small_cohort, predicted)
    # The panel fits the maps when napari has laid out its own panels.
    qtbot.wait(400)
    panel.window().activateWindow()
    return Maps(panel, qtbot)


def near(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.abs(a - b).max() < 12)


def test_swipe_by_mouse_and_keys(maps: Maps) -> None:
    # One colour for measured and another for predicted, over all the spots.
    maps.compare.set_look(opacity=1.0, limits=(3.0, 7.0), threshold=None)
    maps.panel.desk.session.set_gene("CD74")
    maps.choose(SWIPE)
    swipe, places = maps.compare.swipe, maps.compare.layer(MEASURED).data
    left, right = (int(np.abs(places - [160, x]).sum(axis=1).argmin()) for x in (146, 378))
    seen = {spot: maps.colour_at(spot) for spot in (left, right)}
    shown = {side: maps.compare.layer(side).face_color[:, :3] * 255 for side in (MEASURED, PREDICTED)}
    assert near(seen[left], shown[MEASURED][left])
    assert near(seen[right], shown[PREDICTED][right])
    assert not near(shown[MEASURED][left], shown[PREDICTED][left])

    camera = maps.viewer.scene.camera
    before, centre = swipe.x, tuple(camera.center)
    maps.drag(maps.at(before), -round(150 * camera.zoom))
    assert swipe.x == pytest.approx(before - 150, abs=3 / camera.zoom)
    assert tuple(camera.center) == centre
    assert near(maps.colour_at(left), shown[PREDICTED][left])

    maps.canvas.setFocus()
    pressed = swipe.x
    maps.qtbot.keyClick(maps.canvas, Qt.Key.Key_Right, ALT)
    assert swipe.x > pressed
    maps.qtbot.keyClick(maps.canvas, Qt.Key.Key_Left, ALT)
    assert swipe.x == pytest.approx(pressed)

    moved = maps.at(swipe.x) + QPoint(120, 0)
    maps.drag(moved, 40)
    assert swipe.x == pytest.approx(pressed)
    assert tuple(camera.center) != centre


def test_blink_by_key_and_by_itself(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    maps.choose(BLINK)
    blink, canvas = maps.compare.blink, maps.canvas
    assert blink.seen == MEASURED
    canvas.setFocus()
    maps.qtbot.keyClick(canvas, Qt.Key.Key_W)
    assert blink.seen == PREDICTED
    maps.qtbot.keyPress(canvas, Qt.Key.Key_W)
    assert blink.seen == MEASURED
    maps.qtbot.wait(350)
    maps.qtbot.keyRelease(canvas, Qt.Key.Key_W)
    assert blink.seen == PREDICTED
    controls = maps.panel.findChild(PaneControls)
    controls.seconds.setValue(0.2)
    maps.qtbot.mouseClick(controls.by_itself, LEFT, pos=QPoint(8, controls.by_itself.height() // 2))
    assert blink.by_itself
    maps.qtbot.waitUntil(lambda: blink.seen == MEASURED, timeout=3000)
    maps.qtbot.waitUntil(lambda: blink.seen == PREDICTED, timeout=3000)
    maps.choose(BESIDE)
    assert not blink.by_itself
    assert maps.compare.layer(MEASURED).visible


def test_alt_m_goes_through_the_modes(maps: Maps) -> None:
    maps.canvas.setFocus()
    seen = []
    for _ in MODES:
        maps.qtbot.keyClick(maps.canvas, Qt.Key.Key_M, ALT)
        seen.append(maps.mode.currentData())
    assert seen == [*MODES[1:], MODES[0]]


def test_a_gene_switch_is_painted(maps: Maps) -> None:
    maps.compare.set_look(opacity=1.0)
    maps.choose(BLINK)
    for gene in ("CD74", "ERBB2"):
        maps.panel.desk.session.set_gene(gene)
        assert near(maps.colour_at(20), maps.compare.layer(MEASURED).face_color[20, :3] * 255)


def test_closing_while_maps_blink_by_themselves(maps: Maps) -> None:
    maps.choose(BLINK)
    maps.compare.blink.run(every_s=0.2)
    maps.viewer.layers.clear()
    maps.qtbot.waitUntil(lambda: not maps.compare.blink.by_itself, timeout=3000)


def test_real_tissue_in_every_mode(maps: Maps, shared_data: Path) -> None:
    import anndata

    session, compare = maps.panel.desk.session, maps.compare
    session.open_section(find_section(shared_data / "visium" / "seurat"))
    table = session.section.spots.table
    gene = str(table.var_names[int(np.asarray((table.X > 0).sum(axis=0)).argmax())])
    measured = session.measured(gene)
    flat = (measured + 3 * measured.mean()) / 4
    prediction = anndata.AnnData(flat[:, None], obs=table.obs[[]], var=table.var.loc[[gene], []])
    prediction.obsm["spatial"] = session.section.centres_yx[:, ::-1].astype(float)
    prediction.uns["geneglass"] = {"section": session.section.name, "min_counts": 1, "stride_um": 0}
    session.set_prediction(prediction)
    session.set_gene(gene)
    assert "predicted spread 0.25 of measured" in maps.viewer.canvas.overlays.text.text.replace("\n", " ")
    for mode in (WITH_DIFFERENCE, SWIPE, BLINK):
        maps.choose(mode)
        # The panel gives the maps room, and fits them, a moment later.
        maps.qtbot.waitUntil(maps.is_a_picture, timeout=20000)
        assert compare.layer(MEASURED).face_contrast_limits == compare.layer(PREDICTED).face_contrast_limits
    maps.choose(WITH_DIFFERENCE)
    shown = compare.layer(DIFFERENCE).features["value"].to_numpy()
    np.testing.assert_allclose(shown, flat - measured, atol=1e-5)
