"""The note over the maps, as it is drawn: nothing covers a line of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geneglass.data.cohort import find_section
from geneglass.data.section import open_section
from geneglass.viewer.arrange import PX_PER_LINE, SCALE_BAR_PX, TITLE_PX, pane_width_px, write_note
from geneglass.viewer.compare import MEASURED, compare_of
from geneglass.viewer.session import session_of


def white(viewer: Any) -> np.ndarray:
    """Return which pixels of the canvas are as white as text."""
    picture = viewer.screenshot(canvas_only=True, flash=False)
    return np.asarray((picture[..., :3] > 200).all(axis=-1))


@pytest.mark.parametrize("size", [(700, 880), (420, 520)])
def test_the_colour_bar_covers_no_line_of_the_note(
    make_napari_viewer: Callable[..., Any], small_cohort: Path, size: tuple[int, int]
) -> None:
    viewer = make_napari_viewer(show=True)
    compare, session = compare_of(viewer), session_of(viewer)
    session.set_section(open_section(find_section(small_cohort.parent / "left.h5ad")))
    session.set_gene("ERBB2")
    viewer.canvas.size = size
    bar = compare.layer(MEASURED).face_colorbar
    for lines in (1, 4, 9, 14):
        write_note(viewer, "\n".join(["HMHMH"] * lines), pane_px=pane_width_px(viewer))
        bar.visible = False
        alone = white(viewer)
        bar.visible = True
        assert alone.sum() > 50 * lines
        assert not (alone & ~white(viewer)).any(), f"the bar lies over a note of {lines} lines"


def test_a_map_lies_between_its_title_and_the_note(viewer: Any, small_cohort: Path) -> None:
    compare, session = compare_of(viewer), session_of(viewer)
    session.set_section(open_section(find_section(small_cohort.parent / "left.h5ad")))
    session.set_gene("ERBB2")
    viewer.canvas.size = (700, 880)
    write_note(viewer, "\n".join(["HMHMH"] * 6), pane_px=pane_width_px(viewer))
    compare.show_all()
    layer, camera = compare.layer(MEASURED), viewer.scene.camera
    y = np.array([layer.data_to_world(place)[0] for place in layer.data])
    radius = float(np.max(layer.size)) * float(layer.scale[0]) / 2
    top, bottom = (700 / 2 + (edge - camera.center[-2]) * camera.zoom for edge in (y.min() - radius, y.max() + radius))
    note = viewer.canvas.overlays.text
    assert top >= TITLE_PX
    assert bottom <= 700 - SCALE_BAR_PX - (note.text.count("\n") + 1) * note.font_size * PX_PER_LINE
