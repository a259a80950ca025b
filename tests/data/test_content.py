"""The digest of a large file sees its size, its ends and samples between."""

import pytest

from geneglass.data import content
from geneglass.data.content import file_digest


def test_equal_content_has_an_equal_digest_and_any_byte_counts_in_a_small_file(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(bytes(1000))
    second.write_bytes(bytes(1000))
    assert file_digest(first) == file_digest(second)
    assert len(file_digest(first)) == 32
    second.write_bytes(bytes(500) + b"\1" + bytes(499))
    assert file_digest(first) != file_digest(second)


@pytest.mark.parametrize("place", ["start", "end", "longer", "shifted"])
def test_a_large_file_is_sampled(tmp_path, monkeypatch, place):
    monkeypatch.setattr(content, "_WHOLE_BELOW", 10_000)
    monkeypatch.setattr(content, "_END", 1_000)
    monkeypatch.setattr(content, "_SAMPLE", 50)
    whole = b"".join(i.to_bytes(4, "big") for i in range(20_000))
    changed = {
        "start": b"x" + whole[1:],
        "end": whole[:-1] + b"x",
        "longer": whole + b"\0",
        "shifted": whole[:30_000] + b"more" + whole[30_000:-4],
    }[place]
    for name, data in (("a", whole), ("b", changed)):
        (tmp_path / name).write_bytes(data)
    assert file_digest(tmp_path / "a") != file_digest(tmp_path / "b")
