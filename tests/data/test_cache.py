"""Where computed things are kept."""

from pathlib import Path

import platformdirs
import pytest

from geneglass.data.cache import cache_folder, cache_root
from geneglass.errors import InputError


def test_the_variable_wins_and_the_folder_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("GENEGLASS_CACHE", str(tmp_path / "deep" / "er"))
    folder = cache_folder("pyramids")
    assert folder == tmp_path / "deep" / "er" / "pyramids"
    assert folder.is_dir()
    assert cache_folder("pyramids") == folder


def test_without_the_variable_it_is_the_users_cache(monkeypatch):
    monkeypatch.delenv("GENEGLASS_CACHE")
    assert cache_root() == Path(platformdirs.user_cache_dir("geneglass", appauthor=False))


def test_a_cache_that_cannot_be_made_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GENEGLASS_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"cache folder .* cannot be written .* set GENEGLASS_CACHE"):
        cache_folder("features")
