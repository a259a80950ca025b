"""Pathology foundation models by short name: calls, preprocessing and terms as their makers publish them.

Every one is a vision transformer of timm; those published for `transformers` run on the equal timm network with their
weights renamed. The scale is 0.5 um per pixel (20x) throughout, so 224 px see 112 um: what they were trained on, or,
for networks trained on several magnifications (Lunit, Kaiko, Virchow2, Midnight), the one they share. `um` and `px`
of an encoder's name change it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from geneglass.model.hub import SAFETENSORS
from geneglass.model.published import PublishedNetwork
from geneglass.model.view import Triple

_CC_NC_ND = "CC BY-NC-ND 4.0, non-commercial"
_APACHE = "Apache 2.0"
_OWKIN = "Owkin non-commercial licence"
_KAIKO = "Kaiko non-commercial licence"
_LUNIT = "Lunit non-commercial licence"

_HALF: Triple = (0.5, 0.5, 0.5)
_BIOPTIMUS: Mapping[str, Any] = {"mean": (0.707223, 0.578729, 0.703617), "std": (0.211883, 0.230117, 0.177517)}
_HIBOU: Mapping[str, Any] = {"mean": (0.7068, 0.5755, 0.722), "std": (0.195, 0.2316, 0.1816)}
# Of the release notes of lunit-io/benchmark-ssl-pathology; the ports on the hub state ImageNet's by mistake.
_LUNIT_RGB: Mapping[str, Any] = {
    "mean": (0.70322989, 0.53606487, 0.66096631),
    "std": (0.21716536, 0.26081574, 0.20723464),
}
_VIRCHOW: Mapping[str, Any] = {"init_values": 1e-5, "mlp_ratio": 5.3375}
_GIANT: Mapping[str, Any] = {"patch_size": 14, "embed_dim": 1536, "num_heads": 24, "mlp_ratio": 2.66667 * 2}
_KAIKO_PORT = "1aurent/{}.kaiko_ai_towards_large_pathology_fms"


def _kaiko(what: str, architecture: str, parameters_m: float, dim: int) -> PublishedNetwork:
    return PublishedNetwork(
        title=f"Kaiko {what}, DINO",
        architecture=architecture,
        repository=_KAIKO_PORT.format(architecture),
        licence=_KAIKO,
        gated=False,
        parameters_m=parameters_m,
        dim=dim,
        mean=_HALF,
        std=_HALF,
        files=(SAFETENSORS,),
    )


def _lunit(patch_px: int, parameters_m: float) -> PublishedNetwork:
    return PublishedNetwork(
        title=f"Lunit ViT-S/{patch_px}, DINO",
        architecture=f"vit_small_patch{patch_px}_224",
        repository=f"1aurent/vit_small_patch{patch_px}_224.lunit_dino",
        licence=_LUNIT,
        gated=False,
        parameters_m=parameters_m,
        dim=384,
        files=(SAFETENSORS,),
        **_LUNIT_RGB,
    )


PATHOLOGY_NETWORKS: Mapping[str, PublishedNetwork] = MappingProxyType(
    {
        "uni": PublishedNetwork(
            title="UNI, ViT-L/16, DINOv2",
            architecture="vit_large_patch16_224",
            options={"init_values": 1e-5},
            repository="MahmoodLab/UNI",
            licence=_CC_NC_ND,
            gated=True,
            parameters_m=303.4,
            dim=1024,
        ),
        "uni2-h": PublishedNetwork(
            title="UNI2-h, ViT-H/14 with 8 registers, DINOv2",
            architecture="vit_giant_patch14_224",
            options={**_GIANT, "depth": 24, "init_values": 1e-5, "no_embed_class": True, "reg_tokens": 8},
            swiglu=True,
            repository="MahmoodLab/UNI2-h",
            licence=_CC_NC_ND,
            gated=True,
            parameters_m=681.4,
            dim=1536,
        ),
        "virchow": PublishedNetwork(
            title="Virchow, ViT-H/14, DINOv2",
            architecture="vit_huge_patch14_224",
            options=_VIRCHOW,
            swiglu=True,
            repository="paige-ai/Virchow",
            licence=_APACHE,
            gated=True,
            parameters_m=631.2,
            dim=2560,
            pooling="cls+mean",
        ),
        "virchow2": PublishedNetwork(
            title="Virchow2, ViT-H/14 with 4 registers, DINOv2",
            architecture="vit_huge_patch14_224",
            options={**_VIRCHOW, "reg_tokens": 4},
            swiglu=True,
            repository="paige-ai/Virchow2",
            licence=_CC_NC_ND,
            gated=True,
            parameters_m=631.2,
            dim=2560,
            pooling="cls+mean",
        ),
        "h-optimus-0": PublishedNetwork(
            title="H-optimus-0, ViT-g/14 with 4 registers, DINOv2",
            architecture="vit_giant_patch14_reg4_dinov2",
            repository="bioptimus/H-optimus-0",
            licence=_APACHE,
            gated=False,
            parameters_m=1134.8,
            dim=1536,
            **_BIOPTIMUS,
        ),
        "h-optimus-1": PublishedNetwork(
            title="H-optimus-1, ViT-g/14 with 4 registers, DINOv2",
            architecture="vit_giant_patch14_reg4_dinov2",
            repository="bioptimus/H-optimus-1",
            licence=_CC_NC_ND,
            gated=True,
            parameters_m=1134.8,
            dim=1536,
            **_BIOPTIMUS,
        ),
        "h0-mini": PublishedNetwork(
            title="H0-mini, ViT-B/14 with 4 registers, distilled from H-optimus-0",
            architecture="vit_base_patch14_reg4_dinov2",
            options={"mlp_ratio": 2.66667 * 2},
            swiglu=True,
            repository="bioptimus/H0-mini",
            licence=_CC_NC_ND,
            gated=True,
            parameters_m=85.7,
            dim=768,
            **_BIOPTIMUS,
        ),
        "phikon": PublishedNetwork(
            title="Phikon, ViT-B/16, iBOT",
            architecture="vit_base_patch16_224",
            norm_eps=1e-12,
            repository="owkin/phikon",
            licence=_OWKIN,
            gated=False,
            parameters_m=85.8,
            dim=768,
        ),
        "phikon-v2": PublishedNetwork(
            title="Phikon-v2, ViT-L/16, DINOv2",
            architecture="vit_large_patch14_dinov2",
            options={"patch_size": 16},
            repository="owkin/phikon-v2",
            licence=_OWKIN,
            gated=False,
            parameters_m=303.4,
            dim=1024,
            files=(SAFETENSORS,),
        ),
        "hibou-b": PublishedNetwork(
            title="Hibou-B, ViT-B/14 with 4 registers, DINOv2",
            architecture="vit_base_patch14_reg4_dinov2",
            options={"mlp_ratio": 2.66667 * 2},
            swiglu=True,
            repository="histai/hibou-b",
            licence=_APACHE,
            gated=True,
            parameters_m=85.7,
            dim=768,
            files=(SAFETENSORS,),
            **_HIBOU,
        ),
        "hibou-l": PublishedNetwork(
            title="Hibou-L, ViT-L/14 with 4 registers, DINOv2",
            architecture="vit_large_patch14_reg4_dinov2",
            # Two thirds of four times the width, rounded up to a multiple of 8, for each half of the gate.
            options={"mlp_ratio": 2 * 2736 / 1024},
            swiglu=True,
            repository="histai/hibou-L",
            licence=_APACHE,
            gated=True,
            parameters_m=303.7,
            dim=1024,
            files=(SAFETENSORS,),
            **_HIBOU,
        ),
        "gigapath": PublishedNetwork(
            title="Prov-GigaPath tile encoder, ViT-g/16, DINOv2",
            architecture="vit_giant_patch14_dinov2",
            options={"patch_size": 16},
            repository="prov-gigapath/prov-gigapath",
            licence="Apache 2.0 with conditions, research only",
            gated=True,
            parameters_m=1135.0,
            dim=1536,
            files=("pytorch_model.bin",),
        ),
        "gpfm": PublishedNetwork(
            title="GPFM, ViT-L/14, distilled from several experts",
            architecture="vit_large_patch14_dinov2",
            repository="majiabo/GPFM",
            licence=_CC_NC_ND,
            gated=False,
            parameters_m=303.2,
            dim=1024,
            files=("GPFM.pth",),
        ),
        "midnight-12k": PublishedNetwork(
            title="Midnight-12k, ViT-g/14, DINOv2",
            architecture="vit_giant_patch14_dinov2",
            repository="kaiko-ai/midnight",
            licence="MIT",
            gated=True,
            parameters_m=1134.8,
            dim=3072,
            pooling="cls+mean",
            mean=_HALF,
            std=_HALF,
            files=(SAFETENSORS,),
        ),
        "kaiko-s16": _kaiko("ViT-S/16", "vit_small_patch16_224", 21.7, 384),
        "kaiko-s8": _kaiko("ViT-S/8", "vit_small_patch8_224", 21.7, 384),
        "kaiko-b16": _kaiko("ViT-B/16", "vit_base_patch16_224", 85.8, 768),
        "kaiko-b8": _kaiko("ViT-B/8", "vit_base_patch8_224", 85.8, 768),
        "kaiko-l14": PublishedNetwork(
            title="Kaiko ViT-L/14 with 4 registers, DINOv2",
            architecture="vit_large_patch14_reg4_dinov2",
            # Its positions are kept for 518 px and stretched to the input.
            options={"img_size": 518},
            repository=_KAIKO_PORT.format("vit_large_patch14_reg4_224"),
            licence=_KAIKO,
            gated=False,
            parameters_m=304.4,
            dim=1024,
            mean=_HALF,
            std=_HALF,
            files=(SAFETENSORS,),
        ),
        "lunit-s16": _lunit(16, 21.7),
        "lunit-s8": _lunit(8, 21.7),
    }
)

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "ctranspath": "its weights (GPL-3.0) are for a changed timm 0.5, and in no hub repository of its makers",
        "openmidnight": "its weights have the names of Meta's DINOv2 code, which are not translated here",
        "conch": "it needs its own package, and its published form is no timm network",
    }
)
"""Known encoders that can not be run here, and why."""
