"""A head that reads expression off an embedding, and the two errors it is trained on."""

import torch
from torch import Tensor, nn

LEAST_ROWS = 3
"""Fewer places than this have no correlation worth the name."""
_TINY = 1e-6


class ExpressionHead(nn.Module):
    """Two hidden layers over the mean expression of the training spots: (n, dim) -> (n, genes).

    Parameters
    ----------
    dim
        Length of the embeddings; the second hidden layer has half of it.
    genes
        How many genes.
    dropout
        Share of hidden units dropped in training.
    """

    mean: Tensor

    def __init__(self, dim: int, genes: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(genes))
        self.layers = nn.Sequential(
            nn.LayerNorm(dim, elementwise_affine=False),
            *(nn.Linear(dim, dim), nn.GELU(), nn.Dropout(dropout)),
            *(nn.Linear(dim, dim // 2), nn.GELU(), nn.Dropout(dropout)),
            nn.Linear(dim // 2, genes),
        )

    def fit(self, expression: Tensor) -> None:
        """Take the mean of the (n, genes) training spots, which a prediction starts from."""
        self.mean.copy_(expression.mean(0))

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, genes)."""
        found: Tensor = self.mean + self.layers(x)
        return found


def pearson_loss(predicted: Tensor, measured: Tensor, group_of: Tensor) -> Tensor:
    """Return 1 - Pearson's r, averaged over groups of rows and over the genes that vary in a group.

    Within a group, so that what tells sections from each other (stain, depth of sequencing) earns nothing.
    Finite everywhere; 0, without a gradient, where no gene varies in any group.

    Parameters
    ----------
    predicted, measured
        (n, genes) each.
    group_of
        (n,) group of each row; those of fewer than three rows do not count.
    """
    of_group = (group_of == torch.unique(group_of)[:, None]).to(predicted.dtype)
    count = of_group.sum(1, keepdim=True)
    a, b = (values - of_group.T @ (of_group @ values / count) for values in (predicted, measured))
    together, of_a, of_b = (of_group @ product / count for product in (a * b, a.square(), b.square()))
    # Inside the root, so that the gradient stays finite where a prediction is the same everywhere.
    r = together / ((of_a + _TINY) * (of_b + _TINY)).sqrt()
    judged = (of_b > _TINY) & (count >= LEAST_ROWS)
    found: Tensor = ((1 - r) * judged).sum() / judged.sum().clamp_min(1)
    return found
