"""Speed and memory of reading patches, and the time until something is seen of a very large slide.

    python benchmarks/bench_reading.py [--width 30720] [--height 28160] [--places 5000]

Patches of 224 px are cut from the finest level of a JPEG-tiled pyramid of that size, and from an OME-Zarr, by
geneglass and by others, the same places in the same order; then a pyramid of 100,000 x 80,000 px is opened. Every
contender runs in a process of its own, in the same run; memory is its peak beyond what it held after its imports.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from large_slide import MPP, paint, repeat, write_zarr

PATCH_PX = 224
VERY_LARGE_YX = (80_000, 100_000)
TOP, LEFT = (side // 2 for side in VERY_LARGE_YX)
ZARR_YX = (8_192, 10_240)
OPENING_LIMIT_S = 1.0

Cut = Callable[[int, int], Any]


def memory() -> tuple[int, int]:
    """Return resident bytes now and at their peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    stated = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmHWM", "VmRSS"))}
    return 1024 * int(stated["VmRSS"]), 1024 * int(stated["VmHWM"])


def places(height_px: int, width_px: int, n: int) -> np.ndarray:
    """Return (n, 2) centres, y and x, whose patches lie on the slide, in the order in which geneglass reads them."""
    from geneglass.data.patches import tile_order

    half = PATCH_PX // 2
    centres = np.random.default_rng(1).uniform(half, (height_px - half, width_px - half), (n, 2))
    return centres[tile_order(centres, 256)]


