"""Round lengths for scale bars."""

import math

STEPS = (1, 2, 5)


def bar_length(longest: float) -> float:
    """Return the longest of 1, 2 or 5 times a power of ten that is no longer than so much."""
    if longest <= 0:
        raise ValueError(f"a scale bar needs room, got {longest}")
    power = 10.0 ** math.floor(math.log10(longest))
    return max(step * power for step in STEPS if step * power <= longest * (1 + 1e-9))


def bar_words(length_um: float) -> str:
    """Return a length as it stands at the bar: "500 µm", "2 mm"."""
    return f"{length_um / 1000:g} mm" if length_um >= 1000 else f"{length_um:g} µm"
