"""Weights as `transformers` saves them compute the same in timm's networks.

The files beside this one hold tiny random networks of that library with an input and its output
(`tests/writers/write_transformers_weights.py`), so that it is not needed here.
"""

from functools import partial
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from timm.layers import SwiGLUPacked

from geneglass.errors import InputError
from geneglass.model.transformers_weights import to_timm_names
from geneglass.model.weights import load_weights, read_weights

FOLDER = Path(__file__).parent / "transformers_weights"
# Two thirds of four times 16, rounded up to a multiple of 8, for each half of the gate.
GATED = {"mlp_layer": SwiGLUPacked, "act_layer": torch.nn.SiLU, "mlp_ratio": 2 * 48 / 16}
FORMS = {
    "vit": ("vit_base_patch16_224", {"norm_layer": partial(torch.nn.LayerNorm, eps=1e-12)}),
    "dinov2": ("vit_base_patch14_dinov2", {}),
    "dinov2_gated": ("vit_base_patch14_dinov2", GATED),
    "registers": ("vit_base_patch14_reg4_dinov2", GATED),
    "dinov2_stretched": ("vit_base_patch14_dinov2", {"img_size": 28}),
}


def network(form):
    architecture, options = FORMS[form]
    size = {"embed_dim": 16, "depth": 2, "num_heads": 2, "patch_size": 14, "img_size": 42, "num_classes": 0}
    with torch.device("meta"):
        return timm.create_model(architecture, **(size | options)).eval()


def stored(form):
    found = load_file(FOLDER / f"{form}.safetensors")
    return {k.removeprefix("weights."): v for k, v in found.items() if k.startswith("weights.")}, found


def tokens(model, pixels):
    with torch.inference_mode():
        return model.forward_features(pixels)


@pytest.mark.parametrize("form", FORMS)
def test_tokens_are_those_of_the_original(form, tmp_path):
    weights, found = stored(form)
    save_file(weights, tmp_path / "w.safetensors")
    model = network(form)
    load_weights(model, read_weights(tmp_path / "w.safetensors"), source="w", rename=to_timm_names)
    torch.testing.assert_close(tokens(model, found["pixels"]), found["tokens"], rtol=1e-4, atol=1e-4)


def test_a_prefix_before_every_name_is_left_out():
    weights, found = stored("registers")
    model = network("registers")
    prefixed = {f"dinov2_with_registers.{name}": value for name, value in weights.items()}
    load_weights(model, prefixed, source="w", rename=to_timm_names)
    torch.testing.assert_close(tokens(model, found["pixels"]), found["tokens"], rtol=1e-4, atol=1e-4)


def test_query_and_value_are_not_mixed_up():
    weights, found = stored("dinov2")
    first = "encoder.layer.0.attention.attention."
    for kind in ("weight", "bias"):
        query, value = f"{first}query.{kind}", f"{first}value.{kind}"
        weights[query], weights[value] = weights[value], weights[query]
    model = network("dinov2")
    load_weights(model, weights, source="w", rename=to_timm_names)
    assert (tokens(model, found["pixels"]) - found["tokens"]).abs().max() > 1e-2


def test_timms_own_names_pass_unchanged():
    own = {"patch_embed.proj.weight": torch.zeros(1), "pos_embed": torch.zeros(1, 5, 2)}
    assert to_timm_names(own, own) is own


def test_what_is_not_known_or_lacks_is_said():
    weights, _ = stored("dinov2")
    model = network("dinov2")
    with pytest.raises(InputError, match=r"1 unknown \(encoder\.layer\.0\.adapter\.weight\)"):
        load_weights(
            model, {**weights, "encoder.layer.0.adapter.weight": torch.ones(1)}, source="w", rename=to_timm_names
        )
    del weights["encoder.layer.1.mlp.fc1.bias"]
    with pytest.raises(InputError, match=r"1 missing \(blocks\.1\.mlp\.fc1\.bias\)"):
        load_weights(model, weights, source="w", rename=to_timm_names)


def test_half_a_query_key_and_value_is_said():
    weights, _ = stored("dinov2")
    del weights["encoder.layer.1.attention.attention.key.bias"]
    with pytest.raises(InputError, match=r"blocks\.1\.attn\.qkv\.bias"):
        load_weights(network("dinov2"), weights, source="w", rename=to_timm_names)
