"""From the name of a gene to layers that hold its values: what the window's thread pays, painting excluded."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
from napari.components import ViewerModel
from napari.layers import Image

from geneglass.data.cohort import read_cohort
from geneglass.data.lattice import grid_lattice
from geneglass.data.pyramid import write_pyramid
from geneglass.overlay import OVERLAYS, Layout, Shade
from geneglass.viewer.compare import compare_of
from geneglass.viewer.map_layers import paint
from geneglass.viewer.sides import view_of

ACROSS, STEP_PX, GENES = 1000, 4, 4


def a_million_tiles(folder: Path) -> tuple[Path, Any]:
    """Return a section whose slide is one colour, and the values of a million tiles without a name for its slide."""
    side = ACROSS * STEP_PX + STEP_PX
    write_pyramid(folder / "slide.ome.tif", np.full((side // 4, side // 4, 3), 230, np.uint8), 8.0, tile=512)
    (folder / "cohort.toml").write_text(
        '[[section]]\nname = "s"\npatient = "p"\nslide = "slide.ome.tif"\n', encoding="utf-8"
    )
    n = ACROSS**2
    row, column = np.divmod(np.arange(n), ACROSS)
    random = np.random.default_rng(0)
    table = anndata.AnnData(
        random.gamma(1.0, 1.0, (n, GENES)).astype(np.float32),
        obs=pd.DataFrame({"confidence": random.random(n, dtype=np.float32)}, index=np.arange(n).astype(str)),
        var=pd.DataFrame(index=[f"G{number}" for number in range(GENES)]),
    )
    table.obsm["spatial"] = np.stack([column, row], axis=1) + 0.5
    return folder / "cohort.toml", table


def cpu_ms(do: Callable[[], object]) -> float:
    """Return what something takes of this thread alone, so that it holds on a machine that is shared."""
    start = time.thread_time()
    do()
    return 1e3 * (time.thread_time() - start)


def test_a_million_tiles_change_their_gene_in_less_than_a_tenth_of_a_second(
    viewer: ViewerModel, tmp_path: Path
) -> None:
    path, table = a_million_tiles(tmp_path)
    compare = compare_of(viewer)
    session = compare.session
    cohort = read_cohort(path)
    session.set_cohort(cohort)
    session.open_section(cohort.sections[0])
    table.uns["geneglass"] = {
        "section": "s",
        "slide_hash": session.section.slide.content_hash(),
        "unit": "ln(1 + 10,000 x / total of the spot over all genes)",
        "stride_um": 8.0,
        "mpp": 8.0,
        "calibrated": "calibrated on 2 patients",
        "abstain_below": 0.5,
    }
    session.set_prediction(table)
    genes = [f"G{number}" for number in (*range(GENES), *range(GENES))]
    assert np.median([cpu_ms(lambda gene=gene: session.set_gene(gene)) for gene in genes]) < 100
    layer = compare.layer("predicted")
    assert layer.data.shape == (ACROSS, ACROSS)
    drawn = ~np.isnan(layer.data)
    assert 0.6 < drawn.mean() < 0.75
    np.testing.assert_array_equal(layer.data[drawn], table.X[:, GENES - 1].reshape(ACROSS, ACROSS)[drawn])
    # All that is worked out of a gene takes little more than numpy's two percentiles of it.
    column = table.X[:, 0].astype(float)
    plain_ms = np.median([cpu_ms(lambda: np.percentile(column, (1, 99))) for _ in range(7)])
    ours_ms = np.median([cpu_ms(lambda: view_of(session, compare.look)) for _ in range(7)])
    assert ours_ms < 1.5 * plain_ms


def test_new_limits_of_a_raster_are_told_once() -> None:
    centres = (8.0 * np.stack(np.divmod(np.arange(100), 10), axis=1)).astype(np.float32)
    layout = Layout(centres, 1.0, 8.0, lattice=grid_lattice(centres, 8.0))
    values = np.arange(100, dtype=np.float32)
    data, kwargs, _ = OVERLAYS["raster"](values, layout, Shade(low=1.0, high=50.0))
    layer = Image(data, **kwargs)
    told = []
    layer.events.contrast_limits.connect(lambda: told.append(tuple(layer.contrast_limits)))
    for limits in ((60.0, 99.0), (2.0, 3.0), (0.5, 80.0)):
        made = OVERLAYS["raster"](values, layout, Shade(low=limits[0], high=limits[1]))
        paint(layer, made, opacity=0.9, outlined=False)
        assert told == [limits]
        assert tuple(layer.contrast_limits_range) == limits
        told.clear()
