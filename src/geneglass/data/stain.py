"""How strongly, and in which tone, the tissue of a slide is stained."""

import numpy as np

from geneglass.data.slide import Slide
from geneglass.data.tissue import small_picture, tissue_mask

Stain = tuple[float, float, float]
"""Mean optical density of the tissue in red, green and blue, -ln(light / light of white)."""


def stain_of(slide: Slide) -> Stain | None:
    """Return the mean optical density of a slide's tissue, seen from afar; None without tissue."""
    mask, _ = tissue_mask(slide)
    if not mask.any():
        return None
    pixels = small_picture(slide)[0][mask].astype(np.float64)
    red, green, blue = -np.log((pixels + 1) / 256).mean(axis=0)
    return float(red), float(green), float(blue)


def apart(one: Stain, other: Stain) -> float:
    """Return how far two stains are apart: the root mean square over the three colours."""
    return float(np.sqrt(np.mean((np.array(one) - np.array(other)) ** 2)))


def as_colour(stain: Stain) -> str:
    """Return the colour that a stain has on the screen, #rrggbb."""
    red, green, blue = (round(float(np.clip(256 * np.exp(-density) - 1, 0, 255))) for density in stain)
    return f"#{red:02x}{green:02x}{blue:02x}"
