"""Model files: one safetensors file, tensors with JSON in its header, and no pickle anywhere."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from geneglass.data.atomic import atomic_path
from geneglass.errors import InputError, UsageError
from geneglass.model.make import make_encoder, make_recipe
from geneglass.model.recipe import UNIT, Recipe
from geneglass.model.reference import ReferenceCounts
from geneglass.model.thumbnails import Thumbnails
from geneglass.model.trust import Trust

FORMAT = 2
"""Raised when a model file changes in a way that an older geneglass would misread; files of lower numbers are read."""
HEADER = "geneglass"
_STATE, _TRUST, _REFERENCE, _THUMBNAILS = "recipe.", "trust.", "reference.", "thumbnails."


@dataclass(frozen=True)
class SectionInfo:
    """A section the model was trained on, so that it is known again under any name."""

    name: str
    patient: str | None = None
    slide_hash: str = ""
    spots_hash: str = ""
    n_spots: int = 0
    mpp: float = 0.0


@dataclass(frozen=True)
class ModelInfo:
    """What a model file says about itself.

    Attributes
    ----------
    recipe
        Its registered name; `:faithful` where it was trained in that form.
    settings
        Every field of the recipe's config, so that later changes of a default do not change this model.
    encoder
        The encoder's name, as `make_encoder` takes it.
    genes
        The panel, in the order of the model's columns.
    mpp
        Target micrometres per pixel of each field of view; 0 where pixels are taken as they are.
    encoder_identity
        Digest of the encoder's weights and preprocessing, checked when the model is loaded.
    sections
        What it was trained on.
    trust
        (genes,) arrays by name: held-out r, its interval, r of each null, the noise ceiling, codes of the verdict.
    left_out
        What the trust was measured on: "patients" or "sections" left out in turn; empty where nothing was left out,
        and in files of earlier versions.
    leaks
        Whether tissue of a patient left out may have stayed in the training, so that the trust is too high.
    measured_genes
        Genes that all training sections measured and whose counts the file keeps for its reference spots; the
        panel is among them. Empty where the recipe does not retrieve, and in files of earlier versions.
    thumbnail_um
        Field of view of the pictures of the reference spots, which are patient tissue; 0 where the file has none.
    stains
        Mean optical density of the tissue in red, green and blue, per training section; None where there was no tissue.
        Empty in files of earlier versions.
    """

    recipe: str
    settings: Mapping[str, Any]
    encoder: str
    genes: tuple[str, ...]
    unit: str = UNIT
    mpp: tuple[float, ...] = ()
    encoder_identity: str = ""
    seed: int = 0
    version: str = ""
    min_counts: int = 0
    sections: tuple[SectionInfo, ...] = ()
    trust: Trust = field(default_factory=dict)
    measured_genes: tuple[str, ...] = ()
    left_out: str = ""
    leaks: bool = False
    thumbnail_um: float = 0.0
    stains: tuple[tuple[float, float, float] | None, ...] = ()


def save_model(
    path: Path,
    recipe: Recipe,
    info: ModelInfo,
    reference: ReferenceCounts | None = None,
    thumbnails: Thumbnails | None = None,
) -> None:
    """Write a trained recipe; what stood under that name stays until the new file is complete.

    Parameters
    ----------
    path
        The .safetensors file.
    recipe
        A trained recipe; its config, encoder digest and target mpp are added to the header.
    info
        What to say about it.
    reference
        Counts of all genes of its reference spots, in the order of its bank.
    thumbnails
        Pictures of its reference spots, in that order; `info` says how wide they are.
    """
    from safetensors.torch import save_file

    header = dataclasses.asdict(dataclasses.replace(info, trust={}))
    header |= {
        "format": FORMAT,
        "settings": _settings(recipe, info),
        "encoder_identity": recipe.encoder.identity,
        "mpp": [0.0 if spec.native else spec.size_um / spec.size_px for spec in recipe.encoder.patches],
        "texts": recipe.texts(),
        "measured_genes": [] if reference is None else list(reference.genes),
    }
    tensors = {_STATE + name: value for name, value in recipe.state().items()}
    tensors |= {_TRUST + name: torch.from_numpy(np.asarray(value)) for name, value in info.trust.items()}
    if reference is not None:
        tensors |= {_REFERENCE + name: value for name, value in reference.tensors().items()}
    if thumbnails is not None:
        tensors |= {_THUMBNAILS + name: value for name, value in thumbnails.tensors().items()}
    # Copies, since the format refuses tensors that share memory.
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata={HEADER: json.dumps(header)})


def _settings(recipe: Recipe, info: ModelInfo) -> dict[str, Any]:
    if dataclasses.is_dataclass(recipe.config) and not isinstance(recipe.config, type):
        return dataclasses.asdict(recipe.config)
    return dict(info.settings)


def read_info(path: Path) -> ModelInfo:
    """Return what a model file says about itself, without loading the model.

    Raises
    ------
    InputError
        When the file is missing, damaged, no geneglass model, or from a newer geneglass.
    """
    return _read(path)[0]


def load_model(path: Path, *, device: str = "cpu", download: bool = False) -> tuple[Recipe, ModelInfo]:
    """Return the trained recipe of a model file, ready to predict.

    Parameters
    ----------
    path
        The .safetensors file.
    device
        "cpu" or "cuda".
    download
        Whether the encoder's weights may be fetched where they are not on this machine.

    Raises
    ------
    InputError
        When the file can not be used, or its encoder is not the one the model was trained with.
    """
    info, header, state = _read(path, _STATE)
    encoder = make_encoder(info.encoder, device=device, download=download)
    # What follows the hyphen is the number type, which may differ between machines.
    if info.encoder_identity and encoder.identity.partition("-")[0] != info.encoder_identity.partition("-")[0]:
        raise InputError(
            f"{path.name} was trained with other weights or settings of the encoder {info.encoder} than those on this "
            "machine: restore that weights file, or train again."
        )
    try:
        recipe = make_recipe(info.recipe, info.settings, info.genes, encoder, seed=info.seed, device=device)
    except UsageError as err:
        raise InputError(
            f"{path.name} was trained by another version of geneglass ({info.version or 'not stated'}), whose settings "
            f"differ ({err}): train it again."
        ) from err
    try:
        recipe.load(state, header["texts"])
    except (KeyError, RuntimeError, TypeError, ValueError) as err:
        raise InputError(
            f"{path.name} does not hold a complete {info.recipe} model for its {len(info.genes)} genes "
            f"({str(err).splitlines()[0][:150]}): train it again or fetch it again."
        ) from err
    return recipe, info


def load_reference(path: Path) -> ReferenceCounts:
    """Return the counts of all genes of a retrieval model's reference spots.

    Raises
    ------
    InputError
        When the file can not be used, or holds none.
    """
    info, _, tensors = _read(path, _REFERENCE)
    if not info.measured_genes:
        raise InputError(
            f"{path.name} keeps no genes beside the {len(info.genes)} of its panel: only models that retrieve, written "
            "by this version of geneglass or a later one, do."
        )
    try:
        return ReferenceCounts.from_tensors(tensors, info.measured_genes)
    except (KeyError, ValueError, IndexError) as err:
        raise InputError(
            f"The counts of the reference spots in {path.name} are not complete ({str(err).splitlines()[0][:100]}): "
            "copy the file again or train again."
        ) from err


def read_part(path: Path, prefix: str) -> tuple[ModelInfo, dict[str, Any], dict[str, torch.Tensor]]:
    """Return what a model file says of itself, the texts of its recipe, and the tensors whose names begin so.

    Raises
    ------
    InputError
        As `read_info` does.
    """
    info, header, tensors = _read(path, prefix)
    return info, dict(header.get("texts", {})), tensors


def load_thumbnails(path: Path) -> Thumbnails | None:
    """Return the pictures of a model's reference spots; None where the file has none.

    Raises
    ------
    InputError
        When the file can not be used, or the pictures are damaged.
    """
    info, _, tensors = _read(path, _THUMBNAILS)
    if not info.thumbnail_um:
        return None
    try:
        return Thumbnails.from_tensors(tensors)
    except (KeyError, ValueError) as err:
        raise InputError(f"The pictures of reference spots in {path.name} are damaged ({err}): train again.") from err


def _read(path: Path, prefix: str = "") -> tuple[ModelInfo, dict[str, Any], dict[str, torch.Tensor]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise InputError(f"There is no model file {path}: give the .safetensors file that training wrote.")
    try:
        with safe_open(path, framework="pt") as file:
            header = _header(path, file.metadata())
            names = list(file.keys())
            trust = {n.removeprefix(_TRUST): file.get_tensor(n).numpy() for n in names if n.startswith(_TRUST)}
            wanted = [n for n in names if prefix and n.startswith(prefix)]
            tensors = {n.removeprefix(prefix): file.get_tensor(n) for n in wanted}
    except (SafetensorError, OSError) as err:
        raise InputError(
            f"{path.name} can not be read ({str(err).splitlines()[0][:100]}): it is cut short, damaged or no "
            "safetensors file; copy it again or train again."
        ) from err
    return _info(path, header, trust), header, tensors


def _header(path: Path, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    try:
        header = json.loads((metadata or {})[HEADER])
    except (KeyError, ValueError) as err:
        raise InputError(
            f"{path.name} is a safetensors file but no geneglass model: give a file that geneglass train wrote."
        ) from err
    if header.get("format", 0) > FORMAT:
        raise InputError(
            f"{path.name} was written by a newer geneglass ({header.get('version', 'version not stated')}): "
            "update geneglass to open it."
        )
    return dict(header)


def _info(path: Path, header: dict[str, Any], trust: Trust) -> ModelInfo:
    known = {item.name for item in dataclasses.fields(ModelInfo)}
    try:
        values = {name: value for name, value in header.items() if name in known}
        values["genes"] = tuple(values["genes"])
        values["mpp"] = tuple(values["mpp"])
        values["measured_genes"] = tuple(values.get("measured_genes", ()))
        values["stains"] = tuple(None if stain is None else tuple(stain) for stain in values.get("stains", ()))
        values["sections"] = tuple(SectionInfo(**section) for section in values["sections"])
        return ModelInfo(**(values | {"trust": trust}))
    except (KeyError, TypeError) as err:
        raise InputError(f"The header of {path.name} lacks what a geneglass model needs ({err}): train again.") from err
