"""Writes are all or nothing, and every failure is one sentence."""

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from geneglass.data.atomic import atomic_path
from geneglass.errors import InputError


def test_a_write_that_ends_well_replaces_the_file(tmp_path):
    target = tmp_path / "out.h5ad"
    target.write_text("old")
    target.chmod(0o640)
    with atomic_path(target) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".h5ad"
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [target]


def _fail_half_way(path, error):
    path.write_text("half")
    raise error


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyboardInterrupt(), GeneratorExit()])
def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path, error):
    target = tmp_path / "out.csv"
    target.write_text("old")
    with pytest.raises(type(error)), atomic_path(target) as temporary:
        _fail_half_way(temporary, error)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to("real.csv")
    with atomic_path(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=r"folder .*nowhere does not exist"), atomic_path(tmp_path / "nowhere" / "a"):
        pytest.fail("the block must not run")


def test_a_folder_is_no_target(tmp_path):
    with pytest.raises(InputError, match="it is a folder"), atomic_path(tmp_path):
        pytest.fail("the block must not run")


def test_an_error_about_another_file_is_not_reworded(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "out.csv"):
        (tmp_path / "source.csv").read_text()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("Can't write data (file write failed: errno = 28, error message = 'No space left on device')"),
    ],
)
def test_a_full_disk_is_one_sentence_whoever_reports_it(tmp_path, error):
    target = tmp_path / "out.h5ad"
    target.write_text("old")
    with pytest.raises(InputError, match=r"out\.h5ad: the disk is full"), atomic_path(target):
        raise error
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def _write_bytes(path):
    path.write_bytes(bytes(2**22))


def _write_h5ad(path):
    from anndata import AnnData

    AnnData(np.random.default_rng(0).normal(size=(1000, 500)).astype(np.float32)).write_h5ad(path)


def _write_safetensors(path):
    from safetensors.numpy import save_file

    save_file({"a": np.ones(2**20, dtype=np.float32)}, path)


@pytest.mark.parametrize("write", [_write_bytes, _write_h5ad, _write_safetensors])
def test_a_really_full_disk_keeps_the_old_file(small_disk, write):
    target = small_disk / "out.bin"
    target.write_text("old")
    with pytest.raises(InputError, match="the disk is full"), atomic_path(target) as temporary:
        write(temporary)
    assert target.read_text() == "old"
    assert list(small_disk.iterdir()) == [target]


# Everything is imported as root: the interpreter may lie where an unprivileged user cannot read.
_AS_NOBODY = """
import os, sys
from pathlib import Path
from geneglass.data.atomic import atomic_path
from geneglass.errors import InputError
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    with atomic_path(Path(sys.argv[1])) as path:
        path.write_text("new")
except InputError as error:
    print(error)
    sys.exit(1)
"""


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("protected", ["folder", "file"])
def test_no_permission_is_one_sentence(protected):
    folder = Path(tempfile.mkdtemp(prefix="geneglass-"))  # pytest's own folders are closed to other users
    target = folder / "out.txt"
    try:
        target.write_text("old")
        target.chmod(0o666 if protected == "folder" else 0o444)
        folder.chmod(0o555 if protected == "folder" else 0o777)
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, target], check=False, capture_output=True, text=True, cwd=Path.cwd()
        )
        assert done.returncode == 1, done.stderr
        assert ("no permission" if protected == "folder" else "write-protected") in done.stdout
        assert str(target) in done.stdout
        assert target.read_text() == "old"
        assert list(folder.iterdir()) == [target]
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
