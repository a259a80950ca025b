"""What the window says of a model."""

import numpy as np
import pytest

from geneglass.model.checkpoint import ModelInfo, SectionInfo
from geneglass.viewer.predict_tab import model_facts


@pytest.mark.parametrize(("leaks", "end"), [(False, ""), (True, " (leaking: sections of one patient)")])
def test_held_out_r_says_whether_it_leaks(leaks, end):
    info = ModelInfo(
        "ridge",
        {},
        "texture@1",
        ("A", "B", "C"),
        sections=(SectionInfo("C2"), SectionInfo("C3")),
        trust={"r": np.array([0.1, 0.5, np.nan], np.float32)},
        left_out="sections" if leaks else "patients",
        leaks=leaks,
    )
    said = "ridge · texture · 3 genes · trained on C2, C3 · held-out r: median 0.30, best 0.50"
    assert model_facts(info) == said + end


def test_without_held_out_r_nothing_leaks():
    assert model_facts(ModelInfo("ridge", {}, "texture", ("A",), leaks=True)).endswith("trained on ")


def test_pictures_of_patient_tissue_are_named():
    said = model_facts(ModelInfo("bleep", {}, "texture", ("A",), thumbnail_um=200.0))
    assert said.endswith("holds pictures of its reference spots: patient tissue")
