"""What the buttons below the gene table do: keep signatures, and show genes together."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from geneglass.data.gene_book import SIGN, signature_name
from geneglass.errors import InputError
from geneglass.viewer.channels import Channels
from geneglass.viewer.desk import listen
from geneglass.viewer.kept_genes import kept_genes
from geneglass.viewer.session import Session
from geneglass.viewer.values import SIGNATURE

if TYPE_CHECKING:
    from geneglass.viewer.gene_list import GeneList


class SetActions(QObject):
    """Answers the buttons of one gene list, and lives as long.

    Parameters
    ----------
    owner
        The gene list.
    session
        Its session.
    channels
        Shows genes together; None where there is no viewer.
    """

    def __init__(self, owner: "GeneList", session: Session, channels: Channels | None) -> None:
        super().__init__(owner)
        self._owner, self._session, self._channels = owner, session, channels
        self._kept = kept_genes()
        sets = owner.sets
        owner.table.selectionModel().selectionChanged.connect(self.refresh)
        sets.save.connect(self._save)
        sets.remove.connect(self._remove)
        sets.together.connect(self._show_together)
        sets.both.setVisible(channels is not None)
        if channels is not None:
            owner.table.clicked.connect(self.end_together)
            sets.ended.connect(channels.clear)
            listen(channels.changed, owner, self._show_legend)
            owner.destroyed.connect(channels.stop)

    def refresh(self) -> None:
        """Say anew what can be done with the genes that are marked or listed."""
        owner = self._owner
        row = owner.table.currentIndex().row()
        chosen = row >= 0 and owner.model.kind_at(row) == SIGNATURE
        owner.sets.set_genes(self._genes(), marked=len(owner.table.selected_names()), is_signature=chosen)

    def end_together(self, *_: object) -> None:
        """Show the chosen gene alone, if it is the only one that is marked: it may have been chosen before already."""
        if self._channels is not None and len(self._owner.table.selected_names()) == 1:
            self._channels.clear()

    def _genes(self) -> tuple[str, ...]:
        """Return what a signature would be made of: marked genes, else those found, with the absent of a list."""
        model = self._owner.model
        marked = self._owner.table.selected_names()
        if len(marked) > 1:
            return tuple(name for name in marked if not name.startswith(SIGN))
        if not model.query and not self._owner.only_favourites.isChecked():
            return ()
        listed = tuple(name for name in model.names_shown if not name.startswith(SIGN))
        return (*listed, *(name for name in model.absent if "*" not in name and "?" not in name))

    def _save(self, name: str) -> None:
        owner, genes = self._owner, self._genes()
        with telling(self._session):
            key = SIGN + signature_name(name)
            self._kept.change(lambda book: book.with_signature(name, genes))
            owner.extra.forget(key)
            owner.sets.saved()
            owner.search.clear()
            owner.extra.show(key)

    def _remove(self) -> None:
        owner = self._owner
        name = owner.model.name_at(owner.table.currentIndex().row())
        with telling(self._session):
            self._kept.change(lambda book: book.without_signature(name.removeprefix(SIGN)))
            owner.extra.forget(name)

    def _show_together(self) -> None:
        if self._channels is not None:
            with telling(self._session):
                self._channels.show(self._owner.table.selected_names())

    def _show_legend(self) -> None:
        if self._channels is not None:
            self._owner.sets.show_legend(self._channels.shown)


@contextmanager
def telling(session: Session) -> Iterator[None]:
    """Say an `InputError` of the block at the window."""
    try:
        yield
    except InputError as error:
        session.message.emit(str(error))
