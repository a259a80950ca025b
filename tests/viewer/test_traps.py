"""Traps of napari and of tables that would mislead a reader or crash a window; those not tested elsewhere."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from scipy.sparse import csr_matrix

from geneglass.data.cohort import read_cohort
from geneglass.data.pyramid import write_pyramid
from geneglass.errors import InputError
from geneglass.viewer.compare import Compare, compare_of
from geneglass.viewer.session import session_of


def table(counts: np.ndarray, genes: list[str]) -> anndata.AnnData:
    """Return a spot table on a lattice of 6 x 7 places."""
    y, x = (axis.ravel() for axis in np.meshgrid(np.arange(40, 320, 50), np.arange(30, 450, 62), indexing="ij"))
    made = anndata.AnnData(csr_matrix(counts), var=pd.DataFrame(index=genes))
    made.obs_names = [f"spot_{i}" for i in range(len(x))]
    made.obsm["spatial"] = np.stack([x, y], axis=1).astype(float)
    return made


def shown(folder: Path, spots: anndata.AnnData) -> Compare:
    """Return the comparison of a viewer with a slide and these spots."""
    slide = np.random.default_rng(3).integers(150, 255, (320, 480, 3), dtype=np.uint8)
    write_pyramid(folder / "slide.ome.tif", slide, 0.8, tile=128)
    spots.write_h5ad(folder / "spots.h5ad")
    section = '[[section]]\nname = "s"\nslide = "slide.ome.tif"\nspots = "spots.h5ad"\n'
    (folder / "cohort.toml").write_text(section, encoding="utf-8")
    viewer = ViewerModel()
    compare = compare_of(viewer)
    VIEWERS.append(viewer)
    session = session_of(viewer)
    cohort = read_cohort(folder / "cohort.toml")
    session.set_cohort(cohort)
    session.open_section(cohort.sections[0])
    return compare


VIEWERS: list[ViewerModel] = []
"""A comparison holds its viewer weakly."""


@pytest.fixture(autouse=True)
def _let_go_of_viewers() -> Any:
    yield
    for viewer in VIEWERS:
        section = session_of(viewer).section
        if section is not None:
            section.close()
    VIEWERS.clear()


def test_integer_counts_of_few_values_are_no_categories(tmp_path: Path) -> None:
    """napari draws integers of fewer than 16 values as categories, each in a colour of its own."""
    counts = np.random.default_rng(0).integers(0, 4, (42, 3)).astype(np.int32)
    counts[:, 1] += 600
    compare = shown(tmp_path, table(counts, ["FEW", "MANY", "OTHER"]))
    compare.session.set_gene("FEW")
    layer = compare.layer("measured")
    assert layer.face_color_mode == "colormap"
    assert layer.features["value"].dtype.kind == "f"
    low, high = layer.face_contrast_limits
    assert np.isfinite([low, high]).all()
    assert low < high


def test_a_repeated_gene_name_is_refused_by_name_and_never_mixed(tmp_path: Path) -> None:
    counts = np.random.default_rng(1).poisson(200, (42, 4)).astype(np.float32)
    with pytest.warns(UserWarning, match="not unique"):
        spots = table(counts, ["ERBB2", "ACTB", "ERBB2", "CD74"])
    with pytest.raises(InputError, match="ERBB2"):
        shown(tmp_path, spots)


def test_one_missing_value_leaves_the_others_their_colours(tmp_path: Path) -> None:
    """napari's own limits become NaN with one NaN among the values, and every spot transparent."""
    counts = np.random.default_rng(2).poisson(300, (42, 2)).astype(np.float32)
    counts[5] = 0
    compare = shown(tmp_path, table(counts, ["ERBB2", "ACTB"]))
    compare.session.set_gene("ERBB2")
    layer = compare.layer("measured")
    assert np.isfinite(layer.face_contrast_limits).all()
    alpha = layer.face_color[:, 3]
    assert (alpha > 0).sum() >= 41


def test_the_window_s_modules_are_imported_without_a_display() -> None:
    code = (
        "import geneglass, geneglass.cli.main, geneglass.viewer.command, geneglass.viewer.reader, "
        "geneglass.viewer.session, geneglass.viewer.sample; print('imported')"
    )
    environment = {**os.environ, "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    environment.pop("QT_QPA_PLATFORM", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "imported", done.stderr


def test_a_thread_that_touches_a_layer_is_an_error_in_these_tests(make_napari_viewer_proxy: Any) -> None:
    """The guard that would find a worker touching the viewer is on."""
    viewer = make_napari_viewer_proxy()
    caught: list[BaseException] = []

    def touch() -> None:
        try:
            viewer.title = "from a thread"
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=touch)
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_private_napari_is_an_error_in_these_tests(make_napari_viewer_proxy: Any) -> None:
    """The guard that would find private access is on."""
    viewer = make_napari_viewer_proxy()
    with pytest.raises((FutureWarning, AttributeError)):
        _ = viewer.window._qt_window
