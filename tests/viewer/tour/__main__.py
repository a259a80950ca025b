"""A picture of each state of the window, on the sample: `python -m tour [--out DIR] [--part NAME]...`.

The main job runs once for a model and a prediction; every part then drives a window and a process of its own.
"""

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PARTS = ("genes", "compare", "slides", "judge", "why", "domains", "whole_tissue", "train", "share")
ROOT = Path(__file__).parents[3]
SECTION = f"{ROOT / 'sample_data' / 'cohort.toml'}#cedar"


def main() -> None:
    """Make the model where there is none, and a process for each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("tour_output"))
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--size", default="1600x1000")
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    folder = asked.out.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if asked.here:
        _drive(asked.part[0], folder, asked.size, asked.theme)
        return
    if not (folder / "demo" / "cedar.h5ad").exists():
        command = ["geneglass", "demo", "--no-window", "--out", str(folder / "demo")]
        subprocess.run([sys.executable, "-m", *command], check=True)
    failed = [part for part in asked.part or PARTS if not _in_a_process(part, folder, asked.size, asked.theme)]
    if failed:
        sys.exit(f"These parts did not come to their end: {', '.join(failed)}.")


def _in_a_process(part: str, folder: Path, size: str, theme: str) -> bool:
    command = [sys.executable, "-m", "tour", "--here", "--part", part, "--out", str(folder)]
    with tempfile.TemporaryDirectory(prefix="geneglass-tour-") as home:
        own = {"XDG_DATA_HOME": f"{home}/data", "XDG_CONFIG_HOME": f"{home}/config"}
        own |= {"NAPARI_CONFIG": f"{home}/settings.yaml", "GENEGLASS_CACHE": f"{home}/cache"}
        return subprocess.run([*command, "--size", size, "--theme", theme], env=os.environ | own).returncode == 0


def _drive(part: str, folder: Path, size: str, theme: str) -> None:
    import napari

    from geneglass.viewer.command import _dock, _fill
    from geneglass.viewer.preferred import dismiss

    dismiss()
    viewer = napari.Viewer(show_welcome_screen=False)
    viewer.theme = theme
    panel = _dock(viewer)
    viewer.window.resize(*(int(edge) for edge in size.split("x")))
    made = folder / "demo"
    _fill(panel, section=SECTION, model=made / "geneglass.safetensors", prediction=made / "cedar.h5ad", gene="KRT8")
    panel.messages.hide()
    importlib.import_module(f"tour.{part}").shots(panel, viewer, folder)
    viewer.close()


if __name__ == "__main__":
    main()
