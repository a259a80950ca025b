"""Unpacking: what is wanted, whole, and never outside the folder."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from geneglass.data.unpack import unpack
from geneglass.errors import InputError


def make_tar(path: Path, members: dict[str, bytes], *, links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, to in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, to
            tar.addfile(info)
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def run(archive: Path, folder: Path, place: object = str) -> list[str]:
    for _ in unpack(archive, folder, place):  # type: ignore[arg-type]
        pass
    return names_in(folder)


@pytest.mark.parametrize("ending", ["tar", "tar.gz"])
def test_wanted_members_are_laid_out_as_told(tmp_path: Path, ending: str) -> None:
    archive = make_tar(tmp_path / f"a.{ending}", {"./spatial/x.csv": b"1,2", "junk/y": b"3", "z.tsv.gz": b"kept"})
    place = {"spatial/x.csv": "s1/spatial/x.csv", "z.tsv.gz": "z.tsv.gz"}.get
    assert run(archive, tmp_path / "out", place) == ["s1/spatial/x.csv", "z.tsv.gz"]
    assert (tmp_path / "out" / "s1" / "spatial" / "x.csv").read_bytes() == b"1,2"
    assert (tmp_path / "out" / "z.tsv.gz").read_bytes() == b"kept"


def test_compressed_members_and_files_are_decompressed(tmp_path: Path) -> None:
    packed = gzip.compress(b"counts" * 1000)
    archive = make_tar(tmp_path / "a.tar", {"counts.tsv.gz": packed})
    (tmp_path / "slide.tiff.gz").write_bytes(packed)
    assert run(archive, tmp_path / "out", lambda name: name.removesuffix(".gz")) == ["counts.tsv"]
    run(tmp_path / "slide.tiff.gz", tmp_path / "out", lambda name: name.removesuffix(".gz"))
    assert names_in(tmp_path / "out") == ["counts.tsv", "slide.tiff"]
    assert (tmp_path / "out" / "slide.tiff").read_bytes() == b"counts" * 1000


def test_member_that_is_plain_in_spite_of_its_name_is_kept_as_it_is(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "a.tar", {"features.tsv.gz": b"ERBB2\nKRT8\n"})
    assert run(archive, tmp_path / "out", lambda name: name.removesuffix(".gz")) == ["features.tsv"]
    assert (tmp_path / "out" / "features.tsv").read_bytes() == b"ERBB2\nKRT8\n"


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/tmp/geneglass-evil", "a\\..\\evil", "C:evil"])
def test_nothing_is_written_outside_the_folder(tmp_path: Path, name: str) -> None:
    archive = make_tar(tmp_path / "a.tar", {name: b"evil"})
    with pytest.raises(InputError, match="outside its folder"):
        run(archive, tmp_path / "out")
    assert names_in(tmp_path) == ["a.tar"]


def test_link_that_is_wanted_is_refused_and_another_left(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "a.tar", {"good": b"1"}, links={"passwd": "/etc/passwd"})
    assert run(archive, tmp_path / "out", {"good": "good"}.get) == ["good"]
    with pytest.raises(InputError, match="as a link"):
        run(archive, tmp_path / "out")


@pytest.mark.parametrize("damage", ["cut", "flipped", "no archive"])
def test_damaged_archive_is_one_sentence_and_leaves_no_half_file(tmp_path: Path, damage: str) -> None:
    archive = make_tar(tmp_path / "a.tar.gz", {"big": bytes(range(256)) * 40_000})
    whole = archive.read_bytes()
    broken = {"cut": whole[: len(whole) // 2], "flipped": whole[:300] + b"\xff" * 40 + whole[340:], "no archive": b"x"}
    archive.write_bytes(broken[damage])
    with pytest.raises(InputError, match="damaged") as caught:
        run(archive, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert names_in(tmp_path) == ["a.tar.gz"]


def test_cancel_leaves_no_half_file(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "a.tar", {"big": bytes(5_000_000)})
    steps = unpack(archive, tmp_path / "out", str)
    assert next(steps).done > 0
    steps.close()
    assert names_in(tmp_path) == ["a.tar"]
