"""Random changes of patches that leave the tissue what it is, for training an encoder."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from geneglass.model.encoder import Encoder

Augmentation = Literal["none", "flips", "turns", "published", "blurred"]


def augmented(pixels: Tensor, how: Augmentation) -> Tensor:
    """Return changed copies of (n, 3, h, w) uint8 patches, each changed in its own way.

    Draws from torch's global random stream.

    Parameters
    ----------
    pixels
        Square patches.
    how
        "flips" mirrors, turns by quarters and jitters brightness, contrast and stain lightly; "turns" only
        mirrors and turns by quarters, as BLEEP was trained; "published" is jitter by half, a mirror and a
        free rotation that leaves black corners, as mclSTExp was; "blurred" adds strong jitter, blur and
        noise to "turns", as MViTGene was.
    """
    if how == "none":
        return pixels
    return torch.stack([_CHANGES[how](patch) for patch in pixels])


def _turned(patch: Tensor) -> Tensor:
    quarters, mirror = int(torch.randint(4, ())), bool(torch.rand(()) < 0.5)
    patch = torch.rot90(patch, quarters, (1, 2))
    return patch.flip(2) if mirror else patch


def _light(patch: Tensor) -> Tensor:
    patch = _turned(patch)
    # Stain adds up in optical density: a factor per channel there is a thinner or thicker stain.
    density = -torch.log((patch.float() + 1) / 256)
    scale = 1 + 0.2 * (torch.rand(3, 1, 1) - 0.5).to(patch.device)
    return (256 * torch.exp(-density * scale) - 1).clamp(0, 255).to(torch.uint8)


def _published(patch: Tensor) -> Tensor:
    from torchvision.transforms import v2

    change = v2.Compose([v2.ColorJitter(0.5, 0.5, 0.5), v2.RandomHorizontalFlip(), v2.RandomRotation([-180.0, 180.0])])
    found: Tensor = change(patch)
    return found


def _blurred(patch: Tensor) -> Tensor:
    from torchvision.transforms import v2

    blur = v2.RandomApply([v2.GaussianBlur(3)], p=0.3)
    change = v2.Compose([_turned, v2.ColorJitter(0.4, 0.4, 0.4, 0.1), blur])
    noise = 10 * torch.randn(patch.shape).to(patch.device)
    return (change(patch).float() + noise).clamp(0, 255).to(torch.uint8)


_CHANGES: dict[Augmentation, Callable[[Tensor], Tensor]] = {
    "flips": _light,
    "turns": _turned,
    "published": _published,
    "blurred": _blurred,
}


def to_network(pixels: Tensor, encoder: Encoder | None) -> Tensor:
    """Return (n, 3, h, w) float32 input of a network: 0..1, with the encoder's mean and std if one is given."""
    scaled = pixels.float() / 255
    if encoder is not None:
        mean, std = (torch.tensor(v, device=pixels.device).view(1, 3, 1, 1) for v in (encoder.mean, encoder.std))
        scaled = (scaled - mean) / std
    return scaled.contiguous(memory_format=torch.channels_last)
