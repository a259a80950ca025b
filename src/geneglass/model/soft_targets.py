"""Contrastive targets that count a spot like the own one as partly right, and losses against them.

The tables are (n, n) over the pairs of a batch: rows are what is asked, columns what may be found.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


def product_similarity(images: Tensor, spots: Tensor) -> Tensor:
    """Return the mean of the inner products among images and among spots (BLEEP, section 3.2)."""
    return (images @ images.T + spots @ spots.T) / 2


def kernel_similarity(images: Tensor, spots: Tensor, sigma: float) -> Tensor:
    """Return the mean of Gaussian kernels exp(-d^2 / 2 sigma^2) among images and among spots (MViTGene).

    Parameters
    ----------
    images, spots
        (n, dim) each.
    sigma
        Distance at which two embeddings are still alike.
    """
    kernels = [torch.exp(-_squared_distances(x) / (2 * sigma**2)) for x in (images, spots)]
    return (kernels[0] + kernels[1]) / 2


def kernel_targets(images: Tensor, spots: Tensor, *, sigma: float, temperature: float) -> Tensor:
    """Return (n, n) targets, each row a distribution: the softmax of the kernels' likeness over a temperature."""
    return functional.softmax(kernel_similarity(images, spots, sigma) / temperature, dim=1)


def _squared_distances(x: Tensor) -> Tensor:
    square = x.square().sum(1)
    return (square[:, None] + square[None] - 2 * x @ x.T).clamp_min(0)


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over rows of the cross-entropy against (n, n) targets.

    Parameters
    ----------
    logits
        (n, n).
    targets
        (n, n), each row a distribution.
    """
    return -(targets * functional.log_softmax(logits, dim=1)).sum(1).mean()


def divergence(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over rows of KL(targets || softmax of the logits), which is 0 where they agree.

    Parameters
    ----------
    logits, targets
        As in `soft_cross_entropy`.
    """
    return soft_cross_entropy(logits, targets) + torch.xlogy(targets, targets).sum(1).mean()


def both_ways(logits: Tensor, targets: Tensor, loss: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Return a loss against targets, the mean of spots that look for images and of images that look for spots."""
    return (loss(logits, targets) + loss(logits.T, targets)) / 2
