"""The terms of weights are said before they are fetched."""

import pytest

from geneglass.errors import InputError
from geneglass.workflow.encoder import open_encoder, say_terms
from geneglass.workflow.events import finish


@pytest.fixture
def empty_hub(tmp_path, monkeypatch):
    """An empty cache, and a hub that is not there."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def test_the_licence_comes_before_the_fetch(empty_hub):
    job = open_encoder("virchow2", device="cpu", download=True)
    told = next(job).message
    for part in ("paige-ai/Virchow2", "CC BY-NC-ND", "gated", "2,525 MB"):
        assert part in told
    with pytest.raises(InputError, match=r"paige-ai/Virchow2 could not be downloaded"):
        next(job)


def test_nothing_is_said_where_nothing_is_fetched(empty_hub):
    assert list(say_terms("virchow2", download=False)) == []
    assert list(say_terms("texture", download=True)) == []
    assert list(say_terms("timm:resnet18@random", download=True)) == []
    assert finish(open_encoder("texture", device="cpu", download=True)).name == "texture"
