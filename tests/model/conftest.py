"""Fixtures of the model room."""

import pytest

from geneglass.model.encoder import Encoder
from geneglass.model.make import make_encoder
from stand_ins import PATCH_PX


@pytest.fixture(scope="module")
def network() -> Encoder:
    """Return a small network with random weights as an encoder."""
    return make_encoder(f"timm:mobilenetv3_small_050@random?px={PATCH_PX}")
