"""Fetching a public set, end to end, from a server on this machine."""

import gzip
import hashlib
import io
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from geneglass import FetchConfig, fetch, finish
from geneglass.data.cohort import read_cohort
from geneglass.data.public_sets import PublicFile
from geneglass.data.section import open_section
from geneglass.data.web import Patience
from geneglass.errors import InputError, UsageError
from geneglass.workflow.fetch import FetchResult

QUICK = Patience(connect_s=2, read_s=0.5, retries=1, pause_s=0.01)


def her2st_files(name: str) -> dict[str, bytes]:
    """Return small files of a section, in the layout of the set."""
    rng = np.random.default_rng(sum(name.encode()))
    places = [(x, y) for x in range(2, 7) for y in range(3, 9)]
    counts = ["\t".join(["", "ERBB2", "KRT8", "CD3E"])]
    counts += ["\t".join([f"{x}x{y}", *map(str, rng.integers(1, 90, 3))]) for x, y in places]
    spots = ["\t".join(["x", "y", "pixel_x", "pixel_y"])]
    spots += [f"{x}\t{y}\t{x * 40}\t{y * 40}" for x, y in places]
    picture = io.BytesIO()
    Image.fromarray(rng.integers(100, 220, (400, 320, 3), dtype=np.uint8)).save(picture, "JPEG")
    return {
        f"data/ST-cnts/{name}.tsv.gz": gzip.compress("\n".join(counts).encode(), mtime=0),
        f"data/ST-spotfiles/{name}_selection.tsv": "\n".join(spots).encode(),
        f"data/ST-imgs/{name[0]}/{name}/HE_{name}.jpg": picture.getvalue(),
    }


def as_published(path: str, content: bytes) -> PublicFile:
    """Return what the table says of a file: of a picture the id of its blob alone, as in the real one."""
    if path.endswith(".jpg"):
        blob = hashlib.sha1(f"blob {len(content)}".encode() + bytes(1) + content).hexdigest()
        return PublicFile(path, path, f"git:{blob}", is_image=True)
    return PublicFile(path, path, f"sha256:{hashlib.sha256(content).hexdigest()}", len(content))


