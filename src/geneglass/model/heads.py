"""A head of one side: from features, or expression, to the shared embedding."""

from torch import Tensor, nn

from geneglass.model.parts import Principal, ProjectionHead


class ReducedHead(nn.Module):
    """The principal axes of the training data, where any are asked for, then a projection: (n, in) -> (n, out).

    Parameters
    ----------
    in_dim, out_dim
        Lengths of the vectors.
    components
        Principal axes kept; 0 keeps the vectors as they are.
    dropout
        As in `ProjectionHead`.
    """

    def __init__(self, in_dim: int, out_dim: int, *, components: int, dropout: float) -> None:
        super().__init__()
        kept = min(components, in_dim)
        self.components = Principal(in_dim, kept) if kept else None
        self.head = ProjectionHead(kept or in_dim, out_dim, dropout)

    def fit(self, x: Tensor) -> None:
        """Take the axes from the (n, in) training data."""
        if self.components is not None:
            self.components.fit(x)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, out)."""
        found: Tensor = self.head(x if self.components is None else self.components(x))
        return found
