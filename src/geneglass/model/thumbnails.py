"""Small pictures of a model's reference spots in its file: patient tissue, kept only where the user asked for it."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from geneglass.data.types import UInt8Array

QUALITY = 85
"""Of the JPEG pictures."""
_BYTES, _ENDS = "jpeg", "ends"


@dataclass(frozen=True)
class Thumbnails:
    """Pictures of reference spots, one each, in the order of the bank.

    Attributes
    ----------
    jpeg
        All files end to end.
    ends
        (n,) where each ends.
    """

    jpeg: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ends)

    def picture(self, row: int) -> UInt8Array:
        """Return the (height, width, 3) picture of a reference spot."""
        start = int(self.ends[row - 1]) if row else 0
        with Image.open(io.BytesIO(self.jpeg[start : int(self.ends[row])].tobytes())) as image:
            return np.asarray(image.convert("RGB"))

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return the pictures for a model file."""
        return {_BYTES: torch.from_numpy(self.jpeg), _ENDS: torch.from_numpy(self.ends)}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor]) -> "Thumbnails":
        """Return what `tensors` was taken from.

        Raises
        ------
        KeyError, ValueError
            When a tensor is missing, or they do not fit each other.
        """
        jpeg, ends = tensors[_BYTES].numpy(), tensors[_ENDS].numpy()
        if len(ends) and int(ends[-1]) != len(jpeg):
            raise ValueError(f"pictures of {int(ends[-1])} bytes in {len(jpeg)}")
        return cls(jpeg, ends)


def pack(pictures: Sequence[bytes]) -> Thumbnails:
    """Return JPEG files as thumbnails."""
    ends = np.cumsum([len(picture) for picture in pictures], dtype=np.int64)
    return Thumbnails(np.frombuffer(b"".join(pictures), np.uint8).copy(), ends)


def to_jpeg(pixels: UInt8Array) -> bytes:
    """Return a (height, width, 3) picture as a JPEG file."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()