@pytest.fixture
def her2st(loopback: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the server, with three small sections of the set."""
    loopback.files = {path: body for name in ("C2", "C3", "D1") for path, body in her2st_files(name).items()}
    table = tuple(as_published(path, body) for path, body in loopback.files.items())
    monkeypatch.setattr("geneglass.data.public_sets.her2st.read_table", lambda: table)
    return loopback


def config(server: Any, folder: Path, **changes: Any) -> FetchConfig:
    given = {"name": "her2st", "to": folder, "sections": ("C2", "C3", "D1"), "mirror": server.address} | changes
    return FetchConfig(**given)


def run(given: FetchConfig) -> FetchResult:
    return finish(fetch(given, patience=QUICK))


def test_set_arrives_and_its_sections_open(her2st: Any, tmp_path: Path) -> None:
    result = run(config(her2st, tmp_path / "set"))
    assert len(result.fetched) == 9
    cohort = read_cohort(result.cohort)
    assert [(section.name, section.patient) for section in cohort.sections] == [("C2", "C"), ("C3", "C"), ("D1", "D")]
    for source in cohort.sections:
        section = open_section(source)
        assert section.spots is not None
        assert section.spots.table.shape == (30, 3)
        assert section.slide is not None
        assert (section.slide.levels[0].height_px, section.slide.levels[0].width_px) == (400, 320)
    for path, body in her2st.files.items():
        assert (tmp_path / "set" / path).read_bytes() == body


def test_paths_in_the_cohort_are_relative(her2st: Any, tmp_path: Path) -> None:
    result = run(config(her2st, tmp_path / "set"))
    assert str(tmp_path) not in result.cohort.read_text(encoding="utf-8")


def test_second_run_asks_for_nothing(her2st: Any, tmp_path: Path) -> None:
    first = run(config(her2st, tmp_path))
    her2st.seen.clear()
    second = run(config(her2st, tmp_path))
    assert her2st.seen == []
    assert second.present == first.fetched
    assert second.fetched == ()


def test_licence_is_told_before_the_first_request(her2st: Any, tmp_path: Path) -> None:
    job = fetch(config(her2st, tmp_path / "set"), patience=QUICK)
    told = []
    for event in job:
        told.append(event.message)
        if event.stage != "Licence":
            break
        assert her2st.seen == []
        assert not (tmp_path / "set").exists()
    assert any(line.startswith("Licence: none stated") for line in told)
    assert any("10.5281/zenodo.3957257" in line for line in told)
    assert any("3 of a size that is not published" in line for line in told)
    assert her2st.seen == []
    finish(job)
    assert len(her2st.seen) == 9


@pytest.mark.parametrize("path", ["data/ST-cnts/C2.tsv.gz", "data/ST-imgs/C/C2/HE_C2.jpg"])
def test_file_changed_on_disk_is_noticed_and_fetched_again(her2st: Any, tmp_path: Path, path: str) -> None:
    run(config(her2st, tmp_path))
    target = tmp_path / path
    body = target.read_bytes()
    target.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    her2st.seen.clear()
    told = [event.message for event in fetch(config(her2st, tmp_path), patience=QUICK)]
    assert [name for name, _ in her2st.seen] == [path]
    assert target.read_bytes() == body
    assert any("fetched again" in line for line in told)


def test_some_sections_now_and_others_later_end_in_one_cohort(her2st: Any, tmp_path: Path) -> None:
    run(config(her2st, tmp_path, sections=("C2",), images=False))
    assert read_cohort(tmp_path / "cohort.toml").sections[0].slide is None
    text = (tmp_path / "cohort.toml").read_text(encoding="utf-8")
    (tmp_path / "cohort.toml").write_text(text + "mpp = 0.69\n", encoding="utf-8")
    run(config(her2st, tmp_path, sections=("C2",)))
    run(config(her2st, tmp_path, sections=("D1",)))
    c2, d1 = read_cohort(tmp_path / "cohort.toml").sections
    assert (c2.name, c2.mpp, d1.name) == ("C2", 0.69, "D1")
    assert c2.slide == tmp_path / "data/ST-imgs/C/C2/HE_C2.jpg"


def test_faulty_cohort_file_is_kept_aside(her2st: Any, tmp_path: Path) -> None:
    (tmp_path / "cohort.toml").write_text("[[section]\n")
    told = [event.message for event in fetch(config(her2st, tmp_path), patience=QUICK)]
    assert len(read_cohort(tmp_path / "cohort.toml").sections) == 3
    assert (tmp_path / "cohort.toml.old").read_text() == "[[section]\n"
    assert any("cohort.toml.old" in line for line in told)


def test_wrong_bytes_leave_no_file_and_no_cohort(her2st: Any, tmp_path: Path, fault: Any) -> None:
    path = "data/ST-imgs/C/C2/HE_C2.jpg"
    her2st.faults[path] = [fault(body=her2st.files[path][:-1] + b"?")]
    with pytest.raises(InputError, match="not the file"):
        run(config(her2st, tmp_path))
    assert not (tmp_path / path).exists()
    assert not (tmp_path / "cohort.toml").exists()
    assert len(run(config(her2st, tmp_path)).sections) == 3


def test_two_fetches_at_once_do_not_mix(her2st: Any, tmp_path: Path) -> None:
    first = fetch(config(her2st, tmp_path), patience=QUICK)
    while not her2st.seen:
        next(first)
    with pytest.raises(InputError, match="Another fetch"):
        run(config(her2st, tmp_path))
    assert len(finish(first).fetched) == 9
    assert run(config(her2st, tmp_path)).fetched == ()


def test_cancelled_fetch_lets_the_next_one_go_on(her2st: Any, tmp_path: Path) -> None:
    first = fetch(config(her2st, tmp_path), patience=QUICK)
    while len(her2st.seen) < 4:
        next(first)
    first.close()
    result = run(config(her2st, tmp_path))
    assert len(result.present) >= 2
    assert len(read_cohort(result.cohort).sections) == 3


def test_folder_that_can_not_be_written_is_told_before_any_request(her2st: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can not be made"):
        run(config(her2st, tmp_path / "file" / "set"))
    assert her2st.seen == []


def test_folder_of_another_set_is_refused(her2st: Any, tmp_path: Path) -> None:
    run(config(her2st, tmp_path))
    with pytest.raises(InputError, match="holds the public set her2st"):
        run(FetchConfig(name="liver", to=tmp_path, mirror=her2st.address))


@pytest.mark.parametrize("note", ["{", "[]", '{"name": 3}'])
def test_damaged_note_is_one_sentence(her2st: Any, tmp_path: Path, note: str) -> None:
    (tmp_path / "geneglass-fetch.json").write_text(note)
    with pytest.raises(InputError, match="delete it"):
        run(config(her2st, tmp_path))


def test_unknown_set_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="her2st"):
        run(FetchConfig(name="nosuch"))


def test_gated_set_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="CC BY-NC-SA"):
        run(FetchConfig(name="hest", to=tmp_path))


KILLED = """
import sys
from pathlib import Path
from geneglass import FetchConfig, fetch, finish
finish(fetch(FetchConfig(name="liver", to=Path(sys.argv[2]), sections=("A1",), mirror=sys.argv[1])))
"""


def test_killed_fetch_goes_on_where_it_was(loopback: Any, tmp_path: Path, fault: Any) -> None:
    picture = np.random.default_rng(5).bytes(900_000)
    name = "GSM7697868/suppl/GSM7697868_GEX_C73_A1_Merged.tiff.gz"
    loopback.files = {name: gzip.compress(picture, mtime=0)}
    loopback.faults[name] = [fault(stall_at=500_000)]
    part = tmp_path / "GSM7697868_GEX_C73_A1_Merged.tiff.gz.part"
    process = subprocess.Popen([sys.executable, "-c", KILLED, loopback.address, str(tmp_path)])
    until = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 300_000) and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    process.wait(timeout=20)
    assert part.stat().st_size > 300_000
    assert not (tmp_path / "cohort.toml").exists()
    result = run(FetchConfig(name="liver", to=tmp_path, sections=("A1",), mirror=loopback.address))
    assert int(loopback.seen[-1][1].removeprefix("bytes=").rstrip("-")) > 300_000
    (source,) = read_cohort(result.cohort).sections
    assert source.slide is not None
    assert source.slide.read_bytes() == picture
    assert not part.exists()
