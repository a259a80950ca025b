"""Memory of opening and predicting on a very large slide.

    python benchmarks/bench_memory.py [--width 40000] [--height 30000] [--places 5000] [--model FILE]

A JPEG-tiled pyramid of that size is painted into a temporary folder. In a process of its own it is opened
and predicted on a grid with a model (trained on the sample cohort where none is given); its peak resident
memory is compared with what it held right after importing torch.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from large_slide import MPP, paint

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
        paint(slide, options.height, options.width)
        seconds, size = time.perf_counter() - start, slide.stat().st_size / 1e9
        print(f"slide: {options.width} x {options.height} px, {size:.2f} GB, painted in {seconds:.0f} s")
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
