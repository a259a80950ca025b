"""Tiles of a patch, and a network for the whole of it."""

import pytest
import torch
from safetensors.torch import save_file

from geneglass.errors import InputError, UsageError
from geneglass.model.sub_patches import WholePatch, cut_tiles


def test_nine_tiles_of_74_px_of_the_centre_of_224():
    patches = torch.arange(2 * 3 * 224 * 224, dtype=torch.float32).view(2, 3, 224, 224)
    tiles = cut_tiles(patches)
    assert tiles.shape == (18, 3, 74, 74)
    assert torch.equal(tiles[0], patches[0, :, 1:75, 1:75])
    assert torch.equal(tiles[1], patches[0, :, 1:75, 75:149])
    assert torch.equal(tiles[9 + 5], patches[1, :, 75:149, 149:223])


def test_tiles_can_be_resized():
    patches = torch.full((1, 3, 30, 30), 77, dtype=torch.uint8)
    tiles = cut_tiles(patches, 16)
    assert tiles.shape == (9, 3, 16, 16)
    assert torch.allclose(tiles, torch.tensor(77.0))
    assert cut_tiles(patches, 10).dtype == torch.uint8


def test_whole_patch_network_starts_at_random_or_from_a_file(tmp_path):
    torch.manual_seed(0)
    network = WholePatch("mobilevit_xxs").eval()
    pixels = torch.rand(2, 3, 40, 40)
    assert network(pixels).shape == (2, network.length(40)) == (2, 320)
    path = tmp_path / "vit.safetensors"
    save_file(network.network.state_dict(), path)
    other = WholePatch("mobilevit_xxs").eval()
    assert not torch.allclose(other(pixels), network(pixels))
    other.load(path)
    assert torch.equal(other(pixels), network(pixels))
    with pytest.raises(InputError, match="There is no weights file"):
        other.load(tmp_path / "absent.safetensors")


def test_an_unknown_network_is_one_sentence():
    with pytest.raises(UsageError, match=r"no network called 'mobilvit'.*set vit to"):
        WholePatch("mobilvit")
