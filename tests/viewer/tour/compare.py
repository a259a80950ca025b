"""The ways to compare the maps: side by side, with their difference, swiped, blinking, on other scales."""

from pathlib import Path
from typing import Any

from qtpy.QtTest import QTest

from geneglass.viewer.panes import BESIDE, BLINK, SWIPE, WITH_DIFFERENCE
from geneglass.viewer.view_controls import ViewControls
from tour.pictures import save_window, show_page

DRAWN_MS = 1000
"""Until three panes have been drawn without a graphics card."""


def shots(panel: Any, viewer: Any, folder: Path) -> None:
    """Save the maps in every mode, on a section that is measured and predicted at its spots."""
    compare = panel.compare
    show_page(panel, "Genes")
    for mode in (BESIDE, WITH_DIFFERENCE, SWIPE, BLINK):
        compare.set_panes(mode=mode)
        if mode == SWIPE:
            compare.swipe.step(-6)
        QTest.qWait(DRAWN_MS)
        save_window(panel, folder / f"compare_{mode.replace(' ', '_')}.png")
    compare.blink.turn()
    save_window(panel, folder / "compare_blink_turned.png")
    compare.set_panes(mode=BESIDE)
    controls = panel.genes.findChild(ViewControls)
    controls.fold.button.setChecked(True)
    compare.set_look(own_scale=True)
    save_window(panel, folder / "compare_own_scale.png")
    compare.set_look(own_scale=False)
    compare.set_log(False)
    save_window(panel, folder / "compare_counts.png")
    compare.set_log(True)
    controls.fold.button.setChecked(False)
