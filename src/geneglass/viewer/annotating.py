"""Who draws what: the deeds on domains, their history, the palette, and what is kept on disk. One per viewer."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakMethod, ref

from psygnal import Signal
from qtpy.QtCore import QCoreApplication, QTimer

from geneglass.data.annotation import RGB, UNNAMED, Domain, class_name, one_line
from geneglass.data.cohort import SectionSource
from geneglass.data.domain_history import History
from geneglass.data.palette import next_colour, read_palette, write_palette
from geneglass.data.recovery import Kept
from geneglass.errors import InputError
from geneglass.viewer.annotator import palette_file, read_annotator, write_annotator
from geneglass.viewer.domains import POLYGON, DomainView, domains_of
from geneglass.viewer.keeping import SAVE_EVERY_MS, Keeping, with_message
from geneglass.viewer.selection import Selection, selection_of
from geneglass.viewer.session import Session, session_of
from geneglass.viewer.slide_histories import SlideHistories, sharing

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


class Annotating:
    """The hand of one viewer; get it with `annotating_of`.

    Every change of domains goes through `do`, so that it can be undone; what others change (a file that was
    dropped) becomes a step as well. Sections that were left keep their history while the viewer lives.

    Attributes
    ----------
    name
        What the next domain is called.
    palette
        Names and colours on offer.
    annotator
        Who draws; empty while nobody has said so.
    chosen
        Id of the domain that is chosen.
    keeping
        What is on disk.
    """

    changed = Signal()
    """Domains, history, choice, palette or annotator."""

    def __init__(self, session: Session, view: DomainView, selection: Selection) -> None:
        self._session, self._view, self._selection = session, view, selection
        self.palette = read_palette(palette_file())
        self.annotator = read_annotator()
        self.name = next(iter(self.palette))
        self.chosen: str | None = None
        self.keeping = Keeping(session)
        self.offered = self.keeping.offered
        self._histories = SlideHistories()
        self._source: SectionSource | None = None
        self._gone: tuple[Domain, ...] = ()
        self._timer = QTimer()
        self._timer.setInterval(SAVE_EVERY_MS)
        self._timer.timeout.connect(partial(_call, WeakMethod(self.keep)))
        view.make = partial(_make, ref(self))
        view.edited.connect(self._on_edited)
        view.pointed.connect(self.choose)
        session.section_changed.connect(self._on_section_changed)
        session.domains_changed.connect(self._on_domains_changed)
        self._on_section_changed()

    @property
    def history(self) -> History:
        """Return what was done on the open section."""
        return self._histories.of(self._session.source, self._session.domains)

    @property
    def kept(self) -> Kept:
        """Return what earlier windows left of the open slide and nobody has answered to."""
        return self.keeping.kept

    def do(self, domains: tuple[Domain, ...], deed: str) -> None:
        """Put domains in place of those of the open section, as a step that can be undone.

        Raises
        ------
        InputError
            When no section is open.
        """
        self._show(self.history.done(domains, deed))

    def undo(self) -> None:
        """Take the last step back; while something is being drawn, that alone."""
        tool, before = self._view.drawing, self.history
        if tool not in ("", POLYGON):
            return  # the mouse button is still down
        self._view.collect()
        # Of fewer than three corners nothing becomes a step: it is gone already.
        self._show(before if tool and self.history is before else self.history.undone())

    def redo(self) -> None:
        """Do again what was undone last."""
        self._show(self.history.redone())

    def choose(self, domain_id: str | None) -> None:
        """Choose a domain by its id; figures are restricted to its spots."""
        found = self.domain(domain_id)
        self.chosen = None if found is None else found.id
        self._selection.set_domain(self.chosen)
        self._view.choose(self.chosen)
        self.changed.emit()

    def domain(self, domain_id: str | None) -> Domain | None:
        """Return a domain of the open section by its id."""
        return next((domain for domain in self._session.domains if domain.id == domain_id), None)

    def rename(self, domain_id: str, name: str) -> None:
        """Give a domain another name, with the colour that name has."""
        called = class_name(name) or UNNAMED
        rgb = self.add_name(called)
        self._change(domain_id, f"Rename to {called}", lambda item: replace(item, name=called, colour_rgb=rgb))

    def recolour(self, name: str, rgb: RGB) -> None:
        """Give a name another colour, in the palette and on this slide."""
        self.palette = {**self.palette, name: rgb}
        self._keep_palette()
        domains = tuple(replace(item, colour_rgb=rgb) if item.name == name else item for item in self._session.domains)
        if self._session.section is not None:
            self.do(domains, f"Recolour {name}")
        self.changed.emit()

    def delete(self, domain_id: str) -> None:
        """Take a domain away."""
        found = self.domain(domain_id)
        if found is not None:
            self.do(tuple(item for item in self._session.domains if item.id != domain_id), f"Delete {found.name}")

    def add_name(self, name: str) -> RGB:
        """Put a name into the palette unless it is there, and return its colour."""
        if name not in self.palette and name != UNNAMED:
            used = {item.name: item.colour_rgb for item in self._session.domains}
            self.palette = {**self.palette, name: used.get(name) or next_colour(self.palette)}
            self._keep_palette()
        return self.palette.get(name) or next_colour(self.palette)

    def set_name(self, name: str) -> None:
        """Call the next domain so."""
        called = class_name(name)
        if called:
            self.add_name(called)
            self.name = called
            self.changed.emit()

    def set_annotator(self, name: str) -> None:
        """Store a name in every domain that is drawn from now on."""
        self.annotator = one_line(name)
        with_message(self._session, partial(write_annotator, self.annotator))
        self.changed.emit()

    def make(self, shape: "BaseGeometry", is_ellipse: bool = False) -> Domain:
        """Return a new domain of a shape, with the name, its colour and the annotator of now."""
        return Domain(
            self.name, shape, self.palette.get(self.name), is_ellipse=is_ellipse, annotator=self.annotator or None
        )

    def bring_back(self) -> None:
        """Add what earlier windows left of the slide."""
        self.do(self.keeping.joined(), "Bring back domains")
        self.keeping.take_over()

    def put_aside(self) -> None:
        """Do not offer again what earlier windows left."""
        self.keeping.put_aside()

    def keep(self) -> None:
        """Put on disk what changed, also what is just being drawn; tell what is found there."""
        self.keeping.keep((*self._session.domains, *self._view.unfinished))

    def flush(self) -> None:
        """Put everything on disk before the window goes."""
        # What was left of the slide has to be known before anything is told of it.
        self.keeping.wait()
        self.keep()
        self.keeping.wait()

    def on_layer_removed(self) -> None:
        """Remember what a hand is just drawing in a layer that is being removed, lest the section is left next."""
        self._gone = self._view.unfinished

    def _show(self, history: History) -> None:
        source = self._session.source
        if source is None:
            raise InputError("Domains are drawn on a slide: open the slide first.")
        self._histories.set(source, history)
        if history.domains != self._session.domains:
            self._session.set_domains(history.domains)
        self.changed.emit()

    def _change(self, domain_id: str, deed: str, to: Callable[[Domain], Domain]) -> None:
        self.do(tuple(to(item) if item.id == domain_id else item for item in self._session.domains), deed)
        if self.chosen == domain_id:
            self.choose(domain_id)

    def _on_edited(self, source: SectionSource | None, domains: tuple[Domain, ...], deed: str) -> None:
        if source is None:
            return
        if source != self._session.source:
            # Its section has just been left.
            self._add_to(source, domains, deed)
        else:
            known = {domain.id for domain in self._session.domains}
            self.do(domains, deed)
            new = [domain for domain in domains if domain.id not in known]
            if new:
                self.choose(new[-1].id)

    def _add_to(self, source: SectionSource, domains: tuple[Domain, ...], deed: str) -> None:
        """Take domains of a section that was left."""
        history = self._histories.of(source).done(domains, deed)
        self._histories.set(source, history)
        self._session.drawn.update(dict.fromkeys(sharing(self._session.cohort, source), history.domains))

    def _on_section_changed(self) -> None:
        section = self._session.section
        left, self._source = self._source, self._session.source
        self.chosen = None
        if left is not None:
            self._leave(left)
        if section is not None and self._source is not None:
            history = self._histories.opened(self._source, section.domains)
            if history.domains != section.domains:
                self._session.set_domains(history.domains)
            self.keeping.open(self._session.section or section)
            self._timer.start()
        self.changed.emit()

    def _leave(self, source: SectionSource) -> None:
        gone, self._gone = self._gone, ()
        if gone:
            self._add_to(source, (*self._histories.of(source).domains, *gone), f"Draw {gone[-1].name}")
        self.keeping.leave(self._histories.of(source).domains)

    def _on_domains_changed(self) -> None:
        source, domains = self._session.source, self._session.domains
        if source is None:
            return
        self._gone = ()  # the view has added it
        history = self.history
        if domains != history.domains:
            self._histories.set(source, history.done(domains, "Open domains"))
        for domain in domains:
            if domain.name not in self.palette and domain.name != UNNAMED and domain.colour_rgb is not None:
                self.palette = {**self.palette, domain.name: domain.colour_rgb}
        if self.domain(self.chosen) is None and self.chosen is not None:
            self.choose(None)
        self.keeping.warn()
        self.changed.emit()

    def _keep_palette(self) -> None:
        with_message(self._session, partial(write_palette, palette_file(), self.palette))


def _make(annotating: "ref[Annotating]", shape: Any, is_ellipse: bool) -> Domain:
    there = annotating()
    return Domain(UNNAMED, shape) if there is None else there.make(shape, is_ellipse)


def _call(method: "WeakMethod[Callable[[], None]]", *_: object) -> None:
    found = method()
    if found is not None:
        found()


def _on_removing(annotating: "ref[Annotating]", view: "ref[DomainView]", event: Any) -> None:
    there, its = annotating(), view()
    if there is not None and its is not None and event.source[event.index] is its.layer:
        there.on_layer_removed()


_ANNOTATING: "WeakKeyDictionary[Any, Annotating]" = WeakKeyDictionary()


def annotating_of(viewer: Any) -> Annotating:
    """Return the hand of a napari viewer, made at the first call; it lives as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _ANNOTATING:
        view = domains_of(model)
        made = _ANNOTATING[model] = Annotating(session_of(model), view, selection_of(model))
        model.layers.events.removing.connect(partial(_on_removing, ref(made), ref(view)))
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(partial(_call, WeakMethod(made.flush)))
    return _ANNOTATING[model]
