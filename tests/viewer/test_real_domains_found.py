"""A pathologist's regions on a real breast section: clusters are set against them, and genes that differ are shown."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from scipy.stats import rankdata
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from geneglass.viewer.domain_differences import REST
from geneglass.viewer.panes import MEASURED, PREDICTED
from geneglass.workflow.profile_clusters import KMEANS, LEIDEN
from real_domains import are_labelled, labels_of, spots_of_file
from real_tissue import MIN_COUNTS, Real

pytestmark = pytest.mark.parametrize("hand", [(1280, 800)], indirect=True, ids=["1280x800"])
SCALE = 2000 / 6954
"""Pixels of the reduced picture of A1 per pixel of the slide that its spots were found on."""
CANCER = "invasive cancer"


@pytest.fixture
def label_file(shared_data: Path) -> Path:
    return shared_data / "her2st" / "data" / "ST-pat" / "lbl" / "A1_labeled_coordinates.tsv"


@pytest.fixture
def spots(shared_data: Path, label_file: Path) -> pd.DataFrame:
    """Return the spots of A1 with the pathologist's label of each."""
    labels = pd.read_csv(label_file, sep="\t").dropna(subset=["x", "y"])
    labels.index = [f"{x:.0f}x{y:.0f}" for x, y in zip(labels.x, labels.y, strict=True)]
    return spots_of_file(shared_data / "her2st", "A1", SCALE).join(labels.label)


def test_regions_of_a_pathologist(
    real: Real, spots: pd.DataFrame, label_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_to(real, "A1")
    real.drop(real.study.predictions["A1"])
    page = real.page("Domains")
    monkeypatch.setattr("geneglass.viewer.domain_files.choose_file", lambda *_: label_file)
    real.unfold(page.files)
    real.run(page.files.open)
    told = are_labelled(real, spots)
    pd.testing.assert_series_equal(told, spots.label[told.index], check_names=False)
    real.look("regions")
    real.hand.click(page.files.parentWidget().button)
    clusters(real, page, spots, KMEANS)
    clusters(real, page, spots, LEIDEN)
    genes_that_differ(real, page, spots)


def go_to(real: Real, name: str) -> None:
    """Choose a section by keys in the menu of sections."""
    chooser = real.panel.head.chooser
    row = next(i for i in range(chooser.count()) if chooser.itemData(i).name == name)
    real.hand.click(chooser)
    popup = chooser.view()
    real.hand.wait(popup.isVisible)
    for key in (Qt.Key.Key_Home, *[Qt.Key.Key_Down] * row, Qt.Key.Key_Return):
        real.hand.qtbot.keyClick(popup, key)
    real.hand.wait(lambda: real.session.source.name == name)
    real.idle()


def clusters(real: Real, page: Any, spots: pd.DataFrame, method: str) -> None:
    """Clusters of predicted profiles are proposed; ARI and NMI against the pathologist are those of scikit-learn."""
    form, before = page.clusters, real.session.domains
    real.unfold(form)
    real.choose(form.side, PREDICTED)
    real.choose(form.method, method)
    if method == KMEANS:
        real.type_number(form.n_clusters, "5")
    real.run(form.propose)
    n = form.list.count()
    assert n == 5 if method == KMEANS else n > 1
    assert real.session.domains == before, "what is proposed is no domain yet"
    said, first = form.told.text(), form.list.item(0).text()
    real.unfold(form)
    real.look(f"clusters_{method}")
    real.hand.click(form.take)
    taken = real.session.domains[len(before) :]
    assert [domain.name for domain in taken] == [f"Cluster {k + 1}" for k in range(n)]
    there = spots.loc[list(real.session.prediction.obs_names)]
    found = labels_of(taken, there)
    assert (found != "").all()
    assert first == f"Cluster 1: {(found == 'Cluster 1').sum()} places"
    ari, nmi = (score(there.label, found) for score in (adjusted_rand_score, normalized_mutual_info_score))
    assert f"ARI {ari:.2f}, NMI {nmi:.2f} over {len(there)} places" in said
    real.hand.click(page.tools.undo)
    assert real.session.domains == before


def rank_sums(values: Any, inside: Any) -> Any:
    """Return z of Wilcoxon's rank sum test of each column, as Wilcoxon 1945 has it for large samples."""
    n_in, n_out = inside.sum(), (~inside).sum()
    ranks = rankdata(values, axis=0)[inside].sum(axis=0)
    return (ranks - n_in * (n_in + n_out + 1) / 2) / np.sqrt(n_in * n_out * (n_in + n_out + 1) / 12)


def genes_that_differ(real: Real, page: Any, spots: pd.DataFrame) -> None:
    """Genes are ranked as the counts of the file have them; a click on one shows its map."""
    form = page.differences
    real.unfold(form)
    real.choose(form.side, MEASURED)
    real.choose(form.first, CANCER)
    real.choose(form.second, REST)
    real.run(form.compare)
    values, totals = real.file_of("A1")
    kept = values[totals >= MIN_COUNTS]
    inside = (spots.label[kept.index] == CANCER).to_numpy()
    z = pd.Series(rank_sums(kept.to_numpy(), inside), index=kept.columns)
    table = form.table
    shown = [table.item(row, 0).text() for row in range(table.rowCount())]
    assert z[shown[0]] == pytest.approx(z.max(), abs=1e-4)
    assert z[shown[-1]] == pytest.approx(z.min(), abs=1e-4)
    assert (np.diff(z[shown]) < 1e-4).all()
    assert table.item(0, 2).text() == f"{(kept.loc[inside, shown[0]] > 0).mean():.0%}"
    for row in (1, 0):
        real.hand.scroll_to(table)
        real.hand.click(table.viewport(), table.visualItemRect(table.item(row, 0)).center())
        assert real.session.gene == shown[row]
        layer = real.panel.compare.layer(MEASURED)
        assert layer.name.startswith(f"{shown[row]} measured")
        wanted = values.loc[real.session.measured_places.names, shown[row]]
        np.testing.assert_allclose(layer.features["value"], wanted, rtol=1e-4)
    real.look("genes")
