"""A network as an encoder: the same network looks at every field of view, its features stand side by side."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from torch import nn

from geneglass.data.types import FloatArray, UInt8Array
from geneglass.errors import InputError, UsageError
from geneglass.model.compiled import PAYS_AFTER, PatientNetwork
from geneglass.model.context import neighbourhood_mean, standardised
from geneglass.model.encoder import Encoder
from geneglass.model.encoder_name import EncoderName
from geneglass.model.precision import bfloat16_helps
from geneglass.model.transfer import Arriving, to_device
from geneglass.model.view import VIEW_OPTIONS, View

BATCH = 64

UNDER_WAY = 2
"""Batches that a GPU is given before the features of the first are waited for, so that it is never idle."""


class NetworkEncoder(Encoder):
    """Features of a network that takes (n, 3, px, px) and gives (n, f).

    Parameters
    ----------
    name
        The parsed name.
    model
        The network, with its weights.
    view
        Fields of view, mean and std.
    device
        "cpu" or "cuda".

    Attributes
    ----------
    runner
        Runs the network; on a GPU it compiles it after many patches.
    under_way
        Batches started before the features of the first are waited for.
    """

    def __init__(self, name: EncoderName, model: nn.Module, view: View, device: str) -> None:
        self.name = str(name)
        self.device = torch.device(device)
        self.patches, self.mean, self.std, self.context_um = view.patches, view.mean, view.std, view.context_um
        self._mean, self._std = (
            torch.tensor(value, device=self.device).view(1, 3, 1, 1) for value in (self.mean, self.std)
        )
        self._model = model.to(self.device).to(memory_format=torch.channels_last).eval()
        # Options that change no weight (no activation, another pooling) change the features all the same.
        options = sorted((k, str(v)) for k, v in name.options.items() if k not in (*VIEW_OPTIONS, "download"))
        self._what = (name.family, name.network, *options)
        on_gpu = self.device.type == "cuda"
        self.under_way = UNDER_WAY if on_gpu else 1
        # Compiled, features differ in the rounding of bfloat16, as they do between two kinds of card.
        self.runner = PatientNetwork(self._model, BATCH, after=PAYS_AFTER if on_gpu else None)
        self.bfloat16 = bfloat16_helps(self.device)
        self.raw_dim = len(self.patches) * features_length(self._model, view.size_px, self.device)
        self.dim = self.raw_dim * (2 if self.context_um else 1)
        self._identities: dict[float, str] = {}

    @property
    def identity(self) -> str:
        """Return a digest of weights, preprocessing and number type."""
        return self._digest(self.context_um)

    @property
    def raw_identity(self) -> str:
        """Return the identity of the same encoder without `context`, which `encode` does not read."""
        return self._digest(0.0)

    def _digest(self, context_um: float) -> str:
        if context_um not in self._identities:
            digest = hashlib.blake2b(digest_size=16)
            digest.update(repr((self._what, self.patches, self.mean, self.std, context_um)).encode())
            for key, value in self._model.state_dict().items():
                digest.update(key.encode())
                digest.update(value.detach().cpu().contiguous().numpy().tobytes())
            # The number type after the hyphen: it decides the cache key, not whether a model fits its encoder.
            self._identities[context_um] = f"{digest.hexdigest()}-{'bfloat16' if self.bfloat16 else 'float32'}"
        return self._identities[context_um]

    def encode(self, patches: tuple[UInt8Array, ...]) -> FloatArray:
        """Return (n, raw_dim) features, those of the narrowest field of view first."""
        return self._start(patches)()

    def encode_each(self, batches: Iterable[tuple[UInt8Array, ...]]) -> Iterator[FloatArray]:
        """Yield the features of each batch; on a GPU the next is under way before the first is waited for."""
        started: deque[Callable[[], FloatArray]] = deque()
        for patches in batches:
            started.append(self._start(patches))
            if len(started) == self.under_way:
                yield started.popleft()()
        while started:
            yield started.popleft()()

    def _start(self, patches: tuple[UInt8Array, ...]) -> Callable[[], FloatArray]:
        """Start on patches, and return what waits for their features."""
        starts = range(0, len(patches[0]), BATCH)
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            parts = [[self._features(images[start : start + BATCH]) for start in starts] for images in patches]

        def finished() -> FloatArray:
            out = np.empty((len(patches[0]), self.raw_dim), np.float32)
            width = self.raw_dim // len(parts)
            for number, column in enumerate(parts):
                for start, part in zip(starts, column, strict=True):
                    out[start : start + BATCH, number * width : (number + 1) * width] = part.result()
            return out

        return finished

    def _features(self, images: UInt8Array) -> Arriving:
        pixels = to_device(images, self.device)
        return Arriving(self.runner((pixels.float() / 255 - self._mean) / self._std).float())

    def finish(self, raw: FloatArray, centres_um_yx: FloatArray, slide: FloatArray | None = None) -> FloatArray:
        """Return (n, dim): as they are; with `context`, standardised within the slide, then their mean around each."""
        if not self.context_um:
            return raw
        own = standardised(raw, slide)
        return np.concatenate([own, neighbourhood_mean(own, centres_um_yx, self.context_um)], axis=1)

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Return the columns of each field of view, then with `context` those of the neighbourhood."""
        width = self.raw_dim // len(self.patches)
        return tuple((start, start + width) for start in range(0, self.dim, width))

    def network(self) -> nn.Module:
        """Return the network, which sees one field of view at a time; recipes that train it work on a copy."""
        return self._model


def features_length(model: nn.Module, size_px: int, device: torch.device) -> int:
    """Return the length of the features, by looking: timm's `num_features` leaves out layers after the pooling."""
    try:
        with torch.inference_mode():
            found = model(torch.zeros(1, 3, size_px, size_px, device=device))
    except AssertionError as err:
        raise UsageError(f"This network does not take an input of {size_px} pixels ({err}).") from err
    if found.ndim != 2:
        raise InputError(
            f"This network gives {tuple(found.shape[1:])} numbers per patch instead of one row of features."
        )
    return int(found.shape[1])
