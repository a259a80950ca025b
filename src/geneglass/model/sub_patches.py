"""Parts of a patch: tiles of its pixels or fields of view of its features, and networks that look at them."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from geneglass.errors import UsageError
from geneglass.model.encoder import Encoder
from geneglass.model.weights import load_weights, read_weights

GRID = 3
"""Tiles along an edge."""


def cut_tiles(pixels: Tensor, size_px: int = 0) -> Tensor:
    """Return (9 n, c, t, t) tiles of the largest square that divides by three in the middle of (n, c, h, h) patches.

    Parameters
    ----------
    pixels
        Square patches; the nine tiles of the first come first, row by row.
    size_px
        Resize tiles to this edge; 0 leaves them as cut, 74 px of 224.
    """
    tile = pixels.shape[-1] // GRID
    start = (pixels.shape[-1] - GRID * tile) // 2
    centre = pixels[..., start : start + GRID * tile, start : start + GRID * tile]
    tiles = centre.unfold(2, tile, tile).unfold(3, tile, tile).permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
    if size_px in (0, tile):
        return tiles.contiguous()
    return functional.interpolate(tiles.float(), size=(size_px, size_px), mode="bilinear", antialias=True)


def part_width(encoder: Encoder) -> int:
    """Return how many columns describe every field of view of an encoder alike."""
    return min(stop - start for start, stop in encoder.spans)


def feature_parts(features: Tensor, encoder: Encoder, most: int) -> Tensor:
    """Return the (n, parts, columns) of the narrowest fields of view, so many at most, of (n, dim) features."""
    width = part_width(encoder)
    return torch.stack([features[:, start : start + width] for start, _ in encoder.spans[:most]], dim=1)


class WholePatch(nn.Module):
    """Any timm network over the whole patch, started from random weights.

    Parameters
    ----------
    name
        A network of timm.

    Attributes
    ----------
    mean, std
        Per channel of 0..1 RGB, what is to be subtracted and divided by.
    """

    def __init__(self, name: str) -> None:
        import timm
        from timm.data import resolve_model_data_config

        super().__init__()
        if not timm.is_model(name):
            raise UsageError(f"timm has no network called {name!r}: set vit to one that it has, such as mobilevit_s.")
        self.name = name
        self.network: nn.Module = timm.create_model(name, num_classes=0)
        data = resolve_model_data_config(self.network)
        self.mean: tuple[float, float, float] = tuple(data["mean"])
        self.std: tuple[float, float, float] = tuple(data["std"])

    def load(self, path: Path) -> None:
        """Take the weights of a file."""
        classifier = getattr(self.network, "pretrained_cfg", {}).get("classifier") or "classifier"
        load_weights(self.network, read_weights(path), source=path.name, ignore=(str(classifier),))

    def length(self, size_px: int) -> int:
        """Return how many features it has of a patch of this edge, by looking."""
        training = self.network.training
        with torch.no_grad():
            found = self.network.eval()(torch.zeros(1, 3, size_px, size_px))
        self.network.train(training)
        return int(found.shape[1])

    def forward(self, pixels: Tensor) -> Tensor:
        """Return (n, features) of (n, 3, h, w) standardised patches."""
        return cast(Tensor, self.network(pixels))
