"""The demo, as a machine without a display runs it."""

import json

from geneglass.workflow.demo import demo
from geneglass.workflow.events import finish


def test_demo_writes_model_prediction_pictures_and_scores(tmp_path):
    result = finish(demo(tmp_path / "out"))
    for path in (result.model, result.prediction, result.metrics, *result.pictures):
        assert path.stat().st_size > 1000, path
    metrics = json.loads(result.metrics.read_text())
    assert {"geneglass", "ridge", "depth only", "gene mean"} <= set(metrics["predictors"])
    # The planted truth: tissue shows some of the genes, and no predictor without an image sees them.
    nulls = [metrics["predictors"][name]["r"] for name in ("depth only", "position only, K = 40")]
    assert metrics["predictors"]["geneglass"]["r"] > max(nulls) + 0.1
