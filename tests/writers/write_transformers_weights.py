"""Write tiny random networks as `transformers` saves them, with an input and the output, for the tests of renaming.

Run by hand, with transformers below 5 (whose names the published files bear) installed:
`python tests/writers/write_transformers_weights.py tests/model/transformers_weights`.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file


def write_all(folder: Path) -> None:
    """Write one file per form: `weights.` as saved, `pixels`, and `tokens` after the last norm."""
    from transformers import (
        Dinov2Config,
        Dinov2Model,
        Dinov2WithRegistersConfig,
        Dinov2WithRegistersModel,
        ViTConfig,
        ViTModel,
    )

    size = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "patch_size": 14, "image_size": 42}
    networks = {
        "vit": ViTModel(ViTConfig(**size, intermediate_size=64)),
        "dinov2": Dinov2Model(Dinov2Config(**size)),
        "dinov2_gated": Dinov2Model(Dinov2Config(**size, use_swiglu_ffn=True)),
        "registers": Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**size, use_swiglu_ffn=True)),
    }
    for name, network in networks.items():
        _write(folder / f"{name}.safetensors", network, edge_px=42)
    # Positions of a 3 x 3 grid, stretched to 2 x 2.
    _write(folder / "dinov2_stretched.safetensors", networks["dinov2"], edge_px=28)


def _write(path: Path, network: torch.nn.Module, *, edge_px: int) -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_((torch.randn_like(parameter) * 0.4).half())
        pixels = torch.randn(2, 3, edge_px, edge_px)
        tokens = network.eval()(pixel_values=pixels).last_hidden_state
    weights = {f"weights.{name}": value.half() for name, value in network.state_dict().items()}
    save_file({**weights, "pixels": pixels, "tokens": tokens.contiguous()}, path)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
