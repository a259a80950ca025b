"""Mark domains on the slide: draw, name, change, propose, compare, hand on."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from weakref import ref

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from geneglass.viewer.annotating import Annotating, annotating_of
from geneglass.viewer.desk import Desk
from geneglass.viewer.domain_clusters import DomainClusters
from geneglass.viewer.domain_differences import DomainDifferences
from geneglass.viewer.domain_files import DomainFiles
from geneglass.viewer.domain_list import DomainList
from geneglass.viewer.domain_offer import DomainOffer
from geneglass.viewer.domain_readers import DomainReaders
from geneglass.viewer.domain_tools import REDO, UNDO, DomainTools
from geneglass.viewer.domains import PAN, domains_of
from geneglass.viewer.look import Fold
from geneglass.viewer.not_saved import NotSaved
from geneglass.viewer.pages import PAGES, Page
from geneglass.viewer.proposed import ProposedView
from geneglass.viewer.session import session_of

STILL_PX = 4
"""A press that moves less is a click."""


class DomainsPage(QWidget):
    """Everything about domains; clicks on the slide choose one while the page is seen."""

    def __init__(self, desk: Desk, viewer: Any) -> None:
        super().__init__()
        model = getattr(viewer, "__wrapped__", viewer)
        self.annotating = annotating_of(model)
        self._viewer = ref(model)
        view = domains_of(model)
        proposed = ProposedView(model)
        self.not_saved = NotSaved(self.annotating)
        self.offer = DomainOffer(self.annotating)
        self.tools = DomainTools(desk, self.annotating, view)
        self.list = DomainList(desk, self.annotating)
        self.clusters = DomainClusters(desk, self.annotating, proposed)
        self.differences = DomainDifferences(desk, self.annotating)
        self.readers = DomainReaders(desk, self.annotating, proposed)
        self.files = DomainFiles(desk, self.annotating)
        self._pick = partial(_on_press, ref(self.annotating))
        self._lay_out()
        for keys, button in ((UNDO, self.tools.undo), (REDO, self.tools.redo)):
            model.bind_key(keys.replace("Ctrl", "Control").replace("+", "-"), _pressing(ref(button)), overwrite=True)
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(button.click)
        self.destroyed.connect(partial(_leave, ref(self.annotating), self._viewer, self._pick))

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        for part in (
            self.not_saved,
            self.offer,
            self.tools,
            self.list,
            Fold(
                "Propose domains from clusters",
                self.clusters,
                "Places of like expression as regions; compare them with yours",
            ),
            Fold("Genes that differ", self.differences, "Genes that are higher or lower in a domain than elsewhere"),
            Fold(
                "Compare with another reader",
                self.readers,
                "How far two pathologists agree (Cohen's kappa), and where not",
            ),
            Fold("Open and save", self.files, "Domains from and to QuPath (GeoJSON), and tables of spots (h5ad, CSV)"),
        ):
            layout.addWidget(part)
        layout.addStretch(1)

    def showEvent(self, event: QShowEvent) -> None:
        """Let clicks on the slide choose domains."""
        viewer = self._viewer()
        if viewer is not None and self._pick not in viewer.mouse_drag_callbacks:
            viewer.mouse_drag_callbacks.append(self._pick)
        self.tools.show_state()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave clicks on the slide to others."""
        viewer = self._viewer()
        if viewer is not None and self._pick in viewer.mouse_drag_callbacks:
            viewer.mouse_drag_callbacks.remove(self._pick)
        super().hideEvent(event)


def _on_press(annotating: "ref[Annotating]", viewer: Any, event: Any) -> Iterator[None]:
    """Choose the smallest domain under a click, or none; a press that moves is not ours."""
    start = np.array(event.pos)
    plain = event.button == 1 and not event.modifiers
    yield
    while event.type == "mouse_move":
        yield
    there, layer = annotating(), domains_of(viewer).layer
    if there is None or not plain or np.abs(np.array(event.pos) - start).max() > STILL_PX:
        return
    if layer is not None and layer in viewer.layers and layer.mode != PAN:
        return
    there.choose(domain_at(viewer, event.position))


def domain_at(viewer: Any, position: Any) -> str | None:
    """Return the id of the smallest domain at a place of the viewer's world; None where there is none."""
    import shapely

    session = session_of(viewer)
    section = session.section
    if section is None:
        return None
    scale = 1.0 if section.mpp is None else section.mpp
    y, x = (float(value) / scale + 0.5 for value in tuple(position)[-2:])
    here = [domain for domain in session.domains if domain.shape.area and shapely.intersects_xy(domain.shape, x, y)]
    return min(here, key=lambda domain: domain.shape.area).id if here else None


def _pressing(button: "ref[Any]") -> Callable[[Any], None]:
    # napari asks a bound key for its function's name, which a partial has not.
    def press(_viewer: Any) -> None:
        there = button()
        if there is not None:
            there.click()

    return press


def _leave(annotating: "ref[Annotating]", viewer: "ref[Any]", pick: Any, *_: object) -> None:
    """Put on disk what was drawn when the panel goes, which the window may do with it."""
    there, model = annotating(), viewer()
    if there is not None:
        there.flush()
    if model is not None and pick in model.mouse_drag_callbacks:
        model.mouse_drag_callbacks.remove(pick)


PAGES.register("domains")(Page("Domains", "Mark domains on the slide, compare them, hand them on", 30, DomainsPage))
