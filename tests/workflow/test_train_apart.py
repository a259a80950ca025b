"""What training says of sections that are not as independent as the cohort says."""

from dataclasses import replace

import anndata
import pytest

from geneglass.data.cohort import Cohort, read_cohort, write_cohort
from geneglass.errors import InputError
from geneglass.model.checkpoint import read_info
from geneglass.workflow.config import PredictConfig, TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.nulls import score_nulls
from geneglass.workflow.predict import predict
from geneglass.workflow.train import train


@pytest.fixture
def cohort_of(tiny_cohort, tmp_path):
    """Write a cohort of the first sections with other patients, the last one under a second name too if asked."""
    sources = read_cohort(tiny_cohort).sections

    def cohort_of(*patients, twice=None):
        chosen = [replace(s, patient=p) for s, p in zip(sources, patients, strict=False)]
        if twice is not None:
            chosen.append(replace(chosen[-1], name="twin", patient=twice))
        path = tmp_path / "changed.toml"
        write_cohort(Cohort(path, tuple(chosen)))
        return path

    return cohort_of


def config_of(cohort, tmp_path, **more):
    return TrainConfig(cohort=cohort, out=tmp_path / "m.safetensors", recipe="ridge", panel_size=10, **more)


def test_one_tissue_under_two_patients_is_refused_before_training(cohort_of, tmp_path):
    cohort = cohort_of("a", "b", twice="c")
    with pytest.raises(InputError, match=r"The split leaks: .* \(patient b\) and twin \(patient c\) hold"):
        finish(train(config_of(cohort, tmp_path)))
    with pytest.raises(InputError, match=r"The split leaks: .* and twin"):
        score_nulls(cohort, min_counts=0)
    assert not (tmp_path / "m.safetensors").exists()


def test_model_and_prediction_say_that_sisters_stayed_in_training(cohort_of, tmp_path):
    cohort = cohort_of("a", "a")
    events = list(train(config_of(cohort, tmp_path)))
    info = read_info(tmp_path / "m.safetensors")
    assert (info.left_out, info.leaks) == ("sections", True)
    assert sum("Held-out r leaks" in event.message for event in events) == 1
    name = read_cohort(cohort).sections[0].name
    finish(predict(PredictConfig(tmp_path / "m.safetensors", f"{cohort}#{name}", tmp_path / "p.h5ad")))
    facts = anndata.read_h5ad(tmp_path / "p.h5ad").uns["geneglass"]
    assert (facts["left_out"], bool(facts["leaks"])) == ("sections", True)
