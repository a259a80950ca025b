"""What a fetch notes beside the data."""

import json
from pathlib import Path

import pytest

from geneglass.data.fetch_record import NAME, FetchRecord, read_record, write_record
from geneglass.errors import InputError

HASH = "sha256:" + "0a" * 32


def test_note_comes_back_as_it_was_written(tmp_path: Path) -> None:
    record = FetchRecord("liver", title="Lever", licence="keine").with_hash("a.tiff.gz", HASH)
    record = record.with_unpacked("a.tiff.gz", ("A1",), {"a.tiff": 7})
    write_record(tmp_path, record)
    assert read_record(tmp_path, "liver") == record


def test_folder_without_a_note_has_an_empty_record(tmp_path: Path) -> None:
    assert read_record(tmp_path, "liver") == FetchRecord("liver")


def test_unpacked_files_are_missed_when_gone_short_or_of_another_section(tmp_path: Path) -> None:
    record = FetchRecord("liver").with_unpacked("a.tar", ("A1",), {"x": 3, "y": 2})
    (tmp_path / "x").write_bytes(b"123")
    assert not record.is_unpacked(tmp_path, "a.tar", ("A1",))
    (tmp_path / "y").write_bytes(b"12")
    assert record.is_unpacked(tmp_path, "a.tar", ("A1",))
    assert not record.is_unpacked(tmp_path, "a.tar", ("A1", "B1"))
    (tmp_path / "y").write_bytes(b"1")
    assert not record.is_unpacked(tmp_path, "a.tar", ("A1",))


@pytest.mark.parametrize(
    "change",
    [
        {"first_hashes": {"a": "crc:12"}},
        {"first_hashes": {"a": 3}},
        {"first_hashes": [HASH]},
        {"unpacked": {"a": {"A1": {"x": "3"}}}},
        {"unpacked": {"a": 3}},
        {"name": "her2st"},
    ],
)
def test_note_that_is_damaged_or_of_another_set_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    write_record(tmp_path, FetchRecord("liver"))
    path = tmp_path / NAME
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_record(tmp_path, "liver")
    assert "\n" not in str(caught.value)
