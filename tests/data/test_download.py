"""Downloads from a server on this machine that fails in every way it is told to."""

import hashlib
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from geneglass.data.download import Download
from geneglass.data.web import Patience
from geneglass.errors import InputError

BODY = np.random.default_rng(3).bytes(600_000)
SHA256 = f"sha256:{hashlib.sha256(BODY).hexdigest()}"
QUICK = Patience(connect_s=2, read_s=0.4, retries=2, pause_s=0.01)


def make(server: Any, folder: Path, **changes: Any) -> Download:
    server.files.setdefault("slide.bin", BODY)
    given = {"known_hash": SHA256, "n_bytes": len(BODY), "patience": QUICK} | changes
    return Download(server.address + "slide.bin", folder / "data" / "slide.bin", **given)


def run(download: Download) -> str:
    for _ in download.steps():
        pass
    return download.put_in_place()


def refusal(download: Download) -> str:
    with pytest.raises(InputError) as caught:
        run(download)
    assert "\n" not in str(caught.value)
    assert not download.target.exists()
    return str(caught.value)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_file_arrives_whole_and_nothing_else_is_left(loopback: Any, tmp_path: Path) -> None:
    download = make(loopback, tmp_path)
    seen = [step.done for step in download.steps()]
    assert download.put_in_place() == SHA256
    assert download.target.read_bytes() == BODY
    assert seen == sorted(seen)
    assert seen[-1] == len(BODY)
    assert left_in(tmp_path) == ["slide.bin"]


def test_break_off_goes_on_from_where_it_was(loopback: Any, tmp_path: Path, fault: Any) -> None:
    loopback.faults["slide.bin"] = [fault(cut_at=300_000)]
    run(make(loopback, tmp_path))
    (_, first), (_, second) = loopback.seen
    assert first == ""
    assert 0 < int(second.removeprefix("bytes=").rstrip("-")) <= 300_000
    assert (tmp_path / "data" / "slide.bin").read_bytes() == BODY


def test_server_without_ranges_sends_all_again(loopback: Any, tmp_path: Path, fault: Any) -> None:
    loopback.ranges = False
    loopback.faults["slide.bin"] = [fault(cut_at=300_000)]
    run(make(loopback, tmp_path))
    assert (tmp_path / "data" / "slide.bin").read_bytes() == BODY
    assert len(loopback.seen) == 2


def test_line_that_keeps_breaking_is_told_and_the_next_run_goes_on(loopback: Any, tmp_path: Path, fault: Any) -> None:
    loopback.faults["slide.bin"] = [fault(cut_at=300_000), fault(cut_at=300_000), fault(cut_at=300_000)]
    told = refusal(make(loopback, tmp_path))
    assert "run this again" in told
    assert len(loopback.seen) == 3
    assert (tmp_path / "data" / "slide.bin.part").stat().st_size > 100_000
    run(make(loopback, tmp_path))
    assert loopback.seen[-1][1].startswith("bytes=")
    assert (tmp_path / "data" / "slide.bin").read_bytes() == BODY


@pytest.mark.parametrize(
    ("status", "word", "requests"), [(404, "not there", 1), (403, "refuses", 1), (500, "fault", 3), (503, "fault", 3)]
)
def test_refusing_server_is_one_sentence(
    loopback: Any, tmp_path: Path, fault: Any, status: int, word: str, requests: int
) -> None:
    loopback.faults["slide.bin"] = [fault(status=status)] * 5
    told = refusal(make(loopback, tmp_path))
    assert word in told
    assert str(status) in told
    assert len(loopback.seen) == requests


def test_busy_server_is_asked_again(loopback: Any, tmp_path: Path, fault: Any) -> None:
    loopback.faults["slide.bin"] = [fault(status=503)]
    assert run(make(loopback, tmp_path)) == SHA256


