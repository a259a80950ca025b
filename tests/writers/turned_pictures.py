"""How Pillow turns a picture for each orientation; its angles go the other way round."""

from PIL import Image

TURNS = {
    "swap-xy": Image.Transpose.TRANSPOSE,
    "mirror-x": Image.Transpose.FLIP_LEFT_RIGHT,
    "mirror-y": Image.Transpose.FLIP_TOP_BOTTOM,
    "rotate-90": Image.Transpose.ROTATE_270,
    "rotate-180": Image.Transpose.ROTATE_180,
    "rotate-270": Image.Transpose.ROTATE_90,
    "swap-xy-rotate-180": Image.Transpose.TRANSVERSE,
}
