"""What every registered encoder promises; a new family is picked up by itself."""

from pathlib import Path

import numpy as np
import pytest

from geneglass.data.patches import iter_patches
from geneglass.data.pyramid import write_pyramid
from geneglass.data.slide_formats import open_slide
from geneglass.data.types import FloatArray
from geneglass.model.encoder import Encoder
from geneglass.model.encoders import ENCODERS
from geneglass.model.make import make_encoder

ARGUMENTS = {
    "timm": "mobilenetv3_small_050@random",
    "pathology": "lunit-s16@random?depth=2&px=64&um=64,192",
}
"""What a family needs after its name to be made offline; one that is not here is made without."""


@pytest.fixture(params=sorted(ENCODERS), scope="module")
def name(request: pytest.FixtureRequest) -> str:
    family = request.param
    return f"{family}:{ARGUMENTS[family]}" if family in ARGUMENTS else family


@pytest.fixture(scope="module")
def encoder(name: str) -> Encoder:
    return make_encoder(name)


def views(encoder: Encoder, count: int, *, value: int | None = None) -> tuple[np.ndarray, ...]:
    """Return pink noise patches, or flat ones of one grey value, in each field of view."""
    random = np.random.default_rng(3)
    made = []
    for spec in encoder.patches:
        shape = (count, spec.size_px, spec.size_px, 3)
        noise = random.integers(0, 60, shape) + np.array([180, 120, 170]) * random.uniform(0.6, 1.0, (count, 1, 1, 1))
        made.append(np.full(shape, value, np.uint8) if value is not None else noise.clip(0, 255).astype(np.uint8))
    return tuple(made)


def test_shapes_and_types(encoder: Encoder, name: str) -> None:
    raw = encoder.encode(views(encoder, 5))
    centres = np.random.default_rng(0).uniform(0, 3000, (5, 2)).astype(np.float32)
    finished = encoder.finish(raw, centres)

    assert raw.shape == (5, encoder.raw_dim)
    assert finished.shape == (5, encoder.dim)
    assert raw.dtype == finished.dtype == np.float32
    assert np.isfinite(raw).all()
    assert np.isfinite(finished).all()
    assert encoder.name == name


def test_each_field_of_view_has_its_columns(encoder: Encoder) -> None:
    patches = views(encoder, 4)
    raw = encoder.encode(patches)
    changed = encoder.encode((*patches[:-1], 255 - patches[-1]))

    sizes = [spec.size_um for spec in encoder.patches]
    assert sizes == sorted(sizes)
    assert [column for span in encoder.spans for column in range(*span)] == list(range(encoder.dim))
    first, *others = (stop - start for start, stop in encoder.spans)
    assert len(set(others)) <= 1
    assert all(first >= width for width in others)
    start, stop = encoder.spans[len(patches) - 1]
    same = np.isclose(raw, changed, rtol=1e-3, atol=1e-4).all(axis=0)
    assert same[:start].all()
    assert not same[start:stop].all()


def test_same_again_from_a_fresh_one(encoder: Encoder, name: str) -> None:
    other = make_encoder(name)

    assert other.identity == encoder.identity
    np.testing.assert_array_equal(other.encode(views(encoder, 3)), encoder.encode(views(encoder, 3)))


def test_identities_differ_between_families() -> None:
    names = [f"{family}:{ARGUMENTS[family]}" if family in ARGUMENTS else family for family in ENCODERS]

    assert len({make_encoder(name).identity for name in names}) == len(names)


def test_a_place_is_the_same_alone_and_in_a_batch(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "bfloat16", False, raising=False)
    together, alone = together_and_alone(encoder)

    np.testing.assert_allclose(alone, together, rtol=1e-3, atol=1e-4)


def test_where_bfloat16_is_native_a_batch_changes_no_more_than_its_rounding(encoder: Encoder) -> None:
    together, alone = together_and_alone(encoder)

    # A number has 8 bits there; kernels of a batch and of a single place add up in different order.
    np.testing.assert_allclose(alone, together, rtol=2**-6, atol=2**-6 * float(together.std()))


def together_and_alone(encoder: Encoder) -> tuple[FloatArray, FloatArray]:
    """Return the features of 19 places, encoded as one batch and one by one."""
    patches = views(encoder, 19)
    alone = [encoder.encode(tuple(view[i : i + 1] for view in patches)) for i in range(19)]
    return encoder.encode(patches), np.concatenate(alone)


def test_finish_follows_the_order_of_the_places(encoder: Encoder) -> None:
    raw = encoder.encode(views(encoder, 12))
    random = np.random.default_rng(1)
    centres = random.uniform(0, 2000, (12, 2)).astype(np.float32)
    order = random.permutation(12)

    straight = encoder.finish(raw, centres)
    shuffled = encoder.finish(raw[order], centres[order])

    np.testing.assert_allclose(shuffled, straight[order], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_are_finite(encoder: Encoder, value: int) -> None:
    raw = encoder.encode(views(encoder, 3, value=value))
    finished = encoder.finish(raw, np.array([[0, 0], [0, 200], [200, 0]], np.float32))

    assert np.isfinite(raw).all()
    assert np.isfinite(finished).all()
    np.testing.assert_allclose(raw, raw[:1].repeat(3, axis=0), rtol=1e-3, atol=1e-4)


def test_one_place_alone_can_be_finished(encoder: Encoder) -> None:
    finished = encoder.finish(encoder.encode(views(encoder, 1)), np.zeros((1, 2), np.float32))

    assert finished.shape == (1, encoder.dim)
    assert np.isfinite(finished).all()


def test_rows_and_columns_on_a_slide_that_is_not_square(encoder: Encoder, tmp_path: Path) -> None:
    """Tissue fills the right third of a wide slide: a place there is not the glass at the left."""
    image = np.full((300, 1500, 3), 255, np.uint8)
    image[:, 1000:] = np.random.default_rng(2).integers(60, 200, (300, 500, 3))
    write_pyramid(tmp_path / "wide.ome.tiff", image, 4.0)
    slide = open_slide(tmp_path / "wide.ome.tiff")
    centres = np.array([[150, 100], [150, 1300], [40, 160]], np.float32)

    raw = np.empty((3, encoder.raw_dim), np.float32)
    for rows, patches in iter_patches(slide, centres, encoder.patches, mpp=4.0):
        raw[rows] = encoder.encode(patches)
    slide.close()
    glass = encoder.encode(views(encoder, 1, value=255))[0]

    # Relative to what the encoder gives: a network of random weights gives small numbers.
    scale = np.abs(raw).max()
    np.testing.assert_allclose(raw[0] / scale, glass / scale, rtol=1e-3, atol=2e-2)
    np.testing.assert_allclose(raw[2] / scale, glass / scale, rtol=1e-3, atol=2e-2)
    assert np.abs(raw[1] - glass).max() / scale > 1e-1
