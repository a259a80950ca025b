"""Which genes a prediction is asked for: those of the panel, and for models that retrieve any that was measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from geneglass.errors import UsageError
from geneglass.model.checkpoint import ModelInfo

PANEL, ALL = "panel", "all"
_TOLD = 5


@dataclass(frozen=True)
class AskedGenes:
    """Genes of a prediction, in its order.

    Attributes
    ----------
    panel
        Genes the model was trained on.
    outside
        Genes that only its reference spots know; they follow the panel's.
    """

    panel: tuple[str, ...]
    outside: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return all of them."""
        return (*self.panel, *self.outside)

    def told(self) -> str:
        """Return a sentence on genes outside the panel, empty where there are none."""
        if not self.outside:
            return ""
        return (
            f"{len(self.outside):,} of the {len(self.names):,} genes are outside the model's panel: they are the mean "
            "of the retrieved reference spots alone, and untested."
        )


def asked_genes(text: str, info: ModelInfo) -> AskedGenes:
    """Return the genes asked for: panel, all, or names with commas.

    Raises
    ------
    UsageError
        When a gene is outside the panel and the model keeps nothing of it, or none is named.
    """
    if text == PANEL:
        return AskedGenes(tuple(info.genes))
    panel = set(info.genes)
    if text == ALL:
        if not info.measured_genes:
            raise UsageError(
                f"This model can predict the {len(info.genes)} genes of its panel only; "
                "ask for panel, or train with a larger panel."
            )
        return AskedGenes(tuple(info.genes), tuple(gene for gene in info.measured_genes if gene not in panel))
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    known = panel | set(info.measured_genes)
    _require_known(names, [name for name in names if name not in known], info)
    return AskedGenes(
        tuple(name for name in names if name in panel), tuple(name for name in names if name not in panel)
    )


def _require_known(names: Sequence[str], absent: Sequence[str], info: ModelInfo) -> None:
    if names and not absent:
        return
    some = ", ".join(absent[:_TOLD]) or "none named"
    if info.measured_genes:
        raise UsageError(
            f"Not among the {len(info.measured_genes):,} genes that all sections this model was trained on measured: "
            f"{some}; choose genes of those, or ask for panel or all."
        )
    raise UsageError(f"Not among the {len(info.genes)} genes of this model's panel: {some}; choose genes of the panel.")
