"""What a file of JSON may hold."""

import json
from pathlib import Path

import numpy as np

from geneglass.workflow.plain import plain


def test_every_value_becomes_one_of_json() -> None:
    given = {
        1: np.array([0.5, np.nan]),
        "n": np.int64(3),
        "yes": np.bool_(True),
        "infinite": float("inf"),
        "single": np.float32(0.25),
        "path": Path("a") / "b",
        "nested": [("x", None, False), {"y": np.float64("nan")}],
    }
    expected = {
        "1": [0.5, None],
        "n": 3,
        "yes": True,
        "infinite": None,
        "single": 0.25,
        "path": str(Path("a") / "b"),
        "nested": [["x", None, False], {"y": None}],
    }
    assert plain(given) == expected
    assert json.loads(json.dumps(plain(given), allow_nan=False)) == expected
