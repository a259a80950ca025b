"""The whole of a gene switch: from the name of the gene to layers that hold its values, in a window with the panel.

Reading the column, the colour scale, marks of doubt, titles, the note, the row of the gene list and everything else
that listens is in it; painting is not, for which the window would need a turn of its loop.
"""

import time
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
from qtpy.QtWidgets import QApplication
from scipy import sparse

from geneglass.data.cohort import read_cohort
from geneglass.data.pyramid import write_pyramid

STEP_PX, MPP, GENES = 8, 2.0, 100
UNIT = "ln(1 + 10,000 x / total of the spot over all genes)"


def whole_switches(viewer: Any, overlay: str, n: int, repeats: int, folder: Path) -> dict[str, float]:
    """Return the milliseconds of a switch, the median of some, and of handing the prediction over.

    Parameters
    ----------
    viewer
        A shown window without layers.
    overlay
        "spots": n spots, measured and predicted, in two layers; "raster": n predicted tiles in one, nothing measured.
    n
        Places.
    repeats
        Genes.
    folder
        Where files of the section go.
    """
    from geneglass.viewer.panel import GeneglassPanel

    panel = GeneglassPanel(viewer)
    viewer.window.add_dock_widget(panel, name="geneglass", area="right")
    viewer.window.resize(1280, 800)
    panel.tabs.setCurrentWidget(panel.genes)
    session = panel.desk.session
    cohort = read_cohort(_written(overlay, n, folder))
    session.set_cohort(cohort)
    session.open_section(cohort.sections[0])
    _live(panel)
    table = _prediction(session.section, overlay, n)
    given_ms = _timed(lambda: session.set_prediction(table))
    _live(panel)
    times_ms = []
    for number in range(repeats + 1):
        times_ms.append(_timed(lambda gene=f"G{number + 1}": session.set_gene(gene)))
        _live(panel)
    roles = [role for role in ("measured", "predicted") if panel.compare.layer(role) is not None]
    whole_ms = float(np.median(times_ms[1:]))
    return {
        "whole_switch_ms": whole_ms,
        "whole_switch_per_layer_ms": whole_ms / len(roles),
        "whole_switch_worst_ms": max(times_ms[1:]),
        "set_prediction_ms": given_ms,
    }


def _written(overlay: str, n: int, folder: Path) -> Path:
    """Write a section and return its cohort."""
    across = int(np.ceil(np.sqrt(n)))
    folder.mkdir()
    side_px = across * STEP_PX + 2 * STEP_PX
    write_pyramid(folder / "slide.ome.tif", np.full((side_px, side_px, 3), 230, np.uint8), MPP, tile=512)
    line = '[[section]]\nname = "s"\npatient = "p"\nslide = "slide.ome.tif"\n'
    if overlay == "spots":
        random = np.random.default_rng(0)
        counts = sparse.random(n, GENES - 1, 0.2, rng=0, data_rvs=lambda size: random.integers(1, 30, size))
        # One gene that every spot has, so that none is set aside.
        everywhere = sparse.csr_matrix(np.full((n, 1), 600))
        spots = anndata.AnnData(
            sparse.hstack([everywhere, counts], format="csr", dtype=np.float32), obs=_names(n), var=_genes()
        )
        spots.obsm["spatial"] = _centres_xy(n)
        spots.write_h5ad(folder / "spots.h5ad")
        line += 'spots = "spots.h5ad"\n'
    (folder / "cohort.toml").write_text(line, encoding="utf-8")
    return folder / "cohort.toml"


def _prediction(section: Any, overlay: str, n: int) -> anndata.AnnData:
    random = np.random.default_rng(1)
    table = anndata.AnnData(3 * random.random((n, GENES), dtype=np.float32), obs=_names(n), var=_genes())
    table.obsm["spatial"] = _centres_xy(n)
    table.obs["confidence"] = random.random(n, dtype=np.float32)
    table.uns["geneglass"] = {
        "section": section.name,
        "slide": section.slide.path.name,
        "slide_hash": section.slide.content_hash(),
        "unit": UNIT,
        "min_counts": 500,
        "stride_um": STEP_PX * MPP if overlay == "raster" else 0,
        "mpp": MPP,
        "spot_diameter_um": 10.0,
        "calibrated": "calibrated on 2 patients",
        "abstain_below": 0.5,
    }
    return table


def _names(n: int) -> pd.DataFrame:
    return pd.DataFrame(index=[f"place_{i}" for i in range(n)])


def _genes() -> pd.DataFrame:
    return pd.DataFrame(index=[f"G{i}" for i in range(GENES)])


def _centres_xy(n: int) -> np.ndarray:
    row, column = np.divmod(np.arange(n), int(np.ceil(np.sqrt(n))))
    return np.stack([column, row], axis=1) * float(STEP_PX) + STEP_PX


def _timed(do: Any) -> float:
    start = time.perf_counter()
    do()
    return 1000 * (time.perf_counter() - start)


def _live(panel: Any) -> None:
    """Let the window paint, and work out the figures of the genes, before the next switch."""
    until = time.monotonic() + 0.3
    while time.monotonic() < until or panel.genes.figures.pending:
        QApplication.processEvents()
