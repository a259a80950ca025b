"""The eight ways a picture may lie under the spots: turned, mirrored, or with x and y exchanged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

UNTURNED = "none"


@dataclass(frozen=True)
class Orientation:
    """One way of laying the spots onto the slide.

    Attributes
    ----------
    lay
        From x, y, width and height of the slide to the x and y where the spot lies, all in slide pixels.
    fault
        What is wrong with files that need it, in words.
    """

    lay: Callable[[Any, Any, float, float], tuple[Any, Any]]
    fault: str


ORIENTATIONS: Mapping[str, Orientation] = {
    UNTURNED: Orientation(lambda x, y, w, h: (x, y), "the spots lie as the slide does"),
    "swap-xy": Orientation(lambda x, y, w, h: (y, x), "x and y of the spot positions are exchanged"),
    "mirror-x": Orientation(lambda x, y, w, h: (w - x, y), "the slide is mirrored left to right"),
    "mirror-y": Orientation(lambda x, y, w, h: (x, h - y), "the slide is mirrored upside down"),
    "rotate-90": Orientation(lambda x, y, w, h: (w - y, x), "the slide is turned by 90 degrees clockwise"),
    "rotate-180": Orientation(lambda x, y, w, h: (w - x, h - y), "the slide is turned by 180 degrees"),
    "rotate-270": Orientation(lambda x, y, w, h: (y, h - x), "the slide is turned by 90 degrees counter-clockwise"),
    "swap-xy-rotate-180": Orientation(
        lambda x, y, w, h: (w - y, h - x),
        "x and y of the spot positions are exchanged and the slide is turned by 180 degrees",
    ),
}
"""By the name that `orientation` in a cohort.toml takes; angles are clockwise, as the slide is looked at."""


def oriented(
    centres_yx: NDArray[np.float64], orientation: str, *, height_px: float, width_px: float
) -> NDArray[np.float64]:
    """Return where centres lie on a slide once they are turned or mirrored with it.

    Parameters
    ----------
    centres_yx
        (n, 2) in pixels of the slide, as the spot file has them.
    orientation
        A name in `ORIENTATIONS`.
    height_px, width_px
        Size of the slide: a mirrored spot is as far from its right edge as it was from its left.
    """
    x, y = ORIENTATIONS[orientation].lay(centres_yx[:, 1], centres_yx[:, 0], width_px, height_px)
    return np.stack([y, x], axis=1)
