"""Checksums as publishers give them."""

from pathlib import Path

import pytest

from geneglass.data.checksum import matches, sha256_of


@pytest.mark.parametrize(
    "known",
    [
        "git:ce013625030ba8dba906f756967f9e9ca394464a",  # git hash-object of "hello\n"
        "md5:b1946ac92492d2347c6235b4d2611184",
        "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
        "sha256:5891B5B522D5DF086D0FF0B110FBD9D21BB4FC7163AF34D08286A2E846F6BE03",
    ],
)
def test_known_hash_matches_its_content_alone(tmp_path: Path, known: str) -> None:
    path = tmp_path / "hello.txt"
    path.write_bytes(b"hello\n")
    assert matches(path, known)
    path.write_bytes(b"Hello\n")
    assert not matches(path, known)


def test_sha256_is_hexadecimal(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert sha256_of(path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
