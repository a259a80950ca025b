"""The digest of a folder changes with what lies in it, however many files there are."""

import os
import time
from pathlib import Path

import pytest

from geneglass.data import folder_content
from geneglass.data.folder_content import folder_digest


def _digest(folder: Path) -> str:
    return folder_digest(folder, [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()])


@pytest.mark.parametrize("up_to", [4096, 2], ids=["whole", "sampled"])
def test_names_sizes_and_content_count_and_dates_do_not(tmp_path, monkeypatch, up_to):
    monkeypatch.setattr(folder_content, "_WHOLE_UP_TO_FILES", up_to)
    (tmp_path / "sub").mkdir()
    for name in ("a", "sub/b", "sub/c"):
        (tmp_path / name).write_bytes(name.encode() * 9)
    before = _digest(tmp_path)
    os.utime(tmp_path / "a", (time.time() - 999,) * 2)
    assert _digest(tmp_path) == before
    (tmp_path / "a").write_bytes(b"b" * 9)
    changed = _digest(tmp_path)
    (tmp_path / "sub" / "b").write_bytes(b"longer than before")
    longer = _digest(tmp_path)
    (tmp_path / "sub" / "c").rename(tmp_path / "sub" / "d")
    assert len({before, changed, longer, _digest(tmp_path)}) == 4
