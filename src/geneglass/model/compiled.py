"""A network that is compiled once it has seen so many patches that compiling pays."""

import logging
from collections.abc import Callable

import torch
from torch import Tensor, nn

PAYS_AFTER = 65_536
"""Patches: compiling takes a minute or so, which a fifth less time per patch earns back only over many."""

Network = Callable[[Tensor], Tensor]
Compiler = Callable[[nn.Module], Network]

_LOG = logging.getLogger(__name__)


def compile_one_shape(network: nn.Module) -> Network:
    """Return the network compiled for the shape it is first run on."""
    return torch.compile(network, dynamic=False)


class PatientNetwork:
    """Runs a network as it is, and compiled after many patches; as it is for good where compiling fails.

    Parameters
    ----------
    network
        Takes (n, 3, px, px).
    batch
        Only batches of this length are compiled for; others, at the end of a slide, run as before, so that no
        second length starts the compiler again.
    after
        Patches that are run before it is compiled; None: it never is.
    compiler
        Returns the faster network, or raises at once or when that is first run.
    """

    def __init__(
        self,
        network: nn.Module,
        batch: int,
        *,
        after: int | None = PAYS_AFTER,
        compiler: Compiler = compile_one_shape,
    ) -> None:
        self.network = network
        self.batch = batch
        self.after = after
        self._compiler = compiler
        self._seen = 0
        self._compiled: Network | None = None

    @property
    def compiled(self) -> bool:
        """Return whether whole batches now run compiled."""
        return self._compiled is not None

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return what the network gives."""
        found = self._fast(pixels) if self.after is not None and len(pixels) == self.batch else None
        self._seen += len(pixels)
        if found is None:
            found = self.network(pixels)
        return found

    def _fast(self, pixels: Tensor) -> Tensor | None:
        """Return what the compiled network gives, or None where there is none (yet, or any more)."""
        if self.after is None or self._seen < self.after:
            return None
        try:
            if self._compiled is None:
                self._compiled = self._compiler(self.network)
            return self._compiled(pixels)
        except Exception:  # noqa: BLE001 - no compiler, no triton, too old a card: each has an error of its own
            _LOG.info("The network could not be compiled and runs as it is.", exc_info=True)
            self.after = self._compiled = None
            return None
