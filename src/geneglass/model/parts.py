"""Small network parts that recipes share, each usable and tested alone."""

import math

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor, nn
from torch.nn import functional

from geneglass.data.types import FloatArray

MAX_TEMPERATURE, MIN_TEMPERATURE = 1.0, 0.01


class ProjectionHead(nn.Module):
    """Linear, then a residual GELU layer, then layer normalisation: (n, in) -> (n, out).

    Parameters
    ----------
    in_dim, out_dim
        Lengths of the vectors.
    dropout
        Share of the residual branch that is dropped in training.
    """

    def __init__(self, in_dim: int, out_dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.project = nn.Linear(in_dim, out_dim)
        self.refine = nn.Linear(out_dim, out_dim)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(out_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Return the (n, out) projection."""
        projected = self.project(x)
        refined = self.dropout(self.refine(functional.gelu(projected)))
        found: Tensor = self.norm(projected + refined)
        return found


class Principal(nn.Module):
    """Fixed projection on the principal axes of the training data, with overall variance 1.

    The small axes carry noise that a contrastive loss would learn by heart from a few hundred spots.

    Parameters
    ----------
    in_dim
        Length of the vectors.
    components
        How many axes.
    """

    mean: Tensor
    axes: Tensor

    def __init__(self, in_dim: int, components: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(in_dim))
        self.register_buffer("axes", torch.zeros(in_dim, components))

    def fit(self, x: Tensor) -> None:
        """Take mean and axes from the (n, in) training data."""
        mean = x.double().mean(0)
        centred = x.double() - mean
        if len(x) <= x.shape[1]:
            # The n x n products have the same axes, and are the smaller problem.
            values, vectors = torch.linalg.eigh(centred @ centred.T)
            axes = centred.T @ vectors / values.clamp_min(1e-12).sqrt()
        else:
            values, axes = torch.linalg.eigh(centred.T @ centred)
        kept = values.argsort(descending=True)[: self.axes.shape[1]]
        axes = axes[:, kept] * (values[kept] > values.max() * 1e-10)
        spread = (values[kept].clamp_min(0).sum() / (len(x) * len(kept))).sqrt()
        self.mean.copy_(mean)
        # Fewer places than axes have no more axes than places: the rest stay empty.
        self.axes.zero_()
        self.axes[:, : axes.shape[1]] = axes / spread.clamp_min(1e-12)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, components)."""
        return (x - self.mean) @ self.axes


class SelfAttention(nn.Module):
    """Multi-head attention of places to their own lists of places; without lists, of all to all.

    Parameters
    ----------
    dim
        Length of the vectors.
    heads, head_dim
        How many heads and how long each.
    """

    def __init__(self, dim: int, heads: int, head_dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(dim, 3 * heads * head_dim, bias=False)
        self.to_out = nn.Linear(heads * head_dim, dim)

    def forward(self, x: Tensor, neighbours: Tensor | None = None) -> Tensor:
        """Return (n, dim); `neighbours` is (n, k) rows of `x`, -1 where there is none."""
        q, k, v = (part.unflatten(1, (self.heads, -1)) for part in self.to_qkv(x).chunk(3, dim=1))
        if neighbours is None:
            mixed = functional.scaled_dot_product_attention(*(part.transpose(0, 1)[None] for part in (q, k, v)))
            mixed = mixed[0].transpose(0, 1)
        else:
            rows = neighbours.clamp_min(0).flatten()
            # index_select, since the gradient of k[rows] adds up in an order that differs from run to run.
            k, v = (part.index_select(0, rows).unflatten(0, neighbours.shape) for part in (k, v))
            logits = torch.einsum("nhd,nkhd->nhk", q, k) / math.sqrt(q.shape[-1])
            weights = logits.masked_fill((neighbours < 0)[:, None], -torch.inf).softmax(-1)
            mixed = torch.einsum("nhk,nkhd->nhd", weights, v)
        found: Tensor = self.to_out(mixed.flatten(1))
        return found


class TransformerBlock(nn.Module):
    """Pre-norm attention and feed-forward, each added to its input.

    Parameters
    ----------
    dim, heads, head_dim
        As in `SelfAttention`.
    mlp_dim
        Width of the feed-forward layer.
    dropout
        Share dropped of both branches in training.
    """

    def __init__(self, dim: int, heads: int, head_dim: int, *, mlp_dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = SelfAttention(dim, heads, head_dim)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, mlp_dim), nn.GELU(), nn.Linear(mlp_dim, dim))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, neighbours: Tensor | None = None) -> Tensor:
        """Return (n, dim)."""
        x = x + self.dropout(self.attention(self.attention_norm(x), neighbours))
        found: Tensor = x + self.dropout(self.mlp(x))
        return found


class Temperature(nn.Module):
    """The number that similarities are divided by, learned as its logarithm.

    Parameters
    ----------
    initial
        Where it starts.
    learned
        Whether training changes it.
    """

    log: Tensor

    def __init__(self, initial: float, *, learned: bool) -> None:
        super().__init__()
        value = torch.tensor(math.log(initial))
        if learned:
            self.log = nn.Parameter(value)
        else:
            self.register_buffer("log", value)

    def forward(self) -> Tensor:
        """Return the temperature; a learned one stays within 0.01 to 1."""
        if isinstance(self.log, nn.Parameter):
            return self.log.exp().clamp(MIN_TEMPERATURE, MAX_TEMPERATURE)
        return self.log.exp()


def nearest_places(centres_um_yx: FloatArray, k: int) -> Tensor:
    """Return (n, k) rows of each place's k nearest places of its section, itself first; -1 where there are fewer.

    Parameters
    ----------
    centres_um_yx
        (n, 2) centres in micrometres.
    k
        How many, the place itself included.
    """
    n = len(centres_um_yx)
    found = np.full((n, k), -1, dtype=np.int64)
    if n:
        near = cKDTree(centres_um_yx).query(centres_um_yx, k=min(k, n))[1]
        found[:, : min(k, n)] = np.asarray(near).reshape(n, -1)
    return torch.from_numpy(found)


def receptive_rows(rows: Tensor, neighbours: Tensor, hops: int) -> tuple[Tensor, Tensor]:
    """Return all rows that `rows` can see through `hops` layers, `rows` first, and their lists among them.

    Parameters
    ----------
    rows
        (m,) rows that are wanted.
    neighbours
        (n, k) lists over all rows.
    hops
        Layers of attention.

    Returns
    -------
    seen
        (s,) rows to compute with; the first m are `rows`.
    lists
        (s, k) positions in `seen`, -1 where outside it, which matters to no wanted row.
    """
    inside = torch.zeros(len(neighbours), dtype=torch.bool, device=neighbours.device)
    inside[rows] = True
    for _ in range(hops):
        reached = neighbours[inside].flatten()
        inside[reached[reached >= 0]] = True
    others = inside.clone()
    others[rows] = False
    seen = torch.cat([rows, torch.nonzero(others).flatten()])
    # One more place at the end, so that the absent neighbour -1 finds -1.
    position = torch.full((len(neighbours) + 1,), -1, dtype=torch.long, device=neighbours.device)
    position[seen] = torch.arange(len(seen), device=neighbours.device)
    return seen, position[neighbours[seen]]


def fourier_position(centres_um_yx: Tensor, frequencies: int, longest_um: float = 8000.0) -> Tensor:
    """Return (n, 4 * frequencies) sines and cosines of a place, from `longest_um` waves down by halves.

    Parameters
    ----------
    centres_um_yx
        (n, 2) centres in micrometres.
    frequencies
        Waves per axis.
    longest_um
        Wavelength of the first.
    """
    waves = 2.0 ** torch.arange(frequencies, device=centres_um_yx.device) * (2 * math.pi / longest_um)
    angles = (centres_um_yx[:, :, None] * waves).flatten(1)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def contrastive_loss(logits: Tensor) -> Tensor:
    """Return the symmetric cross-entropy of an (n, n) table in which the pairs stand on the diagonal."""
    pairs = torch.arange(len(logits), device=logits.device)
    return (functional.cross_entropy(logits, pairs) + functional.cross_entropy(logits.T, pairs)) / 2
