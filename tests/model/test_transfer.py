"""Pixels to a device and features back."""

import numpy as np
import torch

from geneglass.model.transfer import Arriving, to_device

CPU = torch.device("cpu")


def test_patches_become_channels_first_without_a_copy_in_channels_last_order() -> None:
    patches = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3), dtype=np.uint8)
    pixels = to_device(patches, CPU)
    assert pixels.shape == (4, 3, 6, 5)
    assert pixels.is_contiguous(memory_format=torch.channels_last)
    assert pixels.data_ptr() == patches.ctypes.data
    np.testing.assert_array_equal(pixels.numpy(), patches.transpose(0, 3, 1, 2))


def test_patches_that_do_not_lie_in_one_piece_are_laid_so() -> None:
    patches = np.random.default_rng(0).integers(0, 256, (4, 12, 5, 3), dtype=np.uint8)[:, ::2]
    np.testing.assert_array_equal(to_device(patches, CPU).numpy(), patches.transpose(0, 3, 1, 2))


def test_features_arrive_as_they_were() -> None:
    with torch.inference_mode():
        features = torch.arange(6.0).view(2, 3)
        arriving = Arriving(features)
    np.testing.assert_array_equal(arriving.result(), [[0, 1, 2], [3, 4, 5]])
