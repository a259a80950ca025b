"""The spot side that mclSTExp and HisCMCL share: expression -> embedding, through a Transformer over spots.

Corrected, a spot attends to its true neighbours; as published, to whatever shares its batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.contrastive import ContrastiveRecipe
from geneglass.model.contrastive_config import ContrastiveConfig
from geneglass.model.limits import require_at_least, require_not_negative
from geneglass.model.parts import (
    Principal,
    ProjectionHead,
    TransformerBlock,
    contrastive_loss,
    fourier_position,
    receptive_rows,
)
from geneglass.model.pool import Measured, Pool
from geneglass.model.position_table import TABLE_ROWS, PositionTable
from geneglass.model.recipe import UNIT, TrainData

PUBLISHED_BANK_BATCH = 32
GENE_UNIT = "log10(1 + 10,000 x / total of the gene over the section)"
FREQUENCIES = 6
"""Waves per axis of the Fourier position: 8,000 down to 250 micrometres."""


@dataclass(frozen=True)
class SpotSideConfig(ContrastiveConfig):
    """Settings of the spot side, and of what it is compared by."""

    similarity: Annotated[
        Literal["cosine", "dot"],
        {"tooltip": "cosine compares directions only; dot lets long embeddings count more, as one published form does"},
    ] = "cosine"
    gene_components: Annotated[
        int,
        {"min": 0, "tooltip": "How many patterns of genes that go together are kept, the strongest first; 0 keeps all"},
    ] = 30
    context: Annotated[
        Literal["neighbours", "batch"],
        {"tooltip": "In whose light a spot is read: that of its neighbours, or of spots drawn together by chance"},
    ] = "neighbours"
    neighbour_spots: Annotated[
        int, {"min": 1, "tooltip": "How many of the nearest spots on the slide are looked at with each spot"}
    ] = 6
    layers: Annotated[
        int,
        {
            "min": 0,
            "max": 12,
            "tooltip": "How many times over a spot is read in the light of the others; 0 reads it alone",
        },
    ] = 1
    heads: Annotated[int, {"min": 1, "tooltip": "In how many ways at once a spot is compared with its neighbours"}] = 4
    head_dim: Annotated[int, {"min": 1, "tooltip": "How many numbers each of these comparisons uses"}] = 16
    position: Annotated[
        Literal["none", "fourier", "table"],
        {"tooltip": "What is known of where a spot lies: nothing, micrometres (fourier), or row and column (table)"},
    ] = "none"
    table_rows: Annotated[
        Literal["used", "all"],
        {"tooltip": "For position by table only: rows and columns that occur, or all 65,536 as published"},
    ] = "used"
    expression_input: Annotated[
        Literal["total", "panel"],
        {"tooltip": "Counts are taken relative to all genes (ln), or to the genes learned (log10) as published"},
    ] = "total"
    bank_unit: Annotated[
        Literal["total", "gene"],
        {"tooltip": "What is given back is relative to the spot's total, or to the gene's total over the section"},
    ] = "total"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(1, self, "neighbour_spots", "heads", "head_dim")
        require_at_least(0, self, "layers")
        require_not_negative(self, "gene_components")


PUBLISHED: Mapping[str, Any] = MappingProxyType(
    {
        "fine_tune": True,
        "embed_dim": 256,
        "dropout": 0.0,
        "temperature": 1.0,
        "learn_temperature": False,
        "batch": 128,
        "optimiser": "adam",
        "learning_rate": 1e-4,
        "weight_decay": 1e-3,
        "validate": False,
        "k": 200,
        "weighting": "inverse_square",
        "distance": "l1",
        "normalise_input": False,
        "augment": "published",
        "similarity": "dot",
        "gene_components": 0,
        "context": "batch",
        "layers": 2,
        "position": "table",
        "expression_input": "panel",
        "bank_unit": "gene",
    }
)
"""What mclSTExp as published and HisCMCL as published have in common."""


class SpotSide(nn.Module):
    """Expression -> embedding, through attention to other spots.

    Parameters
    ----------
    genes
        Length of the expression vector.
    config
        The recipe's settings.
    """

    def __init__(self, genes: int, config: SpotSideConfig) -> None:
        super().__init__()
        self.config = config
        kept = min(config.gene_components, genes)
        self.components = Principal(genes, kept) if kept else None
        dim = kept or genes
        tables = config.position == "table"
        self.rows = PositionTable(dim) if tables else None
        self.columns = PositionTable(dim) if tables else None
        self.waves = nn.Linear(4 * FREQUENCIES, dim) if config.position == "fourier" else None
        self.blocks = nn.ModuleList(
            TransformerBlock(dim, config.heads, config.head_dim, mlp_dim=dim, dropout=config.dropout)
            for _ in range(config.layers)
        )
        self.head = ProjectionHead(dim, config.embed_dim, config.dropout)

    def forward(self, pool: Pool, rows: Tensor, *, attend: bool = True) -> Tensor:
        """Return (len(rows), embed_dim); with context "neighbours" a spot's row does not depend on the others asked.

        Parameters
        ----------
        pool
            All spots.
        rows
            Those that are embedded.
        attend
            Whether they go through the Transformer, or past it.
        """
        batch, blocks = self.config.context == "batch", self.blocks if attend else ()
        seen, lists = (rows, None) if batch else receptive_rows(rows, pool.neighbours, len(blocks))
        x = pool.expression[seen]
        x = x if self.components is None else self.components(x)
        x = x + self._position(pool, seen, x)
        for block in blocks:
            x = block(x, lists)
        found: Tensor = self.head(x[: len(rows)])
        return found

    def _position(self, pool: Pool, seen: Tensor, x: Tensor) -> Tensor:
        if self.rows is not None and self.columns is not None:
            codes = pool.codes_yx[seen]
            found: Tensor = self.rows(codes[:, 0]) + self.columns(codes[:, 1])
            return found
        if self.waves is not None:
            waves: Tensor = self.waves(fourier_position(pool.centres_um_yx[seen], FREQUENCIES))
            return waves
        return torch.zeros_like(x)


class SpotSideRecipe(ContrastiveRecipe):
    """A contrastive recipe whose spots are embedded by `SpotSide`, kept as the module "spots"."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit = GENE_UNIT if self.config.bank_unit == "gene" else UNIT

    def adjust(self, modules: nn.ModuleDict, pool: Pool) -> None:
        """Take the principal axes of the expression, and see that position tables can hold the spots."""
        spots = modules["spots"]
        if isinstance(spots, SpotSide) and spots.components is not None:
            spots.components.fit(pool.expression)
        if self.config.position == "table":
            _require_codes(pool)
        if isinstance(spots, SpotSide) and self.config.table_rows == "used":
            for axis, table in enumerate((spots.rows, spots.columns)):
                if table is not None:
                    table.keep(pool.codes_yx[:, axis])

    def neighbours(self) -> int:
        """Return the length of a spot's list, itself included."""
        return 1 + int(self.config.neighbour_spots) if self.config.context == "neighbours" else 1

    def spot_batch(self) -> int:
        """Return how many spots of the bank are embedded at a time, which the published form depends on."""
        return PUBLISHED_BANK_BATCH if self.config.context == "batch" else super().spot_batch()

    def measured(self, section: TrainData) -> Measured:
        """Return expression in the units that the settings name."""
        shown = section.expression if self.config.expression_input == "total" else _log10(section.counts, axis=1)
        given = section.expression if self.config.bank_unit == "total" else _log10(section.counts, axis=0)
        return Measured(section, shown, given)

    def encode_spots(self, modules: nn.ModuleDict, pool: Pool, rows: Tensor) -> Tensor:
        """Return the embeddings of measured spots."""
        found: Tensor = modules["spots"](pool, rows)
        return found

    def loss(self, modules: nn.ModuleDict, images: Tensor, spots: Tensor) -> Tensor:
        """Return the symmetric cross-entropy of a batch."""
        if self.config.similarity == "cosine":
            images, spots = functional.normalize(images, dim=1), functional.normalize(spots, dim=1)
        return contrastive_loss(images @ spots.T / modules["temperature"]())


def _log10(counts: FloatArray, *, axis: int) -> FloatArray:
    """Return log10(1 + 10,000 x / total), the total taken along an axis: 1 over genes, 0 over spots."""
    totals = counts.sum(axis=axis, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts, dtype=np.float32), where=totals > 0)
    found: FloatArray = np.log10(1 + 1e4 * shares).astype(np.float32)
    return found


def _require_codes(pool: Pool) -> None:
    highest, lowest = int(pool.codes_yx.max()), int(pool.codes_yx.min())
    if lowest < 0 or highest >= TABLE_ROWS:
        raise InputError(
            f"The position tables hold coordinates from 0 to {TABLE_ROWS - 1:,}, and a spot has "
            f"{lowest if lowest < 0 else highest:,}: set position to none or fourier."
        )
