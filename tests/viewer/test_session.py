import gc
import weakref
from dataclasses import dataclass, field
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from geneglass.data.cohort import Cohort, SectionSource
from geneglass.data.section import Section
from geneglass.data.spots import Spots
from geneglass.data.types import VISIUM
from geneglass.errors import InputError
from geneglass.viewer.session import Session, session_of
from geneglass.viewer.values import column_of

GENES = ("ACTB", "ERBB2", "MALAT1", "SILENT")


@dataclass
class FakeSlide:
    path: Path = Path("one.tif")
    digest: str = "slide-one"
    closed: bool = field(default=False)

    def content_hash(self):
        return self.digest

    def close(self):
        self.closed = True


def make_section(name="one", n=40, seed=1, slide=None):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(lam=(300, 200, 400, 0), size=(n, 4)).astype(np.float32)
    counts[0] = (3, 2, 1, 0)
    table = anndata.AnnData(csr_matrix(counts))
    table.obs_names = [f"spot{i}" for i in range(n)]
    table.var_names = list(GENES)
    table.obsm["spatial"] = rng.uniform(0, 900, size=(n, 2))
    source = SectionSource(name, patient="P", slide=Path(f"{name}.tif"), spots=Path(f"{name}.h5ad"))
    centres_yx = table.obsm["spatial"][:, ::-1].astype(np.float32)
    return Section(source, slide or FakeSlide(), Spots(table, VISIUM), 0.5, "given", centres_yx, 55.0)


def make_prediction(section, order=None, *, slide_hash="slide-one", trained=False):
    names = section.spots.table.obs_names.to_numpy(object)
    rng = np.random.default_rng(7)
    values = rng.normal(size=(len(names), 2)).astype(np.float32)
    prediction = anndata.AnnData(values, obs=pd.DataFrame(index=names), var=pd.DataFrame(index=["ERBB2", "NOVEL"]))
    prediction.obsm["spatial"] = section.centres_yx[:, ::-1]
    prediction.obs["confidence"] = np.linspace(0, 1, len(names))
    prediction.obs["trained_on"] = trained
    prediction.var["trust_r"] = [0.4, np.nan]
    prediction.uns["geneglass"] = {"section": section.name, "slide_hash": slide_hash, "min_counts": 500}
    return prediction if order is None else prediction[order].copy()


@pytest.fixture
def session():
    session = Session()
    session.set_section(make_section())
    return session


def test_a_lone_section_becomes_a_cohort_of_its_own(session):
    assert session.cohort.sections == (session.source,)
    assert session.section.name == "one"


def test_a_section_of_the_open_cohort_keeps_the_cohort():
    session, section = Session(), make_section("two")
    cohort = Cohort(Path("cohort.toml"), (make_section("one").source, section.source))
    session.set_cohort(cohort)
    session.set_section(section)
    assert session.cohort is cohort


def test_signals_come_after_the_change(session):
    seen = []
    session.set_cohort(Cohort(Path("cohort.toml"), (make_section("two").source,)))
    session.section_changed.connect(lambda: seen.append(session.section.name))
    session.prediction_changed.connect(lambda: seen.append(session.prediction is not None))
    session.gene_changed.connect(lambda: seen.append(session.gene))
    session.set_section(make_section("two"))
    session.set_prediction(make_prediction(session.section))
    session.set_gene("ERBB2")
    session.set_gene("ERBB2")
    assert seen == ["two", False, None, True, "ERBB2"]


def test_the_gene_stays_in_the_next_section_that_has_it(session):
    session.set_cohort(Cohort(Path("cohort.toml"), (session.source, make_section("two").source)))
    session.set_gene("ACTB")
    session.set_section(make_section("two"))
    assert session.gene == "ACTB"
    session.set_prediction(make_prediction(session.section))
    session.set_gene("NOVEL")
    session.set_section(make_section("one"))
    assert session.gene is None


def test_the_slide_of_the_section_before_is_closed_but_not_the_new_one(session):
    before, after = session.section.slide, FakeSlide()
    session.set_section(make_section("two", slide=after))
    assert before.closed
    assert not after.closed


def test_measured_values_are_log_normalised_over_all_genes(session):
    table = session.section.spots.table
    counts = table.X.toarray()
    expected = np.log1p(1e4 * counts[:, 1] / counts.sum(axis=1))
    np.testing.assert_allclose(session.measured("ERBB2"), expected, rtol=1e-5)
    assert session.measured("NOVEL") is None
    assert (session.measured("SILENT") == 0).all()


def test_sides_are_joined_by_name_never_by_order(session):
    straight = make_prediction(session.section)
    expected = straight.X[:, 0]
    shuffled = np.random.default_rng(3).permutation(straight.n_obs)
    session.set_prediction(make_prediction(session.section, shuffled))
    assert session.on_spots
    np.testing.assert_allclose(session.predicted("ERBB2"), expected)
    np.testing.assert_allclose(session.predicted_places.confidence, straight.obs["confidence"], rtol=1e-6)
    np.testing.assert_array_equal(session.predicted_places.centres_yx, session.measured_places.centres_yx)


