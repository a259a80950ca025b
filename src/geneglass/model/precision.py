"""The number type that networks of patches compute in."""

import torch


def bfloat16_helps(device: torch.device) -> bool:
    """Return whether bfloat16 is native there: emulated, it is several times slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and (torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
    )


def fast_numbers(device: torch.device) -> torch.autocast:
    """Return a block in which networks compute in bfloat16 where that is native, else in float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=bfloat16_helps(device))
