"""Opening Visium HD in bins of 8 um against what scanpy needs for the matrix alone.

    python benchmarks/bench_visium_hd.py [--bins 500000] [--genes 18000] [--per-bin 200] [--repeats 3]

A folder as Space Ranger writes it is made in a temporary place: a gzip-compressed .h5 (features x barcodes by
columns, int32 counts, int64 indices, in chunks) and the positions of a whole array as parquet. Each contender
reads it in a process of its own, in turns; the fastest time and the largest peak of each are printed. Exit 1
where opening takes more than 1.5 times as long as scanpy, or 4 GB.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

MAX_RATIO = 1.5
MAX_GB = 4.0
CHUNK = 80_000
PITCH_PX = 29.2225
MPP = 8 / PITCH_PX

_READ = {
    "scanpy, the matrix alone": """
import scanpy
def read(folder):
    return scanpy.read_10x_h5(folder / "filtered_feature_bc_matrix.h5")
""",
    "geneglass, open_spots": """
from geneglass.data.spot_formats import open_spots
def read(folder):
    return open_spots(folder).table
""",
    "geneglass, open_section": """
from geneglass.data.cohort import find_section
from geneglass.data.section import open_section
def read(folder):
    return open_section(find_section(folder)).spots.table
""",
}

_MEASURED = """
import json, sys, time, warnings
from pathlib import Path
import psutil, scanpy
warnings.simplefilter("ignore")
def peak():
    status = Path("/proc/self/status")
    if not status.exists():
        return psutil.Process().memory_info().rss
    return 1024 * int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1])
start = time.perf_counter()
table = read(Path(sys.argv[1]))
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "peak": peak(), "bins": table.n_obs, "nnz": int(table.X.nnz)}))
"""


def write_folder(folder: Path, *, bins: int, genes: int, per_bin: int) -> None:
    """Write `square_008um` with that many bins on tissue, in a square array about 1.4 times as large."""
    (folder / "spatial").mkdir(parents=True)
    edge = math.ceil(math.sqrt(1.4 * bins))
    y, x = np.divmod(np.arange(edge * edge), edge)
    near = np.argsort(np.hypot(y - edge / 2, x - edge / 2), kind="stable")[:bins]
    in_tissue = np.zeros(edge * edge, dtype=np.int32)
    in_tissue[near] = 1
    barcodes = np.array([f"s_008um_{row:05d}_{column:05d}-1" for row, column in zip(y, x, strict=True)])
    _write_positions(folder / "spatial" / "tissue_positions.parquet", barcodes, in_tissue, y, x)
    scale = {"bin_size_um": 8.0, "microns_per_pixel": MPP, "spot_diameter_fullres": PITCH_PX}
    (folder / "spatial" / "scalefactors_json.json").write_text(json.dumps({**scale, "tissue_hires_scalef": 0.25}))
    _write_matrix(folder / "filtered_feature_bc_matrix.h5", barcodes[in_tissue == 1], genes, per_bin)


def _write_positions(path: Path, barcodes: np.ndarray, in_tissue: np.ndarray, y: np.ndarray, x: np.ndarray) -> None:
    turn = math.radians(0.5)
    frame = {
        "barcode": barcodes,
        "in_tissue": in_tissue,
        "array_row": y.astype(np.int32),
        "array_col": x.astype(np.int32),
        "pxl_row_in_fullres": PITCH_PX * (y * math.cos(turn) + x * math.sin(turn)) + 1234.5,
        "pxl_col_in_fullres": PITCH_PX * (x * math.cos(turn) - y * math.sin(turn)) + 987.6,
    }
    pd.DataFrame(frame).to_parquet(path, index=False)


def _write_matrix(path: Path, barcodes: np.ndarray, genes: int, per_bin: int) -> None:
    rng = np.random.default_rng(0)
    found = rng.poisson(per_bin, len(barcodes)).clip(1, genes // 2)
    starts = np.concatenate([[0], np.cumsum(found)])
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        options = {"chunks": (CHUNK,), "compression": "gzip", "compression_opts": 4, "shuffle": True}
        data = group.create_dataset("data", (starts[-1],), np.int32, **options)
        indices = group.create_dataset("indices", (starts[-1],), np.int64, **options)
        for first in range(0, len(barcodes), 20_000):
            last = min(first + 20_000, len(barcodes))
            part = slice(int(starts[first]), int(starts[last]))
            data[part] = rng.geometric(0.8, part.stop - part.start)
            indices[part] = _rising(rng, found[first:last], genes)
        group.create_dataset("indptr", data=starts.astype(np.int64), **options)
        group.create_dataset("shape", data=np.array([genes, len(barcodes)], dtype=np.int32))
        group.create_dataset("barcodes", data=barcodes.astype("S"), compression="gzip")
        for name, values in _features(genes).items():
            group.create_dataset(f"features/{name}", data=np.array(values, dtype="S"), compression="gzip")


def _rising(rng: np.random.Generator, found: np.ndarray, genes: int) -> np.ndarray:
    """Return gene numbers, rising and unique within each bin: one at random from each of as many equal ranges."""
    bins = np.repeat(np.arange(len(found)), found)
    place = np.arange(len(bins)) - np.repeat(np.cumsum(found) - found, found)
    low, high = place * genes // found[bins], (place + 1) * genes // found[bins]
    return low + (rng.random(len(bins)) * (high - low)).astype(np.int64)


def _features(genes: int) -> dict[str, list[str]]:
    return {
        "id": [f"ENSG{number:011d}" for number in range(genes)],
        "name": [f"GENE{number}" for number in range(genes)],
        "feature_type": ["Gene Expression"] * genes,
        "genome": ["GRCh38"] * genes,
    }


def measure(contender: str, folder: Path) -> dict[str, float]:
    """Return seconds, peak bytes, bins and entries of one contender in a process of its own."""
    script = _READ[contender] + _MEASURED
    done = subprocess.run([sys.executable, "-c", script, str(folder)], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Print seconds, the ratio and the peak of each contender; return 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("bins", 500_000), ("genes", 18_000), ("per-bin", 200), ("repeats", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    best: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "outs" / "binned_outputs" / "square_008um"
        write_folder(folder, bins=args.bins, genes=args.genes, per_bin=args.per_bin)
        for _ in range(args.repeats):
            for contender in _READ:
                now, before = measure(contender, folder), best.get(contender)
                best[contender] = now if before is None else {key: min(now[key], before[key]) for key in now}
                best[contender]["peak"] = max(now["peak"], 0 if before is None else before["peak"])
    alone = best["scanpy, the matrix alone"]["seconds"]
    failed = False
    for contender, found in best.items():
        ratio, peak_gb = found["seconds"] / alone, found["peak"] / 1e9
        is_over = contender.endswith("open_spots") and (ratio > MAX_RATIO or peak_gb > MAX_GB)
        failed |= is_over
        print(
            f"{contender}: {found['bins']:,.0f} bins, {found['nnz']:,.0f} counts in {found['seconds']:.1f} s "
            f"({ratio:.2f} times), peak {peak_gb:.2f} GB{' - over the limit' if is_over else ''}"
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
