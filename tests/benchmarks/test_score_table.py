"""Every figure of an evaluation reaches the table."""

import pytest

from geneglass.workflow.config import EvaluateConfig
from geneglass.workflow.evaluate import evaluate
from geneglass.workflow.events import finish
from score_table import CEILING, table


def test_every_predictor_has_a_row_and_every_figure_a_column(tiny_cohort, tmp_path):
    asked = EvaluateConfig(tiny_cohort, tmp_path / "run", recipes=("ridge",), panel_size=12)
    metrics = finish(evaluate(asked))
    found = table({"one": tmp_path / "run"}).set_index("predictor")
    assert set(metrics["predictors"]) < set(found.index)
    assert found.loc["ridge", "r"] == pytest.approx(metrics["predictors"]["ridge"]["r"])
    assert found.loc["ridge", "r_interval_low"] == pytest.approx(metrics["predictors"]["ridge"]["r_interval"][0])
    assert found.loc["ridge", "ece"] == pytest.approx(metrics["calibration"]["ridge"]["ece"])
    assert found.loc[CEILING, "r_top"] == pytest.approx(metrics["ceiling"]["r_top"])
    assert set(metrics["predictors"]["ridge"]) - {"r_interval", "r_top_interval", "r_hvg_interval"} < set(found.columns)
