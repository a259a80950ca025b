"""The one place that reads network weights made elsewhere: tensors only, never pickled code."""

import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from geneglass.errors import InputError

Weights = dict[str, torch.Tensor]

_WRAPPERS = ("state_dict", "model", "model_state_dict", "teacher")
"""Keys under which training scripts put the weights they save."""
_SHOWN = 3
_DAMAGE = (
    RuntimeError,
    ValueError,
    OSError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,
    zipfile.BadZipFile,
)
"""What reading a file that is no weights file ends in; torch's reader of tensors raises all of these on plain text."""


def read_weights(path: Path) -> Weights:
    """Return the tensors of a weights file by name.

    Parameters
    ----------
    path
        A .safetensors file, or a file of `torch.save` that holds tensors and nothing that could run.

    Raises
    ------
    InputError
        When the file is missing, damaged, holds pickled code, or holds no tensors.
    """
    if not path.is_file():
        raise InputError(f"There is no weights file {path}: give the path of a .safetensors or .pt file.")
    try:
        found = _read(path)
    except pickle.UnpicklingError as err:
        raise InputError(
            f"{path.name} holds more than tensors or is damaged, and is not opened because pickled code could run: "
            "save its state_dict as .safetensors and give that file."
        ) from err
    except _DAMAGE as err:
        raise InputError(
            f"{path.name} can not be read as network weights ({first_line(err)}): it is damaged or another kind of "
            "file; fetch it again."
        ) from err
    return _tensors(found, path)


def _read(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except SafetensorError as err:
            raise ValueError(str(err)) from err
    with warnings.catch_warnings():
        # Said of any old or foreign pickle, which is then read as tensors or refused.
        warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
        return torch.load(path, map_location="cpu", weights_only=True)


def first_line(err: BaseException) -> str:
    """Return the first line of an error's text, or its kind where it says nothing."""
    return (str(err).splitlines() or [type(err).__name__])[0][:120]


def _tensors(found: Any, path: Path) -> Weights:
    for key in _WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    tensors = {}
    if isinstance(found, Mapping):
        tensors = {str(k).removeprefix("module."): v for k, v in found.items() if isinstance(v, torch.Tensor)}
    if not tensors:
        raise InputError(f"{path.name} holds no named tensors: save the network's state_dict and give that file.")
    return tensors


def load_weights(
    network: nn.Module,
    weights: Weights,
    *,
    source: str,
    ignore: Iterable[str] = (),
    rename: Callable[[Weights, Weights], Weights] | None = None,
) -> None:
    """Put weights into a network, every one of them, or say which do not fit.

    Parameters
    ----------
    network
        The network; its tensors keep their type (half-precision files are widened). One that was built on the meta
        device takes the file's tensors as its own.
    weights
        As `read_weights` returned them.
    source
        What the weights are called in an error.
    ignore
        First parts of names that may be in the file and not in the network (its classifier).
    rename
        (weights, the network's own) -> weights under the network's names.
    """
    own = network.state_dict()
    if rename is not None:
        weights = rename(weights, own)
    ignored = tuple(f"{part}." for part in ignore)
    weights = {name: value for name, value in weights.items() if name in own or not name.startswith(ignored)}
    # Older files lack the batch counters, which nothing but training with momentum=None reads.
    missing = [name for name in own if name not in weights and not name.endswith("num_batches_tracked")]
    extra = [name for name in weights if name not in own]
    shapes = [
        f"{name} {tuple(weights[name].shape)} instead of {tuple(own[name].shape)}"
        for name in own
        if name in weights and weights[name].shape != own[name].shape
    ]
    problems = [
        f"{len(names)} {what} ({', '.join(names[:_SHOWN])}{', ...' if len(names) > _SHOWN else ''})"
        for what, names in (("missing", missing), ("unknown", extra), ("of another shape", shapes))
        if names
    ]
    if problems:
        raise InputError(f"The weights of {source} do not fit {type(network).__name__}: {'; '.join(problems)}.")
    widened = {name: value.to(own[name].dtype) for name, value in weights.items()}
    network.load_state_dict(widened, strict=False, assign=any(value.is_meta for value in own.values()))
