"""A published network: what it is built from, what it was trained to see, and on what terms its weights are given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from geneglass.model.hub import SAFETENSORS, HubWeights
from geneglass.model.view import Triple, UsualView

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)
Pooling = Literal["cls", "cls+mean"]


@dataclass(frozen=True)
class PublishedNetwork:
    """One entry of a table of published networks.

    Attributes
    ----------
    title
        Its name as its makers write it, and what it is.
    architecture, options
        The timm call that builds it; every network takes other input sizes by stretching its positions.
    repository, files
        Where the weights lie on the hub.
    licence, gated
        The terms; gated weights need an account that accepted them.
    parameters_m
        Millions of parameters.
    dim
        Length of the features with the entry's own pooling.
    pooling
        The class token, or the class token and the mean of the patch tokens; register tokens are never pooled.
    mean, std
        Per channel of 0..1 RGB.
    size_px, mpp
        Input edge and its scale: the field of view is their product. Published steps that resize a tile of that scale
        and crop its centre (Prov-GigaPath: 256 px, centre 224) come to the same field.
    swiglu
        Whether its blocks have a gated feed-forward part.
    norm_eps
        Epsilon of the layer norms, where it is not timm's.
    """

    title: str
    architecture: str
    repository: str
    licence: str
    gated: bool
    parameters_m: float
    dim: int
    options: Mapping[str, Any] = field(default_factory=dict)
    pooling: Pooling = "cls"
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD
    size_px: int = 224
    mpp: float = 0.5
    files: tuple[str, ...] = (SAFETENSORS, "pytorch_model.bin")
    swiglu: bool = False
    norm_eps: float | None = None

    @property
    def view(self) -> UsualView:
        """Return what the network was trained to see."""
        return UsualView(self.size_px, self.mpp, self.mean, self.std)

    def hub_weights(self, asked_as: str) -> HubWeights:
        """Return where its weights are published, and the terms."""
        size_mb = self.parameters_m * 4
        return HubWeights(self.repository, self.licence, size_mb, self.gated, self.files, asked_as=asked_as)

    def build(self, changes: Mapping[str, Any], pooling: Pooling) -> "TokenPool":
        """Return the network with weights as torch starts them; on the meta device none are made.

        Parameters
        ----------
        changes
            timm options that replace those of the entry.
        pooling
            How the tokens become one row.

        Raises
        ------
        TypeError
            When timm does not know an option.
        """
        import timm
        from timm.layers import SwiGLUPacked

        options: dict[str, Any] = {"img_size": self.size_px, "dynamic_img_size": True, **self.options}
        if self.swiglu:
            options |= {"mlp_layer": SwiGLUPacked, "act_layer": nn.SiLU}
        if self.norm_eps is not None:
            options["norm_layer"] = partial(nn.LayerNorm, eps=self.norm_eps)
        vit = timm.create_model(self.architecture, num_classes=0, global_pool="token", **(options | dict(changes)))
        return TokenPool(vit, pooling)


class TokenPool(nn.Module):
    """A vision transformer whose tokens become one row of features.

    Parameters
    ----------
    vit
        A timm vision transformer.
    pooling
        "cls", or "cls+mean" with the mean of the patch tokens after it.
    """

    def __init__(self, vit: Any, pooling: Pooling) -> None:
        super().__init__()
        self.vit = vit
        self.pooling = pooling

    def forward(self, pixels: Tensor) -> Tensor:
        """Return (n, f) features of (n, 3, h, w) standardised pixels."""
        tokens: Tensor = self.vit.forward_features(pixels)
        first = tokens[:, 0]
        if self.pooling == "cls":
            return first
        # Class token and register tokens come before the patches.
        patches = tokens[:, self.vit.num_prefix_tokens :]
        return torch.cat([first, patches.mean(dim=1)], dim=1)