def test_a_spot_without_prediction_is_missing_not_zero(session):
    session.set_prediction(make_prediction(session.section, np.arange(30)))
    values = session.predicted("ERBB2")
    assert np.isnan(values[30:]).all()
    assert np.isfinite(values[:30]).all()
    assert session.r("ERBB2").n_spots == 29  # spot0 has too few counts


def test_r_is_over_kept_spots_and_says_when_it_is_training_data(session):
    prediction = make_prediction(session.section, trained=True)
    session.set_prediction(prediction)
    kept = session.measured_places.kept
    assert not kept[0]
    assert kept[1:].all()
    expected = np.corrcoef(session.measured("ERBB2")[1:], prediction.X[1:, 0])[0, 1]
    score = session.r("ERBB2")
    assert score.r == pytest.approx(expected, abs=1e-5)
    assert score.training


def test_r_of_a_gene_without_variation_is_undefined_and_of_one_side_absent(session):
    prediction = make_prediction(session.section)
    prediction.X[:, 0] = 1.5
    session.set_prediction(prediction)
    assert np.isnan(session.r("ERBB2").r)
    assert session.r("NOVEL") is None
    assert session.r("ACTB") is None


def test_genes_are_the_union_with_flags_and_trust(session):
    session.set_prediction(make_prediction(session.section))
    genes = {gene.name: gene for gene in session.genes}
    assert list(genes) == ["ACTB", "ERBB2", "MALAT1", "NOVEL", "SILENT"]
    assert (genes["ERBB2"].measured, genes["ERBB2"].predicted, genes["ERBB2"].trust_r) == (True, True, 0.4)
    assert (genes["NOVEL"].measured, genes["NOVEL"].predicted, genes["NOVEL"].trust_r) == (False, True, None)
    assert not genes["ACTB"].predicted


def test_a_grid_prediction_has_places_of_its_own(session):
    prediction = make_prediction(session.section, np.arange(12))
    prediction.obs_names = [f"tile_0_{i}" for i in range(12)]
    session.set_prediction(prediction)
    assert not session.on_spots
    assert len(session.predicted("ERBB2")) == 12
    np.testing.assert_allclose(session.predicted_places.centres_yx, prediction.obsm["spatial"][:, ::-1])
    assert session.r("ERBB2") is None


def test_a_prediction_of_another_slide_is_refused_and_nothing_changes(session):
    good = make_prediction(session.section)
    session.set_prediction(good)
    with pytest.raises(InputError, match="not of 'one'"):
        session.set_prediction(make_prediction(session.section, slide_hash="slide-two"))
    assert session.prediction is good


def test_predictions_are_kept_per_section(session):
    one, two = session.section, make_section("two")
    session.set_cohort(Cohort(Path("cohort.toml"), (one.source, two.source)))
    session.set_prediction(make_prediction(one))
    session.set_section(two)
    assert session.prediction is None
    session.set_section(one)
    assert session.prediction is not None


def test_a_gene_that_is_not_there_is_refused(session):
    with pytest.raises(InputError, match="NOSUCH"):
        session.set_gene("NOSUCH")
    assert session.gene is None


def test_a_model_that_is_none_is_refused(session, tmp_path):
    bad = tmp_path / "model.safetensors"
    bad.write_bytes(b"not a model")
    with pytest.raises(InputError):
        session.set_model(bad)
    assert session.model_path is None


class FakeViewer:
    pass


class FakeProxy:
    def __init__(self, wrapped):
        self.__wrapped__ = wrapped


def test_one_session_per_viewer_also_through_a_proxy_and_gone_with_it():
    one, two = FakeViewer(), FakeViewer()
    assert session_of(FakeProxy(one)) is session_of(one)
    assert session_of(one) is not session_of(two)
    gone = weakref.ref(session_of(two))
    del two
    gc.collect()
    assert gone() is None


def test_a_column_is_worked_out_once_and_lies_in_one_piece(session):
    session.set_prediction(make_prediction(session.section))
    first = session.measured("ERBB2")
    assert session.measured("ERBB2") is first
    assert not np.allclose(session.measured("ACTB"), first)
    np.testing.assert_array_equal(session.measured("ERBB2"), first)
    assert column_of(session.prediction, "NOVEL").strides == (4,)
    session.set_section(make_section("two", seed=2))
    assert not np.allclose(session.measured("ERBB2"), first)


@pytest.mark.parametrize("order", [slice(None, None, -1), slice(5, 20), [3]])
def test_rows_of_the_prediction_are_found_by_name(session, order):
    prediction = make_prediction(session.section, order)
    session.set_prediction(prediction)
    wanted = prediction.obs_names.get_indexer(session.section.spots.table.obs_names)
    np.testing.assert_array_equal(session.predicted_rows, wanted)


def test_a_prediction_that_shares_no_name_has_no_rows(session):
    prediction = make_prediction(session.section)
    prediction.obs_names = [f"tile{i}" for i in range(prediction.n_obs)]
    session.set_prediction(prediction)
    assert session.predicted_rows is None
    assert not session.on_spots