@pytest.mark.parametrize("hashed_by", ["sha256", "md5", "git"])
def test_wrong_bytes_of_the_right_length_are_deleted(loopback: Any, tmp_path: Path, fault: Any, hashed_by: str) -> None:
    known = {
        "sha256": SHA256,
        "md5": f"md5:{hashlib.md5(BODY).hexdigest()}",
        "git": f"git:{hashlib.sha1(f'blob {len(BODY)}'.encode() + bytes(1) + BODY).hexdigest()}",
    }[hashed_by]
    loopback.faults["slide.bin"] = [fault(body=BODY[:-1] + b"?")]
    assert "not the file" in refusal(make(loopback, tmp_path, known_hash=known))
    assert left_in(tmp_path) == []
    run(make(loopback, tmp_path, known_hash=known))
    assert (tmp_path / "data" / "slide.bin").read_bytes() == BODY


def test_wrong_bytes_never_replace_the_file_that_is_there(loopback: Any, tmp_path: Path, fault: Any) -> None:
    download = make(loopback, tmp_path)
    download.target.parent.mkdir()
    download.target.write_bytes(b"older")
    loopback.faults["slide.bin"] = [fault(body=bytes(len(BODY)))]
    with pytest.raises(InputError, match="not the file"):
        run(download)
    assert download.target.read_bytes() == b"older"


def test_truncated_file_with_a_fitting_length_is_refused(loopback: Any, tmp_path: Path, fault: Any) -> None:
    loopback.faults["slide.bin"] = [fault(body=BODY[:-5000])]
    told = refusal(make(loopback, tmp_path))
    assert "595,000 bytes instead of 600,000" in told
    assert left_in(tmp_path) == []


def test_truncated_file_of_unknown_size_is_refused_by_its_hash(loopback: Any, tmp_path: Path, fault: Any) -> None:
    loopback.faults["slide.bin"] = [fault(body=BODY[:-5000])]
    assert "not the file" in refusal(make(loopback, tmp_path, n_bytes=None))


def test_stalled_server_is_given_up_in_time(loopback: Any, tmp_path: Path, fault: Any) -> None:
    loopback.faults["slide.bin"] = [fault(stall_at=200_000) for _ in range(3)]
    began = time.monotonic()
    assert "in time" in refusal(make(loopback, tmp_path))
    assert time.monotonic() - began < 6


def test_stall_passes_when_the_next_try_is_answered(loopback: Any, tmp_path: Path, fault: Any) -> None:
    loopback.faults["slide.bin"] = [fault(stall_at=200_000)]
    assert run(make(loopback, tmp_path)) == SHA256
    assert loopback.seen[1][1].startswith("bytes=")


def test_redirect_is_followed(loopback: Any, tmp_path: Path, fault: Any) -> None:
    loopback.files["elsewhere"] = BODY
    loopback.faults["slide.bin"] = [fault(location="/elsewhere")]
    run(make(loopback, tmp_path))
    assert [name for name, _ in loopback.seen] == ["slide.bin", "elsewhere"]


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_redirect_away_from_the_web_is_refused(loopback: Any, tmp_path: Path, fault: Any, place: str) -> None:
    loopback.faults["slide.bin"] = [fault(location=place)]
    assert "can not be fetched" in refusal(make(loopback, tmp_path))


def test_address_that_is_none_of_the_web_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="http"):
        Download("file:///etc/passwd", tmp_path / "x")


@pytest.mark.parametrize("host", ["", "[::1", ".x", "a" * 300, "127.0.0.1:99999"])
def test_address_that_can_not_be_asked_is_one_sentence(tmp_path: Path, host: str) -> None:
    assert "check the address" in refusal(Download(f"http://{host}/x", tmp_path / "x", patience=QUICK))


def test_server_that_is_not_there_is_one_sentence(loopback: Any, tmp_path: Path) -> None:
    download = make(loopback, tmp_path)
    download.address = "http://127.0.0.1:9/slide.bin"
    assert "can not be reached" in refusal(download)


def test_file_that_changed_on_the_server_is_fetched_from_the_start(loopback: Any, tmp_path: Path, fault: Any) -> None:
    older = bytes(len(BODY))
    loopback.faults["slide.bin"] = [fault(body=older, cut_at=300_000)]
    assert run(make(loopback, tmp_path, known_hash=None)) == SHA256
    assert (tmp_path / "data" / "slide.bin").read_bytes() == BODY


