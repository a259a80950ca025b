"""Pages of the panel beyond training, predicting and genes: one file is one page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qtpy.QtWidgets import QWidget

from geneglass.registry import Registry
from geneglass.viewer.desk import Desk


@dataclass(frozen=True)
class Page:
    """A tab of the panel.

    Attributes
    ----------
    title, tooltip
        A short word, and what the page is for.
    order
        Tabs stand in ascending order, after Train, Predict and Genes.
    make
        Desk and napari viewer -> what the page shows; it scrolls by itself only where it says so.
    scrolls
        True when the panel lets the page scroll.
    """

    title: str
    tooltip: str
    order: int
    make: Callable[[Desk, Any], QWidget]
    scrolls: bool = True


PAGES: Registry[Page] = Registry("page", __name__)


def pages_in_order() -> list[tuple[str, Page]]:
    """Return all pages with their names, as their tabs stand."""
    return sorted(PAGES.items(), key=lambda item: (item[1].order, item[0]))
