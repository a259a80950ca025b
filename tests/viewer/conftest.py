"""Fixtures of the window's tests: they need an X display, which `make test` gives through xvfb-run."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ["NAPARI_ENSURE_PLUGIN_MAIN_THREAD"] = "1"
os.environ.setdefault("NAPARI_CONFIG", os.devnull)

THIRD_PARTY = [
    # matplotlib's converters, reached through vispy and superqt colour maps, use a pyparsing name on its way out
    "ignore:.*:DeprecationWarning:vispy",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    no_display = sys.platform.startswith("linux") and not os.environ.get("DISPLAY")
    for item in items:
        if here not in item.path.parents:
            continue
        for line in THIRD_PARTY:
            item.add_marker(pytest.mark.filterwarnings(line))
        if no_display and {"qtbot", "make_napari_viewer", "make_napari_viewer_proxy"} & set(item.fixturenames):
            item.add_marker(pytest.mark.skip(reason="a window needs an X display: run the tests through xvfb-run"))


@pytest.fixture(autouse=True)
def _own_user_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test user folders of its own: nothing is written to, or found in, those of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))


@pytest.fixture
def wait_for(qtbot: Any) -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Return a function that runs the window until a condition holds."""

    def wait(condition: Callable[[], bool], seconds: float = 30) -> None:
        qtbot.waitUntil(condition, timeout=int(seconds * 1000))

    return wait
