"""Cross-attention: one vector per place asks a list of tokens, some of which may be absent."""

import math

import torch
from torch import Tensor, nn

from geneglass.model.parts import Principal


class CrossAttention(nn.Module):
    """Multi-head attention of n places, each to its own t tokens.

    Parameters
    ----------
    dim
        Length of the vectors.
    heads
        How many heads; they share the length, which they must divide.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_kv = nn.Linear(dim, 2 * dim, bias=False)
        self.to_out = nn.Linear(dim, dim)

    def read(self, tokens: Tensor) -> Tensor:
        """Return the keys and values of tokens, (..., dim) -> (..., 2 * dim); tokens may be shared by places."""
        found: Tensor = self.to_kv(tokens)
        return found

    def forward(self, x: Tensor, read: Tensor, absent: Tensor | None = None) -> Tensor:
        """Return (n, dim) of what places found; where every token is absent, that is nothing.

        Parameters
        ----------
        x
            (n, dim) that asks.
        read
            (n, t, 2 * dim) from `read`.
        absent
            (n, t) True where there is no token; by default all are there.
        """
        q = self.to_q(x).unflatten(1, (self.heads, -1))
        k, v = (part.reshape(*part.shape[:2], *q.shape[1:]) for part in read.chunk(2, dim=2))
        logits = torch.einsum("nhd,nthd->nht", q, k) / math.sqrt(q.shape[-1])
        if absent is not None:
            # Not -inf, whose softmax over nothing has no gradient.
            logits = logits.masked_fill(absent[:, None], torch.finfo(logits.dtype).min)
        weights = logits.softmax(-1)
        weights = weights if absent is None else weights * ~absent[:, None]
        found: Tensor = self.to_out(torch.einsum("nht,nthd->nhd", weights, v).flatten(1))
        return found


class TokenMaker(nn.Module):
    """One kind of features -> tokens: principal axes where asked for, then a layer of its own.

    Parameters
    ----------
    in_dim, out_dim
        Lengths of features and tokens.
    components
        Principal axes kept; 0 keeps the features as they are.
    """

    def __init__(self, in_dim: int, out_dim: int, components: int) -> None:
        super().__init__()
        kept = min(components, in_dim)
        self.components = Principal(in_dim, kept) if kept else None
        self.project = nn.Linear(kept or in_dim, out_dim)

    def fit(self, x: Tensor) -> None:
        """Take the axes from the (n, in) training data."""
        if self.components is not None:
            self.components.fit(x)

    def forward(self, x: Tensor) -> Tensor:
        """Return (..., out)."""
        found: Tensor = self.project(x if self.components is None else self.components(x))
        return found
