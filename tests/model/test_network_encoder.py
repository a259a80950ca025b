"""A network as an encoder, and the tissue around a place."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from geneglass.errors import InputError, UsageError
from geneglass.model.compiled import PatientNetwork
from geneglass.model.context import neighbourhood_mean, standardised
from geneglass.model.make import make_encoder, make_recipe
from geneglass.model.network_encoder import BATCH
from geneglass.model.recipe import TrainData
from stand_ins import RandomPatches

NAME = "timm:mobilenetv3_small_050@random?px=32"
CENTRES = np.stack(np.divmod(np.arange(30), 10), axis=1).astype(np.float32) * 100


def places() -> tuple[np.ndarray, ...]:
    return (np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), dtype=np.uint8),)


def test_with_context_features_are_set_against_the_slide_and_joined_by_their_neighbourhood() -> None:
    plain, wide = make_encoder(NAME), make_encoder(f"{NAME}&context=150")
    raw = plain.encode(places())
    np.testing.assert_array_equal(wide.encode(places()), raw)
    np.testing.assert_array_equal(plain.finish(raw, CENTRES), raw)

    found = wide.finish(raw, CENTRES)

    own = standardised(raw)
    np.testing.assert_allclose(found, np.concatenate([own, neighbourhood_mean(own, CENTRES, 150)], axis=1), rtol=1e-5)
    assert wide.dim == found.shape[1] == 2 * wide.raw_dim
    assert wide.spans == ((0, wide.raw_dim), (wide.raw_dim, wide.dim))
    assert wide.identity != plain.identity
    assert "context=150" in wide.name


def test_context_must_be_a_length() -> None:
    for value in ("-1", "far", "True"):
        with pytest.raises(UsageError, match="context must be a number of micrometres"):
            make_encoder(f"{NAME}&context={value}")


@pytest.mark.parametrize(
    ("options", "words"), [("&context=150", "context is for frozen features"), ("&um=50,150", "one field of view")]
)
def test_what_a_network_can_not_be_trained_on_is_refused(options: str, words: str) -> None:
    encoder = make_encoder(NAME + options)
    values = np.random.default_rng(1).random((30, 4)).astype(np.float32)
    features = np.zeros((30, encoder.dim), np.float32)
    data = TrainData("a", "p", features, CENTRES, patches=RandomPatches(30, 0, 1), expression=values, counts=values)
    settings = {"fine_tune": True, "epochs": 1, "batch": 16, "embed_dim": 8, "k": 5}
    recipe = make_recipe("mclstexp", settings, tuple("abcd"), encoder)
    with pytest.raises(InputError, match=words):
        list(recipe.fit([data, replace(data, section="b", patient="q")]))


def test_batches_under_way_come_back_in_order_and_are_started_before_the_first_is_waited_for() -> None:
    encoder = make_encoder(NAME)
    whole = places()[0]
    expected = encoder.encode((whole,))
    read: list[int] = []

    def batches() -> Iterator[tuple[np.ndarray]]:
        for start in (0, 8, 16, 24):
            read.append(start)
            yield (whole[start : start + 8],)

    encoder.under_way = 2
    found = encoder.encode_each(batches())
    first = next(found)
    assert read == [0, 8]
    np.testing.assert_allclose(np.concatenate([first, *found]), expected, rtol=1e-4, atol=1e-5)


def test_on_the_cpu_nothing_is_compiled_and_one_batch_is_under_way() -> None:
    encoder = make_encoder(NAME)
    assert encoder.runner.after is None
    assert encoder.under_way == 1


def test_a_compiled_network_is_what_encodes() -> None:
    encoder = make_encoder(NAME)
    whole = np.concatenate([*places()] * 3)[:BATCH]
    encoder.runner = PatientNetwork(encoder.network(), BATCH, after=0, compiler=lambda net: lambda x: 2 * net(x))
    np.testing.assert_array_equal(encoder.encode((whole,)), 2 * make_encoder(NAME).encode((whole,)))
