"""Random changes of patches that leave the tissue what it is, for training an encoder."""

from collections.abc import Callable
from typing import Literal, Protocol

import torch
from torch import Tensor

Augmentation = Literal["none", "flips", "turns", "stain", "published", "blurred"]

STAIN_SPREAD = 0.2
"""Of the amount of a stain, and of what is added to it as an optical density (Tellez 2019, the strong form)."""
STAINS = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78))
"""Optical density in red, green and blue of haematoxylin, eosin and the rest (Ruifrok 2001)."""


def augmented(pixels: Tensor, how: Augmentation) -> Tensor:
    """Return changed copies of (n, 3, h, w) uint8 patches, each changed in its own way.

    Draws from torch's global random stream.

    Parameters
    ----------
    pixels
        Square patches.
    how
        "flips" mirrors, turns by quarters and thins or thickens each colour lightly; "turns" only mirrors and
        turns by quarters, as BLEEP was trained; "stain" mirrors, turns and changes haematoxylin, eosin and the
        rest apart from each other (Tellez et al. 2019, arXiv 1902.06543); "published" is jitter by half, a
        mirror and a free rotation that leaves black corners, as mclSTExp was; "blurred" adds strong jitter,
        blur and noise to "turns", as MViTGene was.
    """
    return pixels if how == "none" else _CHANGES[how](pixels)


def _turned(pixels: Tensor) -> Tensor:
    """Return the patches turned by quarters and mirrored, each as drawn for it."""
    ways = torch.randint(8, (len(pixels),))
    out = torch.empty_like(pixels)
    for way in sorted(set(ways.tolist())):
        rows = torch.nonzero(ways == way).flatten().to(pixels.device)
        turned = torch.rot90(pixels.index_select(0, rows), way % 4, (2, 3))
        out.index_copy_(0, rows, turned.flip(3) if way >= 4 else turned)
    return out


def _density(pixels: Tensor) -> Tensor:
    return torch.log((pixels.float() + 1) / 256).neg_()


def _seen(density: Tensor) -> Tensor:
    return density.neg_().exp_().mul_(256).sub_(1).round_().clamp_(0, 255).to(torch.uint8)


def _light(pixels: Tensor) -> Tensor:
    # Stain adds up in optical density: a factor per channel there is a thinner or thicker stain.
    scale = 1 + 0.2 * (torch.rand(len(pixels), 3, 1, 1) - 0.5)
    return _seen(_density(_turned(pixels)).mul_(scale.to(pixels.device)))


def _stained(pixels: Tensor) -> Tensor:
    stains = torch.tensor(STAINS, dtype=torch.float64)
    amount, more = (STAIN_SPREAD * (2 * torch.rand(len(pixels), 3, dtype=torch.float64) - 1) for _ in range(2))
    # Taken apart into stains, changed and put together again is one 3 x 3 matrix per patch, on columns of colour.
    matrix = (stains.T * (1 + amount)[:, None, :] @ torch.linalg.inv(stains.T)).float().to(pixels.device)
    added = (more @ stains).float().to(pixels.device)
    density = _density(_turned(pixels))
    return _seen(torch.baddbmm(added[:, :, None], matrix, density.flatten(2)).view(density.shape))


def _each(change: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return a change of patches from the change of one."""
    return lambda pixels: torch.stack([change(patch) for patch in pixels])


def _published(patch: Tensor) -> Tensor:
    from torchvision.transforms import v2

    change = v2.Compose([v2.ColorJitter(0.5, 0.5, 0.5), v2.RandomHorizontalFlip(), v2.RandomRotation([-180.0, 180.0])])
    found: Tensor = change(patch)
    return found


def _blurred(patch: Tensor) -> Tensor:
    from torchvision.transforms import v2

    blur = v2.RandomApply([v2.GaussianBlur(3)], p=0.3)
    change = v2.Compose([v2.ColorJitter(0.4, 0.4, 0.4, 0.1), blur])
    changed: Tensor = change(_turned(patch[None])[0])
    noise = 10 * torch.randn(patch.shape).to(patch.device)
    return (changed.float() + noise).clamp(0, 255).to(torch.uint8)


_CHANGES: dict[Augmentation, Callable[[Tensor], Tensor]] = {
    "flips": _light,
    "turns": _turned,
    "stain": _stained,
    "published": _each(_published),
    "blurred": _each(_blurred),
}


class Standard(Protocol):
    """What a network expects to be subtracted from each channel of 0..1 RGB, and divided by."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


def to_network(pixels: Tensor, standard: Standard | None) -> Tensor:
    """Return (n, 3, h, w) float32 input of a network: 0..1, with an encoder's mean and std if one is given."""
    scaled = pixels.float() / 255
    if standard is not None:
        mean, std = (torch.tensor(v, device=pixels.device).view(1, 3, 1, 1) for v in (standard.mean, standard.std))
        scaled = (scaled - mean) / std
    return scaled.contiguous(memory_format=torch.channels_last)
