"""Any network of timm as an encoder, with its own mean, std and input size.

The name after `timm:` is `NETWORK[@WEIGHTS][?OPTION=VALUE&...]`:

- without WEIGHTS the published weights are used, from the local cache (or downloaded, when asked for);
- `@FILE` reads them from a file, `@random` takes seeded random ones (for tests);
- options are `um` (edge of the field of view), `px` (network input), `native=1` (cut `px` level-0 pixels),
  `mean` and `std` (one number or three with commas), `final_act=0` (no activation before the pooling, as
  torchvision's DenseNet cut before its classifier has it); any other goes to timm (`pad_type=same`).
"""

import ast
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from geneglass.data.types import FloatArray, PatchSpec, UInt8Array
from geneglass.errors import InputError, UsageError
from geneglass.model.encoder import Encoder
from geneglass.model.encoders import ENCODERS, EncoderFamily
from geneglass.model.precision import bfloat16_helps
from geneglass.model.weights import Weights, load_weights, read_weights

TARGET_MPP = 0.5
"""Micrometres per pixel that the field of view is taken at unless `um` says otherwise: 20x."""
BATCH = 64
RANDOM_SEED = 0
VIEW_OPTIONS = ("um", "px", "native", "mean", "std", "final_act")
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class TimmName:
    """What stands after `timm:`, taken apart."""

    network: str
    weights: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "TimmName":
        """Take `NETWORK[@WEIGHTS][?OPTION=VALUE&...]` apart."""
        head, _, query = text.partition("?")
        network, _, weights = head.partition("@")
        if not network:
            raise UsageError("Name a timm network after the colon, for example timm:densenet121.")
        options: dict[str, Any] = {}
        for item in filter(None, query.split("&")):
            key, equals, value = item.partition("=")
            if not key or not equals:
                raise UsageError(f"An encoder option reads NAME=VALUE, got {item!r} in timm:{text}.")
            options[key] = _literal(value)
        return cls(network, weights, options)

    def __str__(self) -> str:
        """Return the name in its canonical form; asking for a download is no part of it."""
        kept = "&".join(f"{k}={_text(v)}" for k, v in self.options.items() if k != "download")
        return f"timm:{self.network}" + (f"@{self.weights}" if self.weights else "") + (f"?{kept}" if kept else "")


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _literal(value: str) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value


class TimmEncoder(Encoder):
    """Pooled features of a timm network.

    Parameters
    ----------
    name
        The parsed name.
    device
        "cpu" or "cuda".
    """

    def __init__(self, name: TimmName, device: str) -> None:
        options = dict(name.options)
        download = bool(options.pop("download", False))
        view: dict[str, Any] = {key: options.pop(key) for key in VIEW_OPTIONS if key in options}
        self.name = str(name)
        self.device = torch.device(device)
        model = _create(name, options, download=download)
        if not view.get("final_act", True):
            _drop_final_activation(model)
        self._set_view(model, view)
        self._model = model.to(self.device).to(memory_format=torch.channels_last).eval()
        self.bfloat16 = bfloat16_helps(self.device)
        self.raw_dim = self.dim = _pooled_length(self._model, self.patches[0].size_px, self.device)
        self._identity = ""

    def _set_view(self, model: nn.Module, view: Mapping[str, Any]) -> None:
        from timm.data import resolve_model_data_config

        data = resolve_model_data_config(model)
        self.mean = _triple(view.get("mean", data["mean"]), "mean")
        self.std = _triple(view.get("std", data["std"]), "std")
        size_px = view.get("px", data["input_size"][-1])
        if not isinstance(size_px, int) or size_px < 1:
            raise UsageError(f"px must be a whole number of pixels, at least 1, got {size_px!r}.")
        size_um = view.get("um", size_px * TARGET_MPP)
        if not isinstance(size_um, int | float) or not size_um > 0:
            raise UsageError(f"um must be a positive number of micrometres, got {size_um!r}.")
        self.patches = (PatchSpec(float(size_um), size_px, native=bool(view.get("native", False))),)

    @property
    def identity(self) -> str:
        """Return a digest of weights, preprocessing and number type."""
        if not self._identity:
            digest = hashlib.blake2b(digest_size=16)
            digest.update(repr((self.name.partition("@")[0], self.patches, self.mean, self.std)).encode())
            for key, value in self._model.state_dict().items():
                digest.update(key.encode())
                digest.update(value.detach().cpu().contiguous().numpy().tobytes())
            # The number type after the hyphen: it decides the cache key, not whether a model fits its encoder.
            self._identity = f"{digest.hexdigest()}-{'bfloat16' if self.bfloat16 else 'float32'}"
        return self._identity

    def encode(self, patches: tuple[UInt8Array, ...]) -> FloatArray:
        """Return (n, dim) pooled features of the one field of view."""
        (images,) = patches
        out = np.empty((len(images), self.dim), np.float32)
        mean, std = (torch.tensor(v, device=self.device).view(1, 3, 1, 1) for v in (self.mean, self.std))
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16):
            for start in range(0, len(images), BATCH):
                rows = slice(start, start + BATCH)
                # (n, h, w, 3) permuted is already in channels_last order: no copy.
                batch = torch.from_numpy(np.ascontiguousarray(images[rows])).to(self.device).permute(0, 3, 1, 2)
                out[rows] = self._model((batch.float() / 255 - mean) / std).float().cpu().numpy()
        return out

    def network(self) -> nn.Module:
        """Return the network; recipes that train it work on a copy."""
        return self._model


