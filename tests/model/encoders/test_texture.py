import numpy as np
import pytest

from geneglass.errors import UsageError
from geneglass.model.context import neighbourhood_mean, standardised
from geneglass.model.encoders import texture
from geneglass.model.encoders.texture import Texture, describe
from geneglass.model.make import make_encoder


def tissue(nuclei: int, seed: int = 0, edge: int = 64) -> np.ndarray:
    """Return one pink patch with dark blue discs."""
    random = np.random.default_rng(seed)
    image = np.full((edge, edge, 3), (230, 170, 200), np.float32) + random.normal(0, 3, (edge, edge, 3))
    y, x = np.mgrid[:edge, :edge]
    for cy, cx in random.uniform(4, edge - 4, (nuclei, 2)):
        image[(y - cy) ** 2 + (x - cx) ** 2 < 7] = (90, 60, 140)
    return image.clip(0, 255).astype(np.uint8)[None]


def test_more_nuclei_more_blobs() -> None:
    counts = [describe(tissue(n))[0, -5] for n in (0, 5, 15, 30)]

    assert counts[0] < counts[1] < counts[2] < counts[3]


def test_blacked_out_background_reads_like_glass() -> None:
    half_black, half_white = tissue(10), tissue(10)
    half_black[:, :, 32:] = 3
    half_white[:, :, 32:] = 255

    np.testing.assert_array_equal(describe(half_black), describe(half_white))


def test_the_patches_are_not_written_to() -> None:
    patch = tissue(5)
    patch[:, :8] = 0
    before = patch.copy()

    describe(patch)

    np.testing.assert_array_equal(patch, before)


def test_turned_tissue_is_nearly_the_same_tissue() -> None:
    patch, other = tissue(12), tissue(30, seed=4)
    turned = describe(np.rot90(patch, axes=(1, 2)))
    spread = np.abs(describe(other) - describe(patch))

    assert np.abs(turned - describe(patch)).mean() < 0.05 * spread.mean()


def test_odd_patch_sizes() -> None:
    assert np.isfinite(describe(tissue(5, edge=51))).all()


def test_standardised_within_the_slide() -> None:
    raw = np.random.default_rng(0).normal(5, 3, (400, 3)).astype(np.float32)
    raw[:, 1] = 7.3
    raw[0, 2] = 1e4

    scaled = standardised(raw)

    np.testing.assert_allclose(scaled[:, 0].mean(), 0, atol=1e-5)
    np.testing.assert_allclose(scaled[:, 0].std(), 1, atol=0.01)
    assert (scaled[:, 1] == 0).all()
    assert scaled[0, 2] == texture.CLIP


def gaussian(values: np.ndarray, centres: np.ndarray, sigma: float) -> np.ndarray:
    distance = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    weight = np.exp(-0.5 * (distance / sigma) ** 2) * (distance <= 3 * sigma)
    return weight @ values / weight.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("pitch_um", "tolerance"), [(200, 1e-4), (100, 1e-4), (25, 0.03)])
def test_neighbourhood_is_a_gaussian_mean(pitch_um: float, tolerance: float) -> None:
    """Exact for spots; on a dense grid the cells may cost a little of the values' spread."""
    rows, columns = np.mgrid[0:1300:pitch_um, 0:900:pitch_um]
    centres = np.stack([rows.ravel(), columns.ravel()], axis=1).astype(np.float32)
    values = np.stack([centres[:, 0] / 400, np.sin(centres[:, 1] / 90)], axis=1).astype(np.float32)

    found = neighbourhood_mean(values, centres, 300.0)

    np.testing.assert_allclose(found, gaussian(values, centres, 300.0), atol=tolerance)


def test_tissue_far_away_does_not_count() -> None:
    centres = np.array([[0, 0], [0, 100], [5000, 0]], np.float32)
    found = neighbourhood_mean(np.array([[1.0], [1.0], [9.0]], np.float32), centres, 300.0)

    np.testing.assert_allclose(found[:, 0], [1, 1, 9])


def test_identity_follows_the_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Texture().identity
    monkeypatch.setattr(texture, "NEIGHBOURHOOD_UM", 150.0)

    assert Texture().identity != before


def test_it_takes_no_argument() -> None:
    with pytest.raises(UsageError, match="takes no argument"):
        make_encoder("texture:large")