def one_by_one(cut: Cut, centres: np.ndarray) -> None:
    """Cut every patch."""
    for top, left in (centres - PATCH_PX // 2).astype(int):
        cut(int(top), int(left))


def read_ours(path: Path, shape: tuple[int, int], n: int) -> Callable[[], int]:
    """`iter_patches`."""
    from geneglass.data.patches import iter_patches
    from geneglass.data.slide_formats import open_slide
    from geneglass.data.types import PatchSpec

    open_slide(path).close()  # discovering the formats is part of importing

    def work() -> int:
        with open_slide(path) as slide:
            for _ in iter_patches(slide, places(*shape, n), (PatchSpec(112.0, PATCH_PX, native=True),), mpp=MPP):
                pass
        return n

    return work


def read_dask(path: Path, shape: tuple[int, int], n: int) -> Callable[[], int]:
    """Slices of a dask array over the zarr view of the file, as viewers have it."""
    import dask.array as da

    array = da.from_zarr(_zarr(path))

    def work() -> int:
        one_by_one(lambda y, x: _sliced(array, y, x).compute(scheduler="threads"), places(*shape, n))
        return n

    return work


def read_zarr(path: Path, shape: tuple[int, int], n: int) -> Callable[[], int]:
    """Slices of the zarr array itself (for a TIFF, tifffile's store)."""
    array = _zarr(path)

    def work() -> int:
        one_by_one(lambda y, x: np.asarray(_sliced(array, y, x)), places(*shape, n))
        return n

    return work


def read_openslide(path: Path, shape: tuple[int, int], n: int) -> Callable[[], int]:
    """OpenSlide, one patch after the other."""
    import openslide

    def work() -> int:
        with openslide.OpenSlide(path) as slide:
            one_by_one(lambda y, x: np.asarray(slide.read_region((x, y), 0, (PATCH_PX, PATCH_PX))), places(*shape, n))
        return n

    return work


def read_openslide_threads(path: Path, shape: tuple[int, int], n: int) -> Callable[[], int]:
    """OpenSlide at its best: as many threads as we have."""
    import openslide

    from geneglass.data.threads import worker_count

    def work() -> int:
        corners = (places(*shape, n) - PATCH_PX // 2).astype(int).tolist()
        with openslide.OpenSlide(path) as slide, ThreadPoolExecutor(worker_count()) as threads:

            def cut(corner: list[int]) -> None:
                np.asarray(slide.read_region((corner[1], corner[0]), 0, (PATCH_PX, PATCH_PX)))

            list(threads.map(cut, corners, chunksize=8))
        return n

    return work


def _zarr(path: Path) -> Any:
    import tifffile
    import zarr

    if path.is_dir():
        return zarr.open_array(path / "0", mode="r")
    return zarr.open_array(tifffile.TiffFile(path).series[0].aszarr(level=0), mode="r")


def _sliced(array: Any, top: int, left: int) -> Any:
    y, x = slice(top, top + PATCH_PX), slice(left, left + PATCH_PX)
    return array[y, x] if array.ndim == 3 else array[0, :, 0, y, x]


READERS = {
    "geneglass": read_ours,
    "dask slicing": read_dask,
    "zarr store": read_zarr,
    "OpenSlide": read_openslide,
    "OpenSlide, in threads": read_openslide_threads,
}


def steps_ours(path: Path) -> Iterable[tuple[str, Callable[[], Any]]]:
    """Return the steps from the file to a view, for geneglass."""
    from geneglass.data.lazy import lazy_levels
    from geneglass.data.slide_formats import SLIDE_FORMATS, open_slide
    from geneglass.data.types import Region

    list(SLIDE_FORMATS)
    slide = open_slide(path)
    yield "opened", lambda: slide
    coarsest = slide.levels[-1]
    region = Region(len(slide.levels) - 1, 0, 0, coarsest.height_px, coarsest.width_px)
    yield "overview", lambda: slide.read(region)
    yield "view", lambda: slide.read(Region(0, TOP, LEFT, 800, 1000))
    yield "dask levels", lambda: lazy_levels(slide)


def steps_openslide(path: Path) -> Iterable[tuple[str, Callable[[], Any]]]:
    """Return the same steps for OpenSlide."""
    import openslide

    slide = openslide.OpenSlide(path)
    yield "opened", lambda: slide
    last = slide.level_count - 1
    yield "overview", lambda: np.asarray(slide.read_region((0, 0), last, slide.level_dimensions[last]))
    yield "view", lambda: np.asarray(slide.read_region((LEFT, TOP), 0, (1000, 800)))


def steps_tifffile(path: Path) -> Iterable[tuple[str, Callable[[], Any]]]:
    """Return the same steps for tifffile and its zarr store."""
    import tifffile
    import zarr

    tif = tifffile.TiffFile(path)
    levels = tif.series[0].levels
    finest = zarr.open_array(tif.series[0].aszarr(level=0), mode="r")
    yield "opened", lambda: finest
    yield "overview", lambda: levels[-1].asarray()
    yield "view", lambda: finest[TOP : TOP + 800, LEFT : LEFT + 1000]


OPENERS = {"geneglass": steps_ours, "OpenSlide": steps_openslide, "tifffile": steps_tifffile}


def warm_up_imports(name: str) -> None:
    """Import what a contender needs before its clock starts."""
    modules = {"geneglass": "geneglass.data.lazy", "OpenSlide": "openslide", "tifffile": "zarr"}
    __import__(modules[name])
    if name != "OpenSlide":
        __import__("imagecodecs")
        __import__("tifffile")


def contender(what: str, name: str, path: Path, rest: list[int]) -> dict[str, float]:
    """Return what one contender took; runs in a process of its own."""
    if what == "read":
        height, width, n = rest
        work = READERS[name](path, (height, width), n)
        before, _ = memory()
        start = time.perf_counter()
        count = work()
        return {"speed": count / (time.perf_counter() - start), "beyond": memory()[1] - before}
    warm_up_imports(name)
    if name == "geneglass":
        from geneglass.data.slide_formats import SLIDE_FORMATS

        list(SLIDE_FORMATS)
    taken = {}
    start = time.perf_counter()
    for step, work in OPENERS[name](path):
        work()
        taken[step] = time.perf_counter() - start
    return taken


def alone(*arguments: object) -> dict[str, float]:
    """Run one contender in a process of its own."""
    command = [sys.executable, __file__, "--contender", json.dumps([str(each) for each in arguments])]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def compare_reading(path: Path, shape: tuple[int, int], n: int, names: Iterable[str]) -> None:
    """Print patches per second and memory of each."""
    ours = None
    for name in names:
        found = alone("read", name, path, *shape, n)
        ours = ours or found["speed"]
        print(
            f"  {name:33s}{found['speed']:8.0f} patches per second, peak {found['beyond'] / 1e6:6.0f} MB "
            f"beyond imports; geneglass is {ours / found['speed']:.1f} times as fast"
        )


def compare_opening(path: Path) -> float:
    """Print the seconds until each step, the best of three, and return ours until it is open."""
    ours: dict[str, float] = {}
    for name in OPENERS:
        runs = [alone("open", name, path) for _ in range(3)]
        best = {step: min(run[step] for run in runs) for step in runs[0]}
        ours = ours or best
        steps = ", ".join(f"{step} after {1000 * seconds:.0f} ms" for step, seconds in best.items())
        ratios = ", ".join(f"{step} {best[step] / ours[step]:.2f}" for step in ("opened", "overview", "view"))
        print(f"  {name:12s}{steps}; times of geneglass's: {ratios}")
    return ours["opened"]


def main() -> int:
    """Run the benchmark and return 1 when opening takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=30_720)
    parser.add_argument("--height", type=int, default=28_160)
    parser.add_argument("--places", type=int, default=5_000)
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        what, name, path, *rest = json.loads(options.contender)
        print(json.dumps(contender(what, name, Path(path), [int(each) for each in rest])))
        return 0
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        very_large = folder / "very_large.tif"
        repeat(very_large, *VERY_LARGE_YX)
        height, width = VERY_LARGE_YX
        print(
            f"opening (best of three, file in the page cache): {width} x {height} px, "
            f"{very_large.stat().st_size / 1e9:.2f} GB"
        )
        opened = compare_opening(very_large)
        very_large.unlink()
        store = folder / "a.ome.zarr"
        write_zarr(store, *ZARR_YX)
        print(
            f"patches of {PATCH_PX} px from an OME-Zarr: {ZARR_YX[1]} x {ZARR_YX[0]} px in chunks of 512 px, "
            "one channel each"
        )
        compare_reading(store, ZARR_YX, options.places, ("geneglass", "dask slicing", "zarr store"))
        slide = folder / "large.ome.tif"
        paint(slide, options.height, options.width)
        size = slide.stat().st_size / 1e9
        print(
            f"patches of {PATCH_PX} px from a TIFF: {options.width} x {options.height} px, {size:.2f} GB in JPEG "
            "tiles of 256 px"
        )
        compare_reading(slide, (options.height, options.width), options.places, READERS)
    return int(opened > OPENING_LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
