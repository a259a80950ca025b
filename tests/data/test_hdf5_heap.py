"""A damaged text heap is found before the HDF5 library, which would never return, gets to it."""

import h5py
import pytest

from geneglass.data.hdf5_heap import check_heaps


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as store:
        store.attrs["unit"] = "counts per spot"
        store["names"] = ["spot 1", "spot 2 with a longer name", "ß"]
    return path


def test_a_whole_file_passes(file):
    check_heaps(file)


def test_free_space_without_a_size_is_refused(file):
    content = bytearray(file.read_bytes())
    start = content.index(b"GCOL")
    place = start + 16
    while content[place : place + 2] != b"\0\0":
        place += 16 + -(-int.from_bytes(content[place + 8 : place + 16], "little") // 8) * 8
    content[place + 8 : place + 16] = bytes(8)
    file.write_bytes(content)
    with pytest.raises(ValueError, match=f"text heap at byte {start:,} is damaged"):
        check_heaps(file)


def test_a_heap_wiped_with_zeros_is_refused(file):
    content = bytearray(file.read_bytes())
    start = content.index(b"GCOL")
    content[start + 40 : start + 300] = bytes(260)
    file.write_bytes(content)
    with pytest.raises(ValueError, match="text heap"):
        check_heaps(file)


def test_a_heap_wiped_with_ones_is_refused(file):
    content = bytearray(file.read_bytes())
    start = content.index(b"GCOL")
    content[start + 40 : start + 300] = b"\xff" * 260
    file.write_bytes(content)
    with pytest.raises(ValueError, match="text heap"):
        check_heaps(file)


@pytest.mark.parametrize("version", ["earliest", "latest"])
def test_the_text_of_an_attribute_wiped_with_ones_is_refused(version, tmp_path):
    path = tmp_path / "b.h5"
    with h5py.File(path, "w", libver=version) as store:
        store.attrs["unit"] = "counts per spot"
    check_heaps(path)
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL")
    place = content.index((15).to_bytes(4, "little") + heap.to_bytes(8, "little"))
    content[place : place + 16] = b"\xff" * 16
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"a text at byte {place:,} states 4,294,967,295 bytes"):
        check_heaps(path)


@pytest.mark.parametrize("content", [b"", b"GCOL\x01\0\0\0", b"GCOL\x01\0\0\0" + b"\xff" * 30])
def test_what_only_begins_like_a_heap_passes(tmp_path, content):
    (tmp_path / "a.h5").write_bytes(content)
    check_heaps(tmp_path / "a.h5")
