"""From slide to slide with the same gene, the same colours and the same zoom in micrometres."""

from functools import partial
from typing import Any

from qtpy.QtCore import QObject

from geneglass.data.cohort import SectionSource
from geneglass.data.section import Section
from geneglass.viewer.desk import Desk, listen
from geneglass.viewer.field import Pair, View, extent_yx_px, field_of, um_per_px


class Travel(QObject):
    """Opens the slides of the cohort one after another.

    The colours are the viewer's anyway; the zoom stays in micrometres, over the same part of the slide. A gene that
    a slide lacks is shown again on the next that has it.

    Parameters
    ----------
    desk
        Whose cohort it is.
    viewer
        Whose view is kept.
    parent
        What it lives with.
    """

    def __init__(self, desk: Desk, viewer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._field = field_of(viewer)
        self._wanted: SectionSource | None = None
        self._tried: SectionSource | None = None
        self._under_way = False
        self._gene: str | None = None
        desk.runner.finished.connect(self._on_finished)
        listen(desk.session.section_changed, self, self._on_section_changed)

    def step(self, by: int) -> None:
        """Go on by some slides in the order of the cohort, round at its ends; quick steps are taken together."""
        session = self._desk.session
        if session.cohort is None or not session.cohort.sections:
            return
        sections = session.cohort.sections
        start = self._wanted or session.source
        place = sections.index(start) + by if start in sections else 0
        self.go(sections[place % len(sections)])

    def go(self, source: SectionSource) -> None:
        """Open a slide of the cohort with gene, colours and zoom as they are."""
        self._wanted = source
        if not self._under_way:
            self._set_off()

    def _set_off(self) -> None:
        source, session = self._wanted, self._desk.session
        if source is None or source == session.source:
            self._wanted = None
            return
        self._gene = session.gene or self._gene
        now, section = self._field.now(), session.section
        if now is not None and section is not None:
            height, width = extent_yx_px(section)
            share = (now.centre_yx_px[0] / height, now.centre_yx_px[1] / width)
            per_um = None if section.mpp is None else now.zoom / um_per_px(section)
            self._field.plan(source, partial(arrival, share, per_um))
        self._tried = source
        self._under_way = self._desk.open_source(source)
        if not self._under_way:
            self._wanted = None

    def _on_finished(self) -> None:
        if self._under_way:
            self._under_way = False
            if self._wanted == self._tried:
                self._wanted = None
            self._set_off()

    def _on_section_changed(self) -> None:
        session = self._desk.session
        if session.gene is None and self._gene in {gene.name for gene in session.genes}:
            session.set_gene(self._gene)


def arrival(share_yx: Pair, px_per_um: float | None, section: Section) -> View | None:
    """Return the view of a slide that shows the same share of it at the same zoom; None where the zoom means nothing.

    Parameters
    ----------
    share_yx
        Where the middle lies, as shares of height and width.
    px_per_um
        Screen pixels per micrometre; None where the last slide's pixel size is not known.
    section
        The slide arrived at.
    """
    if px_per_um is None or section.mpp is None:
        return None
    height, width = extent_yx_px(section)
    return View((share_yx[0] * height, share_yx[1] * width), px_per_um * um_per_px(section))
