"""Pathology foundation models as encoders, by the short names of `model/pathology_networks.py`.

`pathology:NAME[@WEIGHTS][?OPTION=VALUE&...]`, or `NAME...` alone: weights and options are those of the timm family
(`um=112,336` looks at two fields of view), and `pool` is `cls` or `cls+mean`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from geneglass.errors import UsageError
from geneglass.model.encoder import Encoder
from geneglass.model.encoder_name import RANDOM, EncoderName
from geneglass.model.encoders import ENCODERS, EncoderFamily
from geneglass.model.hub import HubWeights, find_weights
from geneglass.model.network_encoder import NetworkEncoder
from geneglass.model.pathology_networks import LEFT_OUT, PATHOLOGY_NETWORKS
from geneglass.model.published import Pooling, PublishedNetwork, TokenPool
from geneglass.model.transformers_weights import to_timm_names
from geneglass.model.view import VIEW_OPTIONS
from geneglass.model.weights import first_line, load_weights, read_weights

FAMILY = "pathology"
RANDOM_SEED = 0
POOLINGS: tuple[Pooling, ...] = ("cls", "cls+mean")


def _parse(argument: str) -> tuple[EncoderName, PublishedNetwork]:
    name = EncoderName.parse(FAMILY, argument)
    short = name.network.lower()
    if short in LEFT_OUT:
        raise UsageError(f"{name.network} can not be run here: {LEFT_OUT[short]}; choose another encoder.")
    if short not in PATHOLOGY_NETWORKS:
        known = ", ".join(sorted(PATHOLOGY_NETWORKS))
        raise UsageError(f"There is no pathology encoder {name.network!r}. Choose one of: {known}.")
    return EncoderName(FAMILY, short, name.weights, name.options), PATHOLOGY_NETWORKS[short]


def _make(argument: str, device: str) -> Encoder:
    name, entry = _parse(argument)
    view = entry.view.with_options(name.options)
    changes = {k: v for k, v in name.options.items() if k not in (*VIEW_OPTIONS, "pool", "download")}
    pooling = _pooling(name.options.get("pool", entry.pooling))
    if name.weights == RANDOM:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(RANDOM_SEED)
            model = _build(name, entry, changes, pooling)
        return NetworkEncoder(name, model, view, device)
    path = _weights_file(name, entry)
    # On the meta device a thousand million starting weights are not drawn only to be replaced.
    with torch.device("meta"):
        model = _build(name, entry, changes, pooling)
    load_weights(model.vit, read_weights(path), source=path.name, ignore=("head",), rename=to_timm_names)
    return NetworkEncoder(name, model, view, device)


def _pooling(value: Any) -> Pooling:
    for pooling in POOLINGS:
        if value == pooling:
            return pooling
    raise UsageError(f"pool must be {' or '.join(POOLINGS)}, got {value!r}.")


def _build(name: EncoderName, entry: PublishedNetwork, changes: Mapping[str, Any], pooling: Pooling) -> TokenPool:
    try:
        return entry.build(changes, pooling)
    except (TypeError, AssertionError) as err:
        raise UsageError(f"{name.network} does not take these options ({first_line(err)}).") from err


def _weights_file(name: EncoderName, entry: PublishedNetwork) -> Path:
    if name.weights:
        return Path(name.weights).expanduser()
    return find_weights(entry.hub_weights(name.network), download=bool(name.options.get("download", False)))


def _wanted(argument: str) -> HubWeights | None:
    name, entry = _parse(argument)
    return None if name.weights else entry.hub_weights(name.network)


ENCODERS.register(FAMILY)(
    EncoderFamily(
        summary="Pathology foundation models by short name",
        make=_make,
        wanted=_wanted,
        networks=PATHOLOGY_NETWORKS,
        left_out=LEFT_OUT,
    )
)
