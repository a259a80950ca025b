"""Weights saved by `transformers` (ViTModel, Dinov2Model, with or without registers) under timm's names.

The networks compute the same; they differ in names, in query, key and value being three matrices or one, and in
where the class token's position is kept: timm's networks with register tokens have it inside the class token.
"""

import math
import re

import torch
from torch.nn import functional

from geneglass.model.weights import Weights

_PATCH = "embeddings.patch_embeddings.projection."
_UNUSED = ("embeddings.mask_token", "pooler.")
_LAYER = re.compile(r"encoder\.layer\.(\d+)\.(.+)\.(weight|bias|lambda1)")
_PARTS = {
    "layernorm_before": "norm1",
    "layernorm_after": "norm2",
    "norm1": "norm1",
    "norm2": "norm2",
    "attention.output.dense": "attn.proj",
    "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
    "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
    "mlp.weights_in": "mlp.fc1",
    "mlp.weights_out": "mlp.fc2",
    "layer_scale1": "ls1",
    "layer_scale2": "ls2",
}
_TOP = {
    "embeddings.cls_token": "cls_token",
    "embeddings.register_tokens": "reg_token",
    "embeddings.position_embeddings": "pos_embed",
    f"{_PATCH}weight": "patch_embed.proj.weight",
    f"{_PATCH}bias": "patch_embed.proj.bias",
    "layernorm.weight": "norm.weight",
    "layernorm.bias": "norm.bias",
}
_QKV = "attention.attention."


def to_timm_names(weights: Weights, own: Weights) -> Weights:
    """Return the weights under timm's names; those that already have them, or neither, are returned as they are.

    Parameters
    ----------
    weights
        As read from the file.
    own
        The network's tensors: their shapes tell the grid of positions and whether the class token has its own.
    """
    marker = next((name for name in weights if name.endswith(f"{_PATCH}weight")), None)
    if marker is None:
        return weights
    prefix = marker.removesuffix(f"{_PATCH}weight")
    given = {name.removeprefix(prefix): value for name, value in weights.items()}
    given = {name: value for name, value in given.items() if not name.startswith(_UNUSED)}
    renamed = {_renamed(name): value for name, value in given.items() if _QKV not in name}
    renamed |= _joined(given)
    return _with_positions(renamed, own)


def _renamed(name: str) -> str:
    if name in _TOP:
        return _TOP[name]
    found = _LAYER.fullmatch(name)
    if found is None or found[2] not in _PARTS:
        return name
    kind = "gamma" if found[3] == "lambda1" else found[3]
    return f"blocks.{found[1]}.{_PARTS[found[2]]}.{kind}"


def _joined(given: Weights) -> Weights:
    """Return query, key and value of each layer as one tensor, where none of them lacks."""
    joined = {}
    for name in given:
        if f"{_QKV}query." in name:
            parts = [name.replace(".query.", f".{part}.") for part in ("query", "key", "value")]
            number, kind = name.split(".")[2], name.rpartition(".")[2]
            if all(part in given for part in parts):
                joined[f"blocks.{number}.attn.qkv.{kind}"] = torch.cat([given[part] for part in parts])
    return joined


def _with_positions(weights: Weights, own: Weights) -> Weights:
    positions, wanted = weights.get("pos_embed"), own.get("pos_embed")
    if positions is None or wanted is None:
        return weights
    first, grid = positions[:, :1], positions[:, 1:]
    apart = not _is_square(wanted.shape[1] - 1)
    grid = _resampled(grid, wanted.shape[1] - (0 if apart else 1))
    if apart:
        return weights | {"pos_embed": grid, "cls_token": weights["cls_token"] + first}
    return weights | {"pos_embed": torch.cat([first, grid], dim=1)}


def _is_square(count: int) -> bool:
    return math.isqrt(count) ** 2 == count


def _resampled(grid: torch.Tensor, count: int) -> torch.Tensor:
    """Return (1, count, d) positions, as `transformers` stretches them to another input size: bicubic, not smoothed."""
    if grid.shape[1] == count or not (_is_square(count) and _is_square(grid.shape[1])):
        return grid
    edge, wanted = math.isqrt(grid.shape[1]), math.isqrt(count)
    square = grid.float().reshape(1, edge, edge, -1).permute(0, 3, 1, 2)
    stretched = functional.interpolate(square, size=(wanted, wanted), mode="bicubic", align_corners=False)
    return stretched.permute(0, 2, 3, 1).reshape(1, count, -1).to(grid.dtype)
