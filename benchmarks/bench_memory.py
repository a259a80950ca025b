"""Memory of opening and predicting on a very large slide, and the speed of reading patches from it.

    python benchmarks/bench_memory.py [--width 40000] [--height 30000] [--places 5000] [--model FILE]

A JPEG-tiled pyramid of that size is painted into a temporary folder. In a process of its own it is opened
and predicted on a grid with a model (trained on the sample cohort where none is given); its peak resident
memory is compared with what it held right after importing torch. Then patches are read in three ways.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from geneglass.data.pyramid import RowBands, write_pyramid
from geneglass.data.slide_formats import open_slide
from geneglass.data.types import PatchSpec, UInt8Array

MPP = 0.5
LIMIT_GB = 2.0
SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"

_MEASURED = """
import json, sys, time
import psutil, torch
from pathlib import Path
torch.manual_seed(0)
me = psutil.Process()
def peak():
    status = Path("/proc/self/status")
    if not status.exists():
        return me.memory_info().rss
    return 1024 * int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1])
after_torch = me.memory_info().rss
from geneglass.workflow.config import PredictConfig
from geneglass.workflow.predict import predict
after_import = me.memory_info().rss
model, slide, out, stride = sys.argv[1:]
job = predict(PredictConfig(Path(model), slide, Path(out), stride_um=float(stride), device="cpu"))
start = time.perf_counter()
while True:
    try:
        next(job)
    except StopIteration as stop:
        table = stop.value
        break
print(json.dumps({"places": table.n_obs, "genes": table.n_vars, "seconds": time.perf_counter() - start,
    "after_torch": after_torch, "after_import": after_import, "peak": peak()}))
"""


def tissue_tile(edge_px: int) -> UInt8Array:
    """Return an (edge, edge, 3) picture with the grain of stained tissue, that repeats without a seam."""
    rng = np.random.default_rng(0)
    density = sum(_grain(rng, edge_px, cells) for cells in (16, 128, 512)) / 3
    nuclei = _grain(rng, edge_px, 256) > 0.72
    colour = np.stack([225 - 70 * density, 160 - 90 * density, 205 - 45 * density], axis=-1)
    colour[nuclei] = (85, 60, 130)
    return (colour + rng.normal(0, 6, colour.shape)).clip(0, 255).astype(np.uint8)


def _grain(rng: np.random.Generator, edge_px: int, cells: int) -> np.ndarray:
    from scipy import ndimage

    coarse = rng.random((cells, cells))
    return np.clip(ndimage.zoom(coarse, edge_px / cells, order=1, mode="grid-wrap", grid_mode=True), 0, 1)


def bands(height_px: int, width_px: int, tile: UInt8Array) -> Iterator[UInt8Array]:
    """Yield a slide of that tile in bands, turned by a few pixels in each so that no two tiles are equal."""
    edge = tile.shape[0]
    repeats = -(-width_px // edge) + 1
    for index, top in enumerate(range(0, height_px, 256)):
        rows = tile[top % edge : top % edge + 256]
        wide = np.tile(np.roll(rows, 37 * index, axis=1), (1, repeats, 1))
        yield wide[: height_px - top, :width_px]


def timed(count: int, work: Callable[[], None]) -> float:
    """Return how many per second."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def reading_speeds(path: Path, n_places: int) -> dict[str, float]:
    """Return patches per second of 224 px cut from the finest level, read in three ways."""
    import tifffile
    import zarr

    from geneglass.data.lazy import lazy_levels
    from geneglass.data.patches import iter_patches

    with open_slide(path) as slide:
        size = slide.levels[0]
        centres = np.random.default_rng(1).uniform(112, (size.height_px - 112, size.width_px - 112), (n_places, 2))
        corners = (centres - 112).astype(int)
        few = corners[: max(50, n_places // 10)]

        def ours() -> None:
            for _ in iter_patches(slide, centres, (PatchSpec(112.0, 224, native=True),), mpp=MPP):
                pass

        def through(array: object) -> Callable[[], None]:
            def read() -> None:
                for top, left in few:
                    np.asarray(array[top : top + 224, left : left + 224])  # type: ignore[index]

            return read

        speeds = {"iter_patches": timed(n_places, ours)}
        speeds["dask"] = timed(len(few), through(lazy_levels(slide)[0]))
    with tifffile.TiffFile(path) as tif:
        store = zarr.open(tif.series[0].aszarr(level=0), mode="r")
        speeds["zarr"] = timed(len(few), through(store))
    return speeds


def train_small_model(folder: Path) -> Path:
    """Return a model of the ridge recipe, trained on the sample cohort."""
    from geneglass.workflow.config import TrainConfig
    from geneglass.workflow.train import train

    out = folder / "model.safetensors"
    config = TrainConfig(SAMPLE / "cohort.toml", out, panel_size=100, cross_fit=False, device="cpu")
    for _ in train(config):
        pass
    return out


def predict_alone(model: Path, slide: Path, stride_um: float) -> dict[str, float]:
    """Return what predicting in a process of its own took."""
    out = slide.with_name("prediction.h5ad")
    command = [sys.executable, "-c", _MEASURED, str(model), str(slide), str(out), str(stride_um)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> int:
    """Run the benchmark and return 1 when it took more memory than it may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=40_000)
    parser.add_argument("--height", type=int, default=30_000)
    parser.add_argument("--places", type=int, default=5_000)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        slide = folder / "large.ome.tif"
        start = time.perf_counter()
        source = bands(options.height, options.width, tissue_tile(2048))
        write_pyramid(slide, RowBands(options.height, options.width, source), MPP, quality=80)
        seconds, size = time.perf_counter() - start, slide.stat().st_size / 1e9
        print(f"slide: {options.width} x {options.height} px, {size:.2f} GB, painted in {seconds:.0f} s")
        speeds = reading_speeds(slide, options.places)
        for name, speed in speeds.items():
            ratio = speeds["iter_patches"] / speed
            print(f"  {name:13s}{speed:7.0f} patches of 224 px per second; iter_patches is {ratio:.1f} times as fast")
        model = options.model or train_small_model(folder)
        stride_um = float(np.sqrt(options.height * options.width * MPP**2 / options.places))
        found = predict_alone(model, slide, stride_um)
    beyond = (found["peak"] - found["after_torch"]) / 1e9
    print(
        f"predict: {found['places']:.0f} places x {found['genes']:.0f} genes in {found['seconds']:.1f} s; resident "
        f"{found['after_torch'] / 1e9:.2f} GB after importing torch, {found['after_import'] / 1e9:.2f} GB after all "
        f"imports, peak {found['peak'] / 1e9:.2f} GB: {beyond:.2f} GB beyond torch (may be {LIMIT_GB:.0f} GB)"
    )
    return int(beyond > LIMIT_GB)


if __name__ == "__main__":
    sys.exit(main())
