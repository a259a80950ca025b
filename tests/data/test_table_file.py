"""Texts as Windows and Excel write them, and what is no text."""

import gzip
from pathlib import Path

import pytest

from geneglass.data.table_file import first_lines, open_text, read_columns, read_texts
from geneglass.errors import InputError

TABLE = "x\ty\tlabel\n1\t5\tDrüse\n2\t6\tœdème – “diffus”\n"
LABELS = ["Drüse", "œdème – “diffus”"]


@pytest.mark.parametrize("ending", [".tsv", ".tsv.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_a_table_of_words_is_read_as_excel_writes_it(tmp_path: Path, encoding: str, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    content = ("\ufeff" * (encoding == "utf-16-be") + TABLE).encode(encoding)
    path.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    assert first_lines(path, windows=True) == ("x\ty\tlabel", "1\t5\tDrüse")
    frame = read_columns(path, ("x", "y"), text=("label",), windows=True)
    assert list(frame["label"]) == LABELS
    assert list(frame["x"]) == [1, 2]


def test_lines_may_end_as_in_windows(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(TABLE.replace("\n", "\r\n").encode("utf-16"))
    assert list(read_texts(path, has_header=True)["label"]) == LABELS


def test_only_words_may_be_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(TABLE.encode("cp1252"))
    for read in (first_lines, lambda path: read_texts(path, has_header=True)):
        with pytest.raises(InputError, match=r"a\.tsv is not a text file in UTF-8 or UTF-16; save it as UTF-8"):
            read(path)
    with pytest.raises(InputError, match="save it as UTF-8"), open_text(path) as file:
        file.read()


@pytest.mark.parametrize(
    "content",
    [
        b"x\ty\tlab\xe5l\n1\t5\tfat\n",  # a flipped bit in the header
        b"x\ty\tlabel\n\xb1\t5\tfat\n",  # in a number
        b"x\ty\tlabel\n1\t5\tf\xb1t\n",  # no letter
        b"x\ty\tlabel\n1\t5\tf\x81t\n",  # nothing in cp1252
        b"x\ty\tlabel\n1\t5\tf\xe1t\x00\x01\n",  # a letter beside what no text holds
        b"\xff\xfe\x00\x80" * 50,
        b"\xff\xfex\x00\t",
        b"\xff\xfex\x00\n\x00\x00\xd8",
        b"\x00\xff\x80" * 99,
    ],
)
def test_what_is_damaged_is_no_text_of_windows(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a text file") as caught:
        read_columns(path, ("x", "y"), text=("label",), windows=True)
    assert str(caught.value).isprintable()
