"""A hand that marks domains on a real section, and which spots of its own file lie in them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from real_tissue import LEFT, NO_KEY, Real

Yx = tuple[float, float]
READER = "A. Smith"


def spots_of_file(her2st: Path, name: str, scale: float = 1.0) -> pd.DataFrame:
    """Return array position, and centre in pixels of the slide (x, y), of a section's spots by name.

    Parameters
    ----------
    her2st
        The folder of real data of that name.
    name
        Of the section.
    scale
        Pixels of the slide per pixel of the picture that the spots were found on.
    """
    table = pd.read_csv(her2st / "data" / "ST-spotfiles" / f"{name}_selection.tsv", sep="\t")
    table.index = [f"{x}x{y}" for x, y in zip(table.x, table.y, strict=True)]
    return table[["x", "y", "new_x", "new_y"]].assign(x_px=table.pixel_x * scale, y_px=table.pixel_y * scale)


def labels_of(domains: Sequence[Any], spots: pd.DataFrame) -> pd.Series:
    """Return the name of the smallest domain that each spot lies in, "" outside all of them."""
    points = shapely.points(spots.x_px, spots.y_px)
    labels = np.full(len(spots), "", dtype=object)
    for domain in sorted(domains, key=lambda item: -item.shape.area):
        labels[shapely.covers(domain.shape, points)] = domain.name
    return pd.Series(labels, index=spots.index)


def are_labelled(real: Real, spots: pd.DataFrame) -> pd.Series:
    """Assert that the measured spots know their domains, by their places in the file; return their labels."""
    told = real.session.section.spots.table.obs["domain"].astype(object)
    told = told.where(told.notna(), "")
    wanted = labels_of(real.session.domains, spots.loc[told.index])
    pd.testing.assert_series_equal(told, wanted, check_names=False)
    return told


def take(real: Real, mode: str) -> None:
    """Take a tool by its button; its mode is napari's."""
    tools = real.panel.pages["domains"].tools
    real.hand.click(tools.tools[mode])


def introduce(real: Real) -> None:
    """Say who draws."""
    who = real.panel.pages["domains"].tools.who
    real.hand.wait(who.isVisible)
    real.hand.keys(who, READER, Qt.Key.Key_Return)


def choose_name(real: Real, name: str) -> None:
    """Choose in the palette what the next domain is called."""
    menu = real.panel.pages["domains"].tools.name
    row = menu.findText(name)
    assert row >= 0
    real.hand.click(menu, QPoint(menu.width() - 8, menu.height() // 2))
    popup = menu.view()
    real.hand.wait(popup.isVisible)
    for key in (Qt.Key.Key_Home, *[Qt.Key.Key_Down] * row, Qt.Key.Key_Return):
        real.hand.qtbot.keyClick(popup, key)
    real.hand.wait(lambda: real.panel.pages["domains"].annotating.name == name)


def drag(real: Real, start: Yx, end: Yx) -> None:
    """Press at a place of the slide, move to another, and let go."""
    slide = real.slide
    places = [slide.at(*start), slide.at(*end)]
    QTest.mouseMove(slide.widget, places[0])
    QTest.qWait(30)
    QTest.mousePress(slide.widget, LEFT, NO_KEY, places[0])
    for share in np.linspace(0, 1, 6)[1:]:
        # vispy leaves out moves that come within 10 ms.
        QTest.qWait(15)
        QTest.mouseMove(slide.widget, places[0] + (places[1] - places[0]) * float(share))
    QTest.qWait(15)
    QTest.mouseRelease(slide.widget, LEFT, NO_KEY, places[1])


def point_at(real: Real, place: Yx) -> None:
    """Click at a place of the slide, after a move that napari has time to see."""
    slide = real.slide
    for nudge in (-2, -1, 0):
        QTest.mouseMove(slide.widget, slide.at(*place) + QPoint(nudge, 0))
        QTest.qWait(15)
    slide.click(*place)
    # Two clicks in one place would be a double click.
    QTest.qWait(50)
