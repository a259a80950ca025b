"""Pixels on their way to a device, and features on their way back, while the device goes on computing."""

import numpy as np
import torch
from torch import Tensor

from geneglass.data.types import FloatArray, UInt8Array


def to_device(patches: UInt8Array, device: torch.device) -> Tensor:
    """Return (n, h, w, 3) uint8 patches as (n, 3, h, w) on a device, in channels_last order.

    To a GPU they go as bytes, a quarter of the floats they become there, from page-locked memory, so that nobody
    waits for the copy. On the CPU nothing is copied.
    """
    pixels = torch.from_numpy(np.ascontiguousarray(patches))
    if device.type == "cuda":
        pixels = pixels.pin_memory()
    # (n, h, w, 3) permuted is already in channels_last order.
    return pixels.to(device, non_blocking=True).permute(0, 3, 1, 2)


class Arriving:
    """A tensor that is being copied from its device.

    Parameters
    ----------
    tensor
        Of any device; work that makes it may still be under way there.
    """

    def __init__(self, tensor: Tensor) -> None:
        self._copy = tensor.to("cpu", non_blocking=True)
        self._arrived: torch.cuda.Event | None = None
        if tensor.is_cuda:
            # Blocking: a thread that waits leaves its core to those that decode.
            self._arrived = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
            self._arrived.record(torch.cuda.current_stream(tensor.device))

    def result(self) -> FloatArray:
        """Return the values, waiting until they are there."""
        if self._arrived is not None:
            self._arrived.synchronize()
        values: FloatArray = self._copy.numpy()
        return values
