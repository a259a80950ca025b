"""When a stated size of a pixel is believed."""

import math

from geneglass.data.tiff_tags import MPP_RANGE

_SQUARE_WITHIN = 0.02


def believed_mpp(height_um: float, width_um: float) -> tuple[float | None, str]:
    """Return micrometres per pixel, and a warning where what is stated is not believed.

    Parameters
    ----------
    height_um, width_um
        What the file states of one pixel; nothing (None, "") is returned where one is not positive.
    """
    if not all(math.isfinite(size) and size > 0 for size in (height_um, width_um)):
        return None, ""
    if abs(height_um - width_um) > _SQUARE_WITHIN * max(height_um, width_um):
        return None, f"Its pixels are {width_um:.4g} um wide and {height_um:.4g} um high; neither is believed."
    mpp = (height_um + width_um) / 2
    if MPP_RANGE[0] <= mpp <= MPP_RANGE[1]:
        return mpp, ""
    return None, f"Its scale means {mpp:.4g} um per pixel, which no microscope slide has; it is ignored."
