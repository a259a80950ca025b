"""Random changes of patches that leave the tissue what it is, for training an encoder."""

from typing import Literal

import torch
from torch import Tensor

from geneglass.model.encoder import Encoder

Augmentation = Literal["none", "flips", "published"]


def augmented(pixels: Tensor, how: Augmentation) -> Tensor:
    """Return changed copies of (n, 3, h, w) uint8 patches, each changed in its own way.

    Draws from torch's global random stream.

    Parameters
    ----------
    pixels
        Square patches.
    how
        "flips" mirrors, turns by quarters and jitters brightness, contrast and stain lightly; "published"
        is jitter by half, a mirror and a free rotation that leaves black corners, as mclSTExp was trained.
    """
    if how == "none":
        return pixels
    change = _published if how == "published" else _light
    return torch.stack([change(patch) for patch in pixels])


def _light(patch: Tensor) -> Tensor:
    quarters, mirror = int(torch.randint(4, ())), bool(torch.rand(()) < 0.5)
    patch = torch.rot90(patch, quarters, (1, 2))
    patch = patch.flip(2) if mirror else patch
    # Stain adds up in optical density: a factor per channel there is a thinner or thicker stain.
    density = -torch.log((patch.float() + 1) / 256)
    scale = 1 + 0.2 * (torch.rand(3, 1, 1) - 0.5).to(patch.device)
    return (256 * torch.exp(-density * scale) - 1).clamp(0, 255).to(torch.uint8)


def _published(patch: Tensor) -> Tensor:
    from torchvision.transforms import v2

    change = v2.Compose([v2.ColorJitter(0.5, 0.5, 0.5), v2.RandomHorizontalFlip(), v2.RandomRotation([-180.0, 180.0])])
    found: Tensor = change(patch)
    return found


def to_network(pixels: Tensor, encoder: Encoder | None) -> Tensor:
    """Return (n, 3, h, w) float32 input of a network: 0..1, with the encoder's mean and std if one is given."""
    scaled = pixels.float() / 255
    if encoder is not None:
        mean, std = (torch.tensor(v, device=pixels.device).view(1, 3, 1, 1) for v in (encoder.mean, encoder.std))
        scaled = (scaled - mean) / std
    return scaled.contiguous(memory_format=torch.channels_last)
