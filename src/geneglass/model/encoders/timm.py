"""Any network of timm as an encoder, with its own mean, std and input size.

The name after `timm:` is `NETWORK[@WEIGHTS][?OPTION=VALUE&...]`:

- without WEIGHTS the published weights are used, from the local cache (or downloaded, when asked for);
- `@FILE` reads them from a file, `@random` takes seeded random ones (for tests);
- options are `um` (edge of the field of view; several with commas, and the network looks at each), `px` (network
  input), `native=1` (cut `px` level-0 pixels), `mean` and `std` (one number or three with commas), `final_act=0` (no
  activation before the pooling, as torchvision's DenseNet cut before its classifier has it), `context` (micrometres:
  features are set against the rest of the slide and joined by their mean around each place); any other goes
  to timm (`pad_type=same`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from geneglass.errors import InputError, UsageError
from geneglass.model.encoder import Encoder
from geneglass.model.encoder_name import RANDOM, EncoderName
from geneglass.model.encoders import ENCODERS, EncoderFamily
from geneglass.model.hub import HubWeights, find_weights
from geneglass.model.network_encoder import NetworkEncoder
from geneglass.model.view import VIEW_OPTIONS, UsualView
from geneglass.model.weights import Weights, first_line, load_weights, read_weights

FAMILY = "timm"
TARGET_MPP = 0.5
"""Micrometres per pixel that the field of view is taken at unless `um` says otherwise: 20x."""
RANDOM_SEED = 0
HUB_PREFIXES = ("hf-hub:", "hf_hub:")


def _parse(argument: str) -> EncoderName:
    name = EncoderName.parse(FAMILY, argument)
    if not name.network:
        raise UsageError("Name a timm network after the colon, for example timm:densenet121.")
    return name


def _make(argument: str, device: str) -> Encoder:
    name = _parse(argument)
    own = ("download", "final_act", *VIEW_OPTIONS)
    options = {key: value for key, value in name.options.items() if key not in own}
    model = _create(name, options, download=bool(name.options.get("download", False)))
    if not name.options.get("final_act", True):
        _drop_final_activation(model)
    return NetworkEncoder(name, model, _usual_view(model).with_options(name.options), device)


def _usual_view(model: nn.Module) -> UsualView:
    from timm.data import resolve_model_data_config

    data = resolve_model_data_config(model)
    return UsualView(data["input_size"][-1], TARGET_MPP, data["mean"], data["std"])


def _drop_final_activation(model: nn.Module) -> None:
    norm = getattr(getattr(model, "features", None), "norm5", None)
    if norm is None or not hasattr(norm, "act"):
        raise UsageError("final_act=0 is known for DenseNet only; leave it out.")
    norm.act = nn.Identity()


def _create(name: EncoderName, options: Mapping[str, Any], *, download: bool) -> nn.Module:
    if name.weights == RANDOM:
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

    known = network.startswith((*HUB_PREFIXES, "local-dir:")) or timm.is_model(network)
    if not known:
        close = timm.list_models(f"*{network.partition('.')[0][:8]}*")[:5]
        hint = f"; close to it are {', '.join(close)}" if close else ""
        raise UsageError(f"timm has no network called {network!r}{hint}.")
    try:
        model: nn.Module = timm.create_model(network, num_classes=0, **pretrained, **options)
    except (TypeError, AssertionError) as err:
        raise UsageError(f"{network} does not take these options ({first_line(err)}).") from err
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


def _pretrained(name: EncoderName, options: Mapping[str, Any], *, download: bool) -> nn.Module:
    published = _published(name.network, options)
    path = find_weights(published, download=download)
    if name.network.startswith(HUB_PREFIXES):
        return _build(f"local-dir:{path.parent}", options, pretrained=True)
    return _build(name.network, options, pretrained=True, pretrained_cfg_overlay={"file": str(path)})


def _published(network: str, options: Mapping[str, Any]) -> HubWeights:
    if network.startswith(HUB_PREFIXES):
        return HubWeights(network.partition(":")[2], beside=("config.json",))
    # On the meta device: only what is known of the network is wanted, not its weights.
    with torch.device("meta"):
        model = _build(network, options)
    config: Mapping[str, Any] = getattr(model, "pretrained_cfg", {})
    repository = config.get("hf_hub_id")
    if not repository:
        raise InputError(f"timm publishes no weights for {network}: give a file as timm:{network}@FILE.")
    size_mb = sum(value.numel() for value in model.state_dict().values()) * 4 / 1e6
    return HubWeights(str(repository), config.get("license"), size_mb)


def _wanted(argument: str) -> HubWeights | None:
    name = _parse(argument)
    own = ("download", "final_act", *VIEW_OPTIONS)
    return None if name.weights else _published(name.network, {k: v for k, v in name.options.items() if k not in own})


ENCODERS.register(FAMILY)(
    EncoderFamily(summary="Any timm network by name, with published or local weights", make=_make, wanted=_wanted)
)
