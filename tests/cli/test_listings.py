"""The listing of encoders: every ready network with its terms."""

import json

import pytest

from geneglass.cli.main import run
from geneglass.model.pathology_networks import PATHOLOGY_NETWORKS


def test_encoders_are_listed_with_their_terms(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["encoders", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in listed["encoders"]}
    assert set(rows) == {"pathology", "texture", "timm", *PATHOLOGY_NETWORKS}
    uni = rows["uni"]
    assert (uni["dim"], uni["mpp"], uni["um"], uni["gated"], uni["params_m"]) == (1024, 0.5, [112.0], True, 303.4)
    assert "CC BY-NC-ND" in uni["licence"]
    assert uni["repository"] == "MahmoodLab/UNI"
    assert rows["texture"]["um"] == [78.0, 156.0, 312.0, 624.0, 1400.0]
    assert rows["texture"]["needs_weights"] is False
    assert set(listed["left_out"]) == {"ctranspath", "openmidnight", "conch"}


def test_the_table_tells_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["encoders"]) == 0
    told = capsys.readouterr().out
    assert "virchow2" in told
    assert "Not among them: conch, because" in told
