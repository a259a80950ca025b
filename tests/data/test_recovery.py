"""Domains kept while they are drawn."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import shapely

from geneglass.data.annotation import Domain
from geneglass.data.recovery import Recovery

A = Domain("Tumor", shapely.box(0, 0, 30, 20), (1, 2, 3), annotator="A. Smith")
B = Domain("Stroma", shapely.box(40, 0, 60, 20))

KILLED = """
import os, signal, sys
from pathlib import Path
import shapely
from geneglass.data.annotation import Domain
from geneglass.data.recovery import Recovery
kept = Recovery(Path(sys.argv[1]), "slide")
kept.write([Domain("Tumor", shapely.box(0, 0, 30, 20), annotator="A. Smith")])
print("written", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_window_kept_is_offered_to_the_next_one_and_not_while_it_is_open(tmp_path: Path) -> None:
    first = Recovery(tmp_path, "slide")
    first.write([A])
    second = Recovery(tmp_path, "slide")
    assert second.left_behind().domains == ()
    first.close()
    kept = second.left_behind()
    assert kept.domains == (A,)
    assert kept.saved_at is not None
    assert Recovery(tmp_path, "other").left_behind().domains == ()
    second.write([A, B])
    second.forget(kept.files)
    second.close()
    assert Recovery(tmp_path, "slide").left_behind().domains == (A, B)


def test_two_windows_lose_nothing_of_each_other(tmp_path: Path) -> None:
    windows = [Recovery(tmp_path, "slide") for _ in range(2)]
    for window, domain in zip(windows, (A, B), strict=True):
        window.write([domain])
        window.close()
    assert set(Recovery(tmp_path, "slide").left_behind().domains) == {A, B}


def test_a_killed_window_leaves_its_file(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, env=os.environ, check=False
    )
    assert run.returncode == -signal.SIGKILL
    assert run.stdout == "written\n"
    (domain,) = Recovery(tmp_path, "slide").left_behind().domains
    assert (domain.name, domain.annotator, domain.shape.area) == ("Tumor", "A. Smith", 600)


def test_nothing_drawn_leaves_nothing_and_a_damaged_file_hides_no_other(tmp_path: Path) -> None:
    window = Recovery(tmp_path, "slide")
    window.write([A])
    window.write([])
    window.close()
    assert list((tmp_path / "slide").iterdir()) == []
    (tmp_path / "slide" / "damaged.geojson").write_text("{")
    other = Recovery(tmp_path, "slide")
    other.write([B])
    other.close()
    assert Recovery(tmp_path, "slide").left_behind().domains == (B,)


def test_what_is_put_aside_is_offered_no_more_but_still_there(tmp_path: Path) -> None:
    for domain in (A, B):
        window = Recovery(tmp_path, "slide")
        window.write([domain])
        window.close()
        reader = Recovery(tmp_path, "slide")
        kept = reader.left_behind()
        assert kept.domains == (domain,)
        reader.put_aside(kept.files)
        assert reader.left_behind().domains == ()
        reader.close()
        (aside,) = (tmp_path / "slide").glob("*.discarded")
        assert domain.name in aside.read_text()
