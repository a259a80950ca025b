import subprocess
import sys

import pytest

SCRIPT = """
import napari, numpy, torch
from qtpy.QtWidgets import QApplication
viewer = napari.Viewer()
viewer.add_image(numpy.zeros((20, 30)))
viewer.window.screenshot(flash=False)
from geneglass.viewer.panel import GeneglassPanel
panel = GeneglassPanel(viewer)
torch.optim.AdamW([torch.nn.Parameter(torch.zeros(3))])
print("alive")
viewer.close()
"""


@pytest.mark.usefixtures("qtbot")
def test_a_torch_optimiser_does_not_crash_a_window_that_has_drawn():
    result = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert "alive" in result.stdout, f"exit code {result.returncode}\n{result.stderr[-2000:]}"