def test_without_a_version_or_a_hash_nothing_is_pieced_together(loopback: Any, tmp_path: Path, fault: Any) -> None:
    loopback.versions = False
    loopback.faults["slide.bin"] = [fault(body=bytes(len(BODY)), cut_at=300_000)]
    assert run(make(loopback, tmp_path, known_hash=None)) == SHA256
    assert [span for _, span in loopback.seen] == ["", ""]


def test_part_that_is_complete_is_not_fetched_again(loopback: Any, tmp_path: Path) -> None:
    for _ in make(loopback, tmp_path, n_bytes=None).steps():
        pass
    assert run(make(loopback, tmp_path, n_bytes=None)) == SHA256
    assert [span for _, span in loopback.seen] == ["", f"bytes={len(BODY)}-"]
    for _ in make(loopback, tmp_path / "other").steps():
        pass
    assert run(make(loopback, tmp_path / "other")) == SHA256
    assert len(loopback.seen) == 3


@pytest.mark.parametrize("links", [True, False])
def test_stop_while_pooch_reads_the_file_through_loses_nothing_where_links_exist(
    loopback: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def no_links(*_: object) -> None:
        raise OSError("the disk has no links")

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    download = make(loopback, tmp_path)
    download.target.parent.mkdir()
    download.target.with_name("slide.bin.part").write_bytes(BODY)
    with monkeypatch.context() as patch:
        patch.setattr("pooch.core.hash_matches", stopped)
        with pytest.raises(KeyboardInterrupt):
            download.put_in_place()
    assert run(make(loopback, tmp_path)) == SHA256
    assert len(loopback.seen) == (0 if links else 1)
    assert left_in(tmp_path) == ["slide.bin"]


def test_part_longer_than_the_file_is_dropped(loopback: Any, tmp_path: Path) -> None:
    download = make(loopback, tmp_path)
    download.target.parent.mkdir()
    download.target.with_name("slide.bin.part").write_bytes(BODY * 2)
    assert run(download) == SHA256


def test_compressed_file_is_kept_as_it_is_sent(loopback: Any, tmp_path: Path) -> None:
    loopback.headers["Content-Encoding"] = "gzip"
    run(make(loopback, tmp_path))
    assert (tmp_path / "data" / "slide.bin").read_bytes() == BODY


def test_cancel_keeps_what_arrived(loopback: Any, tmp_path: Path) -> None:
    download = make(loopback, tmp_path)
    steps = download.steps()
    next(steps)
    next(steps)
    steps.close()
    part = tmp_path / "data" / "slide.bin.part"
    assert BODY.startswith(part.read_bytes())
    assert part.stat().st_size >= 2 * 2**16
    assert not download.target.exists()
    assert run(make(loopback, tmp_path)) == SHA256
    assert loopback.seen[-1][1] == f"bytes={2 * 2**16}-"


def test_folder_that_can_not_be_made_is_one_sentence(loopback: Any, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    assert "Cannot write" in refusal(make(loopback, tmp_path))


def test_size_that_does_not_fit_the_disk_is_told_before_it_is_fetched(
    loopback: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    assert "space" in refusal(make(loopback, tmp_path))
    assert left_in(tmp_path) == []


LIMITED = """
import resource, sys
from pathlib import Path
from geneglass.data.download import Download
from geneglass.data.web import Patience
from geneglass.errors import InputError
download = Download(sys.argv[1], Path(sys.argv[2]))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    for _ in download.steps():
        pass
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file size for a process")
def test_full_disk_is_one_sentence(loopback: Any, tmp_path: Path) -> None:
    loopback.files["slide.bin"] = BODY
    target = tmp_path / "slide.bin"
    command = [sys.executable, "-c", LIMITED, loopback.address + "slide.bin", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("The disk is full")
    assert done.stdout.count("\n") == 1
    assert not target.exists()
