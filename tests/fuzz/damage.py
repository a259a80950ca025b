"""Damaged copies of a file or folder: cut short, bits turned over, blocks wiped."""

import shutil
from pathlib import Path

import numpy as np

KINDS = ("cut short", "bits turned", "bits turned at the start", "block wiped")
_START = 4096


def damaged_copy(source: Path, folder: Path, seed: int) -> tuple[Path, str]:
    """Copy a file or folder and damage one file of it; return the copy and what was done to it."""
    rng = np.random.default_rng(seed)
    copy = folder / source.name
    if source.is_dir():
        shutil.copytree(source, copy)
        files = sorted(path for path in copy.rglob("*") if path.is_file() and path.stat().st_size)
        target = files[int(rng.integers(len(files)))]
    else:
        shutil.copytree(source.parent, folder, dirs_exist_ok=True)
        target = copy
    kind = KINDS[seed % len(KINDS)]
    target.write_bytes(_damaged(target.read_bytes(), kind, rng))
    return copy, f"{kind}: {target.relative_to(folder)}"


def _damaged(content: bytes, kind: str, rng: np.random.Generator) -> bytes:
    if kind == "cut short":
        return content[: int(rng.integers(len(content)))]
    data = np.frombuffer(content, dtype=np.uint8).copy()
    if kind == "block wiped":
        start = int(rng.integers(len(data)))
        data[start : start + int(rng.integers(1, 512))] = int(rng.choice([0, 255]))
        return data.tobytes()
    reach = min(len(data), _START) if kind == "bits turned at the start" else len(data)
    for place in rng.integers(reach, size=int(rng.integers(1, 9))):
        data[place] ^= np.uint8(1 << int(rng.integers(8)))
    return data.tobytes()
