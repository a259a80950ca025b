"""The invented cohort: the seed determines it, and what is planted can be found again, and nothing else."""

import re
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import tifffile
from scipy.ndimage import uniform_filter

from geneglass.data.cohort import read_cohort
from geneglass.data.genes import normalise, spot_totals
from geneglass.data.section import open_section
from geneglass.data.types import VISIUM
from geneglass.errors import InputError
from make_cohort import make_cohort

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
SMALL = {"size_um": (900.0, 1150.0), "n_genes": 100, "mpp": 1.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_cohort(tmp_path_factory.mktemp("cohort"), 11, **SMALL).parent


def _values(path: Path) -> tuple[ad.AnnData, np.ndarray]:
    table = ad.read_h5ad(path)
    totals = np.asarray(table.X.sum(axis=1), dtype=np.float32).ravel()
    table = table[totals >= 500].copy()
    return table, normalise(table.X.toarray(), totals[totals >= 500])


def _correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return r of every column of `a` with every column of `b`."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = np.linalg.norm(a, axis=0)[:, None] * np.linalg.norm(b, axis=0)
    return (a.T @ b) / np.where(scale > 0, scale, np.inf)


def test_the_same_seed_makes_the_same_cohort(folder: Path, tmp_path: Path) -> None:
    again = make_cohort(tmp_path, 11, **SMALL).parent
    assert (again / "truth.csv").read_text() == (folder / "truth.csv").read_text()
    assert (again / "cohort.toml").read_text() == (folder / "cohort.toml").read_text()
    for path in sorted(folder.glob("*.h5ad")):
        one, two = ad.read_h5ad(path), ad.read_h5ad(again / path.name)
        pd.testing.assert_frame_equal(one.obs, two.obs)
        assert (one.X != two.X).nnz == 0
        slide = path.name.replace(".h5ad", ".ome.tif")
        np.testing.assert_array_equal(tifffile.imread(folder / slide), tifffile.imread(again / slide))


def test_another_seed_makes_another_cohort(folder: Path, tmp_path: Path) -> None:
    other = make_cohort(tmp_path, 12, sections=["amber"], **SMALL).parent
    one, two = tifffile.imread(folder / "amber_1.ome.tif"), tifffile.imread(other / "amber.ome.tif")
    height, width = (min(a, b) for a, b in zip(one.shape[:2], two.shape[:2], strict=True))
    tissue = [image[:height:8, :width:8].mean(axis=2).ravel() for image in (one, two)]
    assert np.corrcoef(tissue)[0, 1] < 0.6
    truth = [pd.read_csv(path / "truth.csv") for path in (folder, other)]
    assert not np.allclose(truth[0]["strength"], truth[1]["strength"])
    assert not np.allclose(truth[0]["share"], truth[1]["share"])


def test_geneglass_reads_it_all(folder: Path) -> None:
    cohort = read_cohort(folder / "cohort.toml")
    assert [(s.name, s.patient) for s in cohort.sections] == [
        ("amber_1", "amber"),
        ("amber_2", "amber"),
        ("birch", "birch"),
        ("cedar", "cedar"),
    ]
    for source in cohort.sections:
        section = open_section(source)
        assert section.slide is not None
        assert section.spots is not None
        full = section.slide.levels[0]
        assert full.height_px != full.width_px
        assert len(section.slide.levels) > 1
        assert section.slide.mpp == pytest.approx(1.0, rel=1e-3)
        assert section.spots.platform == VISIUM
        assert section.spots.table.n_vars == 100
        assert set(section.spots.table.obs["label"].astype(str)) >= {"tumour", "stroma"}
        totals = spot_totals(section.spots)
        assert 3500 < np.median(totals) < 6500
        assert 0 < (totals < 500).mean() < 0.1
        section.slide.close()


def test_spots_lie_on_tissue_and_inside(folder: Path) -> None:
    for path in sorted(folder.glob("*.h5ad")):
        table = ad.read_h5ad(path)
        image = tifffile.imread(path.with_suffix(".ome.tif")).astype(np.float32)
        x, y = np.round(table.obsm["spatial"]).astype(int).T
        assert x.min() > 27
        assert y.min() > 27
        assert x.max() < image.shape[1] - 27
        assert y.max() < image.shape[0] - 27
        glass = np.median(image[:10, :10], axis=(0, 1))[1]
        stained = uniform_filter((image[..., 1] < glass - 15).astype(np.float32), 55)[y, x]
        label = table.obs["label"].to_numpy()
        assert (stained[label != "adipose"] > 0.25).all(), path.name
        assert (stained > 0.02).all(), path.name
        array = table.obs[["array_row", "array_col"]].to_numpy()
        assert (array.sum(axis=1) % 2 == 0).all()


def test_each_kind_of_gene_follows_what_was_planted(folder: Path) -> None:
    truth = pd.read_csv(folder / "truth.csv", keep_default_na=False)
    strong = ((truth["kind"] == "morphology") & (truth["strength"] > 1.5)).to_numpy()
    own, flat = [], []
    for path in sorted(folder.glob("*.h5ad")):
        table, values = _values(path)
        planted = table.obsm["planted"]
        r = _correlations(values, planted.to_numpy())
        column = [planted.columns.get_loc(name) for name in truth.loc[strong, "follows"]]
        own.append(r[np.flatnonzero(strong), column])
        flat.append(r[truth["kind"].isin(["depth", "noise"]).to_numpy()])
    assert np.mean(own) > 0.55
    assert np.median(np.mean(own, axis=0)) > 0.55
    assert abs(np.mean(flat)) < 0.03
    assert np.abs(np.mean(flat, axis=0)).mean() < 0.1


def test_position_genes_are_shared_by_sisters_only(folder: Path) -> None:
    truth = pd.read_csv(folder / "truth.csv")
    genes = {kind: (truth["kind"] == kind).to_numpy() for kind in ("position", "depth")}

    def common(one: str, two: str, kind: str) -> float:
        frames = []
        for name in (one, two):
            table, values = _values(folder / f"{name}.h5ad")
            index = pd.MultiIndex.from_frame(table.obs[["array_row", "array_col"]])
            frames.append(pd.DataFrame(values[:, genes[kind]], index=index))
        both = frames[0].index.intersection(frames[1].index)
        assert len(both) > 25
        return float(np.diag(_correlations(frames[0].loc[both].to_numpy(), frames[1].loc[both].to_numpy())).mean())

    assert common("amber_1", "amber_2", "position") > 0.4
    assert abs(common("amber_1", "birch", "position")) < 0.25
    assert abs(common("amber_1", "amber_2", "depth")) < 0.1


def test_one_gene_is_absent_from_the_last_section_only(folder: Path) -> None:
    counts = {path.stem: ad.read_h5ad(path)[:, "XIST"].X.sum() for path in folder.glob("*.h5ad")}
    assert counts.pop("cedar") == 0
    assert min(counts.values()) > 0


def test_patients_may_be_named(tmp_path: Path) -> None:
    path = make_cohort(tmp_path, 2, sections=["fir", "hazel"], size_um=(500.0, 620.0), n_genes=30, mpp=1.5)
    assert [(s.name, s.patient) for s in read_cohort(path).sections] == [("fir", "fir"), ("hazel", "hazel")]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sections": 0}, "sections must be 1 to 13, got 0"),
        ({"size_um": (400.0, 900.0)}, "at least 500 um"),
        ({"n_genes": 3}, "at least 30"),
        ({"mpp": 0.0}, "mpp must be"),
    ],
)
def test_impossible_cohorts_are_refused_and_nothing_is_written(tmp_path: Path, settings: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make_cohort(tmp_path / "out", 1, **settings)
    assert not (tmp_path / "out").exists()


def test_the_committed_sample_is_small_and_what_the_script_makes(tmp_path: Path) -> None:
    files = [path for path in SAMPLE.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 10e6
    found = re.search(r"seed = (\d+)", (SAMPLE / "cohort.toml").read_text())
    assert found is not None
    # Every part draws from a generator of its own, so that one section can be made without the others.
    made = make_cohort(tmp_path, int(found[1]), sections=["amber"]).parent
    truth = [pd.read_csv(path / "truth.csv").drop(columns="absent_in") for path in (made, SAMPLE)]
    pd.testing.assert_frame_equal(*truth)
    one, two = ad.read_h5ad(made / "amber.h5ad"), ad.read_h5ad(SAMPLE / "amber_1.h5ad")
    assert list(one.obs_names) == list(two.obs_names)
    assert np.abs(one.X - two.X).mean() < 0.01
    images = [
        tifffile.imread(path, level=1).astype(np.float32)
        for path in (made / "amber.ome.tif", SAMPLE / "amber_1.ome.tif")
    ]
    assert images[0].shape == images[1].shape
    assert np.abs(images[0] - images[1]).mean() < 1.0
