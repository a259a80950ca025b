"""What a newcomer meets: the hint, the help, keys that are listed where they are bound, controls in reach of Tab."""

import re
from pathlib import Path
from typing import Any

import pytest
from app_model.types import KeyBinding
from napari.components import ViewerModel
from napari.settings import get_settings
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractButton, QApplication, QComboBox, QTabBar, QWidget

import geneglass.viewer
from geneglass.viewer.domain_tools import TOOLS
from geneglass.viewer.gene_list import STAR_KEY
from geneglass.viewer.help import Help, help_html
from geneglass.viewer.keys import Shortcut, answer_in, bind, shortcuts_of
from geneglass.viewer.once import answered
from geneglass.viewer.own_keys import NAPARI
from geneglass.viewer.panel import NARROWEST_PX, GeneglassPanel


class Answers(QWidget):
    """Counts how often a key was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def answer(self) -> None:
        self.count += 1


def a_panel(hand: Any) -> GeneglassPanel:
    hand.choose("Plugins", "geneglass")
    hand.wait(lambda: hand.window.findChild(GeneglassPanel, "geneglass") is not None)
    panel: Any = hand.window.findChild(GeneglassPanel, "geneglass")
    return panel


def test_a_key_is_bound_listed_and_let_go_with_its_widget(qtbot: Any) -> None:
    viewer, widget = ViewerModel(), Answers()
    qtbot.addWidget(widget)
    shortcut = Shortcut("Control-PageDown", "Next slide", "Slides")
    bind(viewer, widget, shortcut, widget.answer)
    answer_in(widget, viewer)
    assert shortcuts_of(viewer) == [shortcut]
    assert shortcut.shown == "Ctrl+PgDown"
    (key,) = viewer.keymap.values()
    key(viewer)
    assert widget.count == 1
    widget.show()
    widget.activateWindow()
    widget.setFocus()
    qtbot.waitUntil(widget.isActiveWindow)
    qtbot.keyClick(widget, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert widget.count == 2
    with qtbot.waitSignal(widget.destroyed):
        widget.deleteLater()
    assert (shortcuts_of(viewer), len(viewer.keymap)) == ([], 0)


def test_the_help_lists_every_key() -> None:
    page = help_html([Shortcut("Control-D", "Keep this place", "Slides"), Shortcut("X", "Blink", "Maps")])
    for words in ("Ctrl+D", "Keep this place", "Blink", "held-out r", "First steps"):
        assert words in page
    assert page.count("<i>Slides</i>") == 1
    assert {"Ctrl", "Shift", "Z", "F", "Delete", "PgUp"} <= keys_in_code()
    assert not keys_in_code() - listed_keys(page) - {STAR_KEY.keys}
    assert set(NAPARI) <= set(get_settings().shortcuts.shortcuts)
    for title in (title for _, title, _ in TOOLS):
        assert title in ("Navigate", "Move", "Corners") or title.split()[-1].lower() in page.lower(), title


def keys_in_code() -> set[str]:
    """Return every key that the viewer's source names, however it is answered."""
    found: set[str] = set()
    for path in Path(geneglass.viewer.__file__).parent.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        found |= set(re.findall(r"Qt\.Key\.Key_(\w+)", source))
        for keys in re.findall(r'"((?:Ctrl|Shift|Alt)\+[\w+]+)"', source) if path.stem != "own_keys" else ():
            found |= set(keys.split("+"))
    return {SPELLED.get(key, key) for key in found}


SPELLED = {"Return": "Enter", "PageDown": "PgDown", "PageUp": "PgUp"}


def listed_keys(page: str) -> set[str]:
    """Return the keys that the help has rows for."""
    keys = page.partition("<h3>Keys</h3>")[2]
    return {part for cell in re.findall(r"<b>(.*?)</b>", keys) for part in re.split(r"\+|, | or ", cell)}


def test_the_help_says_what_napari_was_told_to_answer_to(monkeypatch: pytest.MonkeyPatch) -> None:
    shortcuts = get_settings().shortcuts
    changed = {**shortcuts.shortcuts, "napari:reset_view": [KeyBinding.from_str("Ctrl+9")], "napari:toggle_theme": []}
    monkeypatch.setattr(shortcuts, "shortcuts", changed)
    page = help_html([])
    assert "<b>Ctrl+9</b>" in page
    assert "Dark or light" not in page


@pytest.mark.parametrize("hand", [(1280, 800)], indirect=True)
def test_the_hint_opens_the_sample_and_comes_once(hand: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENEGLASS_CACHE", str(tmp_path))
    panel = a_panel(hand)
    hand.wait(panel.first_hint.isVisible)
    hand.look("first")
    hand.click(panel.head.help)
    helps = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, Help)]
    assert [widget.isVisible() for widget in helps] == [True]
    text = helps[0].text.toPlainText()
    assert all(shortcut.shown in text for shortcut in shortcuts_of(panel._viewer))
    assert "Ctrl+PgDown" in text
    bound = {part for keys in panel._viewer.keymap for part in str(keys).split("+")}
    listed = listed_keys(help_html(shortcuts_of(panel._viewer)))
    assert {SPELLED.get(key, key) for key in bound} <= listed
    assert {"Alt", "F1", "Z"} <= bound
    hand.qtbot.keyClick(helps[0], Qt.Key.Key_Escape)
    hand.click(panel.first_hint.sample)
    hand.wait(lambda: panel.desk.session.section is not None and panel.desk.runner.running is None)
    assert not panel.first_hint.isVisible()
    assert answered("first_hint_seen")
    every_tab_is_seen(panel)
    tab_reaches_every_button(hand, panel)
    every_control_has_a_tooltip(panel)


def every_tab_is_seen(panel: GeneglassPanel) -> None:
    """Assert that no tab needs to be scrolled to, in the narrowest panel."""
    bar = panel.tabs.tabBar()
    assert sum(bar.tabRect(i).width() for i in range(bar.count())) <= NARROWEST_PX - 16
    shown = [arrow for arrow in bar.findChildren(QAbstractButton) if arrow.isVisible()]
    assert shown == [], "scroll arrows"


def tab_reaches_every_button(hand: Any, panel: GeneglassPanel) -> None:
    """Assert that Tab alone reaches the head, the tabs and every control of the page shown."""
    hand.tab(panel.tabs, "Slides")
    panel.head.open.setFocus()
    met = set()
    for _ in range(60):
        met.add(QApplication.focusWidget())
        hand.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    page: Any = panel.pages["slides"]
    wanted = {
        panel.head.open,
        panel.head.chooser,
        panel.head.help,
        page.list,
        page.next,
        page.overview,
        page.places.keep,
    }
    assert wanted <= met
    assert any(isinstance(widget, QTabBar) for widget in met)


def every_control_has_a_tooltip(panel: GeneglassPanel) -> None:
    """Assert that buttons and menus say what they do, in the tab Slides and around it."""
    page = panel.pages["slides"]
    for parent in (panel.head, page):
        for control in (*parent.findChildren(QAbstractButton), *parent.findChildren(QComboBox)):
            assert control.toolTip() or not control.isVisible(), control
