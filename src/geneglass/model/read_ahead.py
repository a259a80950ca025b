"""Patches of the next batches, read in the background while a network works on this one."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from torch import Tensor

from geneglass.data.types import UInt8Array

DEPTH = 2
"""Batches read before they are asked for."""

Patches = tuple[UInt8Array, ...]


class ReadAhead:
    """Batches that are being read before they are asked for."""

    def __init__(self) -> None:
        self._announced: deque[tuple[Tensor, Future[Patches]]] = deque()

    def over(self, batches: Sequence[Tensor], read: Callable[[Tensor], Patches]) -> Iterator[Tensor]:
        """Yield batches of rows in turn, the patches of the next ones being read meanwhile.

        Parameters
        ----------
        batches
            Row numbers, on the CPU.
        read
            Returns the patches of a batch.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="geneglass-ahead") as reader:
            try:
                submitted = 0
                for number, rows in enumerate(batches):
                    while submitted < min(number + 1 + DEPTH, len(batches)):
                        self._announced.append((batches[submitted], reader.submit(read, batches[submitted])))
                        submitted += 1
                    yield rows
                    self._forget(rows)
            finally:
                while self._announced:
                    self._announced.popleft()[1].cancel()

    def take(self, rows: Tensor) -> Patches | None:
        """Return the patches of exactly these rows, waiting for them; None where nobody announced them."""
        for position, (announced, job) in enumerate(self._announced):
            if announced.shape == rows.shape and bool((announced == rows).all()):
                del self._announced[position]
                return job.result()
        return None

    def _forget(self, rows: Tensor) -> None:
        """Drop a batch whose patches were not taken."""
        self._announced = deque(item for item in self._announced if item[0] is not rows)
