"""The table of published pathology networks: built in full on the meta device, nothing drawn, nothing downloaded."""

import pytest
import torch

from geneglass.model.pathology_networks import LEFT_OUT, PATHOLOGY_NETWORKS

REGISTERS = {"uni2-h": 8} | dict.fromkeys(
    ("virchow2", "h-optimus-0", "h-optimus-1", "h0-mini", "hibou-b", "hibou-l", "kaiko-l14"), 4
)
PUBLISHED = {
    "uni": (303.4, 1024),
    "uni2-h": (681.4, 1536),
    "virchow": (631.2, 2560),
    "virchow2": (631.2, 2560),
    "h0-mini": (85.7, 768),
    "phikon": (85.8, 768),
    "phikon-v2": (303.4, 1024),
    "hibou-b": (85.7, 768),
    "hibou-l": (303.7, 1024),
    "lunit-s8": (21.7, 384),
}
"""Millions of parameters and length of the features, as the makers or registries of these models state them."""


@pytest.mark.parametrize("name", PATHOLOGY_NETWORKS)
def test_each_call_builds_the_published_network(name: str) -> None:
    entry = PATHOLOGY_NETWORKS[name]
    with torch.device("meta"), torch.inference_mode():
        model = entry.build({}, entry.pooling).eval()
        features = model(torch.zeros(1, 3, entry.size_px, entry.size_px))

    assert entry.size_px * entry.mpp == 112.0
    parameters_m = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    assert features.shape == (1, entry.dim)
    assert parameters_m == pytest.approx(entry.parameters_m, abs=0.06)
    assert model.vit.num_prefix_tokens == 1 + REGISTERS.get(name, 0)
    if name in PUBLISHED:
        assert (entry.parameters_m, entry.dim) == PUBLISHED[name]


@pytest.mark.parametrize("name", ["uni", "h0-mini", "virchow2"])
def test_other_input_sizes_are_taken(name: str) -> None:
    entry = PATHOLOGY_NETWORKS[name]
    with torch.device("meta"), torch.inference_mode():
        model = entry.build({"depth": 1}, entry.pooling).eval()
        assert model(torch.zeros(2, 3, 112, 112)).shape == (2, entry.dim)


def test_terms_are_complete() -> None:
    for name, entry in PATHOLOGY_NETWORKS.items():
        weights = entry.hub_weights(name)
        assert name == name.lower()
        assert weights.repository.count("/") == 1
        assert entry.licence
        assert weights.size_mb == pytest.approx(entry.parameters_m * 4)
        assert weights.gated == entry.gated
        assert weights.asked_as == name
    assert not set(LEFT_OUT) & set(PATHOLOGY_NETWORKS)
