"""The places a reader keeps on the slides, with a note each. The only owner of that state; no Qt in here."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from psygnal import Signal

from geneglass.data.bookmark import Bookmark, read_bookmarks, write_bookmarks
from geneglass.data.cohort import SectionSource
from geneglass.errors import InputError
from geneglass.viewer.desk import data_folder
from geneglass.viewer.session import Session, session_of

Made = Callable[[Sequence[Bookmark]], Iterable[Bookmark]]


class Bookmarks:
    """The bookmarks of one viewer; get it with `bookmarks_of`. Each change is written down at once, per slide."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: dict[Path, tuple[Bookmark, ...]] = {}
        self._unwritten: set[Path] = set()
        session.section_changed.connect(self._on_section_changed)

    @property
    def here(self) -> tuple[Bookmark, ...]:
        """Return the bookmarks of the open section."""
        source = self._session.source
        return () if source is None else self.of(source)

    def of(self, source: SectionSource) -> tuple[Bookmark, ...]:
        """Return the bookmarks of a section."""
        slide = slide_of(source)
        if slide not in self._kept:
            try:
                self._kept[slide] = read_bookmarks(file_of(slide))
            except InputError as error:
                self._kept[slide] = ()
                self._session.message.emit(str(error))
        return self._kept[slide]

    def add(self, bookmark: Bookmark) -> None:
        """Keep a place of the open section."""
        self._change_here(lambda kept: (*kept, bookmark))

    def set_note(self, index: int, note: str) -> None:
        """Write another note for a place of the open section."""
        old = self.here[index]
        self._change_here(lambda kept: [replace(item, note=note) if item == old else item for item in kept])

    def remove(self, index: int) -> None:
        """Forget a place of the open section."""
        old = self.here[index]
        self._change_here(lambda kept: [item for item in kept if item != old])

    def join(self, source: SectionSource, bookmarks: Sequence[Bookmark]) -> None:
        """Take bookmarks of a section in, as from a session file; a place that is here keeps its note."""

        def joined(kept: Sequence[Bookmark]) -> Iterable[Bookmark]:
            places = {(item.centre_yx_px, item.zoom) for item in kept}
            new = [item for item in bookmarks if (item.centre_yx_px, item.zoom) not in places]
            return dict.fromkeys((*kept, *new))

        self._change(source, joined)

    def _change_here(self, made: Made) -> None:
        if self._session.source is None:
            raise InputError("A place is kept on a slide: open the slide first.")
        self._change(self._session.source, made)

    def _change(self, source: SectionSource, made: Made) -> None:
        """Keep the places that a function makes of those on disk; what another window wrote there is not lost."""
        slide = slide_of(source)
        file, before = file_of(slide), self.of(source)
        try:
            now = read_bookmarks(file)
            kept = tuple(made(tuple(dict.fromkeys((*now, *before))) if slide in self._unwritten else now))
            if kept != now:
                file.parent.mkdir(parents=True, exist_ok=True)
                write_bookmarks(file, slide, kept)
            self._unwritten.discard(slide)
        except (InputError, OSError) as error:
            # A file that can not be read is left as it is: what it holds may be had from it yet.
            kept = tuple(made(before))
            self._unwritten.add(slide)
            self._session.message.emit(f"The places could not be written down: {error}")
        if kept != before:
            self._kept[slide] = kept
            self.changed.emit()
        for one in tuple(_BOOKMARKS.values()):
            if one is not self:
                one._show(slide, kept)

    def _show(self, slide: Path, kept: tuple[Bookmark, ...]) -> None:
        """Show what another window keeps of a slide, and with it what is not written down yet here."""
        if slide in self._unwritten:
            kept = tuple(dict.fromkeys((*kept, *self._kept[slide])))
        if self._kept.get(slide) not in (None, kept):
            self._kept[slide] = kept
            self.changed.emit()

    def _on_section_changed(self) -> None:
        self.changed.emit()


def slide_of(source: SectionSource) -> Path:
    """Return the file that stands for a section's slide: the slide, else its spots."""
    path = source.slide or source.spots
    if path is None:
        raise ValueError(f"section {source.name} has neither slide nor spots")
    return path


def file_of(slide: Path) -> Path:
    """Return where the bookmarks of a slide are written down."""
    key = hashlib.blake2b(str(slide).encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
    return data_folder() / "places" / f"{slide.name.split('.')[0]}-{key}.json"


_BOOKMARKS: "WeakKeyDictionary[Any, Bookmarks]" = WeakKeyDictionary()


def bookmarks_of(viewer: Any) -> Bookmarks:
    """Return the bookmarks of a napari viewer, made at the first call; it lives as long as the viewer."""
    model = getattr(viewer, "__wrapped__", viewer)
    if model not in _BOOKMARKS:
        _BOOKMARKS[model] = Bookmarks(session_of(model))
    return _BOOKMARKS[model]
