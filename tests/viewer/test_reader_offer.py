"""The offer to be the preferred reader is made once."""

from collections.abc import Iterator
from typing import Any

import pytest
from napari.settings import get_settings
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from geneglass.viewer.reader_offer import ReaderOffer


@pytest.fixture(autouse=True)
def _no_reader_chosen() -> Iterator[None]:
    get_settings().plugins.extension2reader = {}
    yield
    get_settings().plugins.extension2reader = {}


def shown(qtbot: Any) -> ReaderOffer:
    offer = ReaderOffer()
    assert not offer.isVisible()
    qtbot.addWidget(offer)
    return offer


@pytest.mark.parametrize(("button", "reader"), [("accept", "geneglass"), ("decline", None)])
def test_an_answer_is_remembered(qtbot: Any, button: str, reader: str | None) -> None:
    offer = shown(qtbot)
    offer.show()
    qtbot.mouseClick(getattr(offer, button), Qt.MouseButton.LeftButton)
    assert offer.isHidden()
    assert get_settings().plugins.extension2reader.get("*.svs") == reader
    again = shown(qtbot)
    panel = QWidget()
    qtbot.addWidget(panel)
    again.setParent(panel)
    panel.show()
    assert not again.isVisible()
