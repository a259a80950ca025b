"""Changes of patches in training."""

import numpy as np
import pytest
import torch

from geneglass.model.augment import STAIN_SPREAD, STAINS, augmented, to_network


def patches(n=6, size=17):
    return torch.from_numpy(np.random.default_rng(0).integers(60, 200, (n, 3, size, size), dtype=np.uint8))


@pytest.mark.parametrize("how", ["flips", "turns", "stain", "published", "blurred"])
def test_patches_change_each_in_its_own_way_and_as_seeded(how):
    pixels = patches(1).repeat(12, 1, 1, 1)
    before = pixels.clone()
    torch.manual_seed(0)
    one = augmented(pixels, how)
    torch.manual_seed(0)
    assert torch.equal(augmented(pixels, how), one)
    assert torch.equal(pixels, before)
    assert one.shape == pixels.shape
    assert one.dtype == torch.uint8
    assert len({patch.numpy().tobytes() for patch in one}) > 3


def test_light_changes_keep_the_tissue_and_published_ones_cut_black_corners():
    white = torch.full((8, 3, 21, 21), 250, dtype=torch.uint8)
    torch.manual_seed(0)
    assert augmented(white, "flips").min() > 200
    assert (augmented(white, "published") == 0).any()
    assert augmented(white, "none") is white


def test_turns_change_no_pixels_value_and_the_blurred_ones_are_noisy():
    pixels = patches(5)
    torch.manual_seed(0)
    turned = augmented(pixels, "turns")
    assert torch.equal(turned.flatten(1).sort().values, pixels.flatten(1).sort().values)
    grey = torch.full((8, 3, 21, 21), 128, dtype=torch.uint8)
    noise = augmented(grey, "blurred").float().std(dim=(1, 2, 3))
    assert ((noise > 6) & (noise < 40)).all()


def test_network_input_is_standardised_only_with_an_encoder():
    class Own:
        mean, std = (0.5, 0.25, 0.0), (0.5, 0.25, 1.0)

    pixels = torch.full((1, 3, 2, 2), 255, dtype=torch.uint8)
    assert torch.equal(to_network(pixels, None), torch.ones(1, 3, 2, 2))
    assert to_network(pixels, Own())[0, :, 0, 0].tolist() == [1.0, 3.0, 1.0]


def test_stain_changes_move_the_amounts_of_stains_within_their_limits():
    stains = np.array(STAINS)
    amounts = np.array([0.5, 0.4, 0.1])
    colour = 256 * np.exp(-amounts @ stains) - 1
    pixels = torch.from_numpy(np.rint(colour).astype(np.uint8)).view(1, 3, 1, 1).repeat(200, 1, 9, 9)
    torch.manual_seed(0)
    changed = augmented(pixels, "stain")
    assert torch.equal(changed, changed[:, :, :1, :1].expand_as(changed))
    density = -np.log((changed[:, :, 0, 0].numpy() + 1) / 256)
    moved = np.abs(density @ np.linalg.inv(stains) - amounts)
    most = STAIN_SPREAD * (amounts + 1)
    rounding = 0.03
    assert (moved <= most + rounding).all()
    assert (moved.max(axis=0) > 0.7 * most).all()
    assert abs(np.corrcoef((density @ np.linalg.inv(stains)).T)[0, 1]) < 0.3


def test_every_turn_and_mirror_of_a_patch_comes_up():
    patch = torch.arange(2 * 2 * 3, dtype=torch.uint8).view(1, 3, 2, 2)
    torch.manual_seed(0)
    assert len({one.numpy().tobytes() for one in augmented(patch.repeat(100, 1, 1, 1), "turns")}) == 8
