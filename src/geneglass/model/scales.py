"""What is seen of a place at several scales, fused into one embedding: the image side of HisCMCL.

The spot's own fields of view are one token; wider ones, and places spread over the whole slide, are others that
it attends to, or that are laid beside it. An embedding follows from what is seen at the place and of its slide,
never from the other places that are asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from geneglass.model.attention import CrossAttention, TokenMaker
from geneglass.model.hiscmcl_config import HiscmclConfig
from geneglass.model.parts import ProjectionHead


@dataclass(frozen=True)
class Sizes:
    """What the networks' sizes follow from.

    Attributes
    ----------
    views
        Lengths of the features of each field of view, narrowest first.
    own
        How many of them are the spot.
    slide
        Length of the features of a place on the slide; 0 where the slide is not read.
    spots
        Spots trained on: there are no more principal axes than that.
    trained
        Whether fields of view are described by a network that is being trained, and so have no axes yet.
    """

    views: tuple[int, ...]
    own: int
    slide: int
    spots: int
    trained: bool = False


@dataclass(frozen=True)
class Seen:
    """What is seen of n places.

    Attributes
    ----------
    views
        Per field of view (n, f), narrowest first.
    slides
        (sections, m, dim) features of places spread over each slide, NaN where one has fewer; m is 0 where the
        slide is not read.
    section
        (n,) number of each place's slide.
    """

    views: tuple[Tensor, ...]
    slides: Tensor
    section: Tensor


@dataclass(frozen=True)
class Tokens:
    """What the fusion is given.

    Attributes
    ----------
    own
        (n, dim) of the spot.
    around
        (n, t, dim) of wider fields of view.
    slides
        (sections, m, dim) of places over each slide; m is 0 where the slide is not read.
    section
        (n,) number of each place's slide.
    absent
        (n, m) places of the slide that are not there, or not to be seen in this step.
    """

    own: Tensor
    around: Tensor
    slides: Tensor
    section: Tensor
    absent: Tensor

    def without_slides(self, own: Tensor) -> "Tokens":
        """Return the same with another spot's token, and no places of the slide."""
        return replace(self, own=own, slides=self.slides[:, :0], absent=self.absent[:, :0])


class SlideGate(nn.Module):
    """The spot asks the places of its slide, and what it finds makes its own numbers larger or smaller.

    Nothing of the slide is added, so that a place is not known by its slide alone.

    Parameters
    ----------
    dim, heads
        As in `CrossAttention`.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.own_norm, self.slide_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = CrossAttention(dim, heads)
        self.gate = nn.Linear(dim, dim)

    def forward(self, tokens: Tokens) -> Tokens:
        """Return the tokens with the spot's changed, and the slide's used up."""
        read = self.attention.read(self.slide_norm(tokens.slides)).index_select(0, tokens.section)
        found = self.attention(self.own_norm(tokens.own), read, tokens.absent)
        return tokens.without_slides(tokens.own * (1 + self.gate(found).tanh()))


class AttentionFusion(nn.Module):
    """The spot asks the other scales, then a feed-forward layer; both are added to the spot.

    Parameters
    ----------
    dim, heads
        As in `CrossAttention`.
    dropout
        Share dropped of both branches in training.
    """

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.own_norm, self.others_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = CrossAttention(dim, heads)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tokens) -> Tensor:
        """Return (n, dim)."""
        around, slides = (self.attention.read(self.others_norm(part)) for part in (tokens.around, tokens.slides))
        read = torch.cat([around, slides.index_select(0, tokens.section)], dim=1)
        absent = functional.pad(tokens.absent, (tokens.around.shape[1], 0), value=False)
        x = tokens.own + self.dropout(self.attention(self.own_norm(tokens.own), read, absent))
        found: Tensor = x + self.dropout(self.mlp(x))
        return found


class ConcatFusion(nn.Module):
    """All scales side by side, through one layer; the places of a slide count as their mean.

    A layer over vectors laid side by side is a layer per vector, summed, and each token comes out of its own.

    Parameters
    ----------
    dim
        Length of the tokens.
    dropout
        Share of the sum dropped in training.
    """

    def __init__(self, dim: int, dropout: float) -> None:
        super().__init__()
        self.after = nn.Sequential(nn.LayerNorm(dim), nn.ReLU(), nn.Dropout(dropout))

    def forward(self, tokens: Tokens) -> Tensor:
        """Return (n, dim)."""
        here = (~tokens.absent).to(tokens.own.dtype)
        mean = torch.einsum("nm,nmd->nd", here, tokens.slides.index_select(0, tokens.section))
        mean = mean / here.sum(1, keepdim=True).clamp_min(1)
        found: Tensor = self.after(tokens.own + tokens.around.sum(1) + mean)
        return found


class Scales(nn.Module):
    """Features of several scales -> embedding.

    Parameters
    ----------
    sizes
        Lengths of the features.
    config
        The recipe's settings.
    """

    def __init__(self, sizes: Sizes, config: HiscmclConfig) -> None:
        super().__init__()
        self.own, self.slide_dropout = sizes.own, config.slide_dropout
        kept, dim = min(config.view_components, sizes.spots), config.token_dim
        self.views = nn.ModuleList(TokenMaker(width, dim, 0 if sizes.trained else kept) for width in sizes.views)
        self.slide = TokenMaker(sizes.slide, dim, kept) if sizes.slide else None
        self.weights = nn.Parameter(torch.zeros(len(sizes.views))) if config.scale_weights else None
        gated = config.slide_role == "modulate" and self.slide is not None
        self.gate = SlideGate(dim, config.fusion_heads) if gated else None
        self.fusion: nn.Module = ConcatFusion(dim, config.fusion_dropout)
        if config.fusion == "attention":
            self.fusion = AttentionFusion(dim, config.fusion_heads, config.fusion_dropout)
        self.head = ProjectionHead(dim, config.embed_dim, config.dropout)

    def fit(self, views: Sequence[Tensor], features: Tensor) -> None:
        """Take the principal axes of each field of view, and of a place as a whole, from the training spots.

        Parameters
        ----------
        views
            Per field of view (n, f); none where they are described by a network that is being trained.
        features
            (n, dim) all features of the same places.
        """
        for maker, view in zip(self.views if views else (), views, strict=True):
            if isinstance(maker, TokenMaker):
                maker.fit(view)
        if self.slide is not None:
            self.slide.fit(features)

    def forward(self, seen: Seen) -> Tensor:
        """Return (n, embed_dim)."""
        views = torch.stack([maker(view) for maker, view in zip(self.views, seen.views, strict=True)], dim=1)
        if self.weights is not None:
            views = views * self.weights.softmax(0)[:, None]
        own, around = views[:, : self.own].sum(1), views[:, self.own :]
        tokens = Tokens(own, around, self._slides(seen, own), seen.section, self._absent(seen))
        found: Tensor = self.head(self.fusion(tokens if self.gate is None else self.gate(tokens)))
        return found

    def _slides(self, seen: Seen, own: Tensor) -> Tensor:
        if self.slide is None:
            return own.new_zeros(len(seen.slides), 0, own.shape[1])
        found: Tensor = self.slide(seen.slides.nan_to_num())
        return found

    def _absent(self, seen: Seen) -> Tensor:
        """Return (n, m) which places of its slide each place does not see."""
        absent = seen.slides.isnan().any(-1)[seen.section]
        if self.training and self.slide_dropout:
            absent = absent | (torch.rand(len(absent), 1, device=absent.device) < self.slide_dropout)
        return absent