def _triple(value: Any, what: str) -> Triple:
    numbers = tuple(value) if isinstance(value, list | tuple) else (value,) * 3
    if len(numbers) != 3 or not all(isinstance(number, int | float) for number in numbers):
        raise UsageError(f"{what} takes one number or three with commas, got {value!r}.")
    if what == "std" and not all(number > 0 for number in numbers):
        raise UsageError(f"std must be positive, got {value!r}.")
    return (float(numbers[0]), float(numbers[1]), float(numbers[2]))


def _pooled_length(model: nn.Module, size_px: int, device: torch.device) -> int:
    """Return the length of the features, by looking: timm's `num_features` leaves out layers after the pooling."""
    with torch.inference_mode():
        found = model(torch.zeros(1, 3, size_px, size_px, device=device))
    if found.ndim != 2:
        raise InputError(
            f"This network gives {tuple(found.shape[1:])} numbers per patch instead of one row of features."
        )
    return int(found.shape[1])


def _drop_final_activation(model: nn.Module) -> None:
    norm = getattr(getattr(model, "features", None), "norm5", None)
    if norm is None or not hasattr(norm, "act"):
        raise UsageError("final_act=0 is known for DenseNet only; leave it out.")
    norm.act = nn.Identity()


def _create(name: TimmName, options: Mapping[str, Any], *, download: bool) -> nn.Module:
    if name.weights == "random":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(RANDOM_SEED)
            return _build(name.network, options)
    if name.weights:
        model = _build(name.network, options)
        path = Path(name.weights).expanduser()
        load_weights(
            model, read_weights(path), source=path.name, ignore=(_classifier(model),), rename=_from_torchvision
        )
        return model
    return _pretrained(name, options, download=download)


def _classifier(model: nn.Module) -> str:
    found = getattr(model, "pretrained_cfg", {}).get("classifier") or "classifier"
    return str(found if isinstance(found, str) else found[0])


def _build(network: str, options: Mapping[str, Any], **pretrained: Any) -> nn.Module:
    import timm

    known = network.startswith(("hf-hub:", "hf_hub:", "local-dir:")) or timm.is_model(network)
    if not known:
        close = timm.list_models(f"*{network.partition('.')[0][:8]}*")[:5]
        hint = f"; close to it are {', '.join(close)}" if close else ""
        raise UsageError(f"timm has no network called {network!r}{hint}.")
    try:
        model: nn.Module = timm.create_model(network, num_classes=0, **pretrained, **options)
    except (TypeError, AssertionError) as err:
        raise UsageError(f"{network} does not take these options ({str(err).splitlines()[0]}).") from err
    except RuntimeError as err:
        raise InputError(f"The published weights of {network} do not fit the network ({str(err)[:200]}).") from err
    return model


def _from_torchvision(weights: Weights, own: Weights) -> Weights:
    """Give torchvision's MobileNetV2 weights the names of timm's: same tensors, same order, other names."""
    mobilenet = "conv_stem.weight" in own and "features.0.0.weight" in weights
    if not mobilenet:
        return weights
    features = {name: value for name, value in weights.items() if not name.startswith("classifier.")}
    if [value.shape for value in features.values()] != [value.shape for value in own.values()]:
        return weights
    return dict(zip(own, features.values(), strict=True))


def _pretrained(name: TimmName, options: Mapping[str, Any], *, download: bool) -> nn.Module:
    from geneglass.model.hub import find_weights

    if name.network.startswith(("hf-hub:", "hf_hub:")):
        repository = name.network.partition(":")[2]
        folder = find_weights(repository, size_mb=None, licence=None, download=download, with_config=True).parent
        return _build(f"local-dir:{folder}", options, pretrained=True)
    model = _build(name.network, options)
    config: Mapping[str, Any] = getattr(model, "pretrained_cfg", {})
    published = config.get("hf_hub_id")
    if not published:
        raise InputError(f"timm publishes no weights for {name.network}: give a file as timm:{name.network}@FILE.")
    size_mb = sum(value.numel() for value in model.state_dict().values()) * 4 / 1e6
    path = find_weights(str(published), size_mb=size_mb, licence=config.get("license"), download=download)
    return _build(name.network, options, pretrained=True, pretrained_cfg_overlay={"file": str(path)})


def _make(argument: str, device: str) -> Encoder:
    return TimmEncoder(TimmName.parse(argument), device)


ENCODERS.register("timm")(
    EncoderFamily(summary="Any timm network by name, with published or local weights", make=_make)
)
