"""Figures as text that a page can hold, the same for the same content."""

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RECIPE, NULL, GREY, SOFT, GRID = "#5a3e8e", "#b06a1d", "#9aa1ad", "#5b6475", "#eceef2"


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure of a size in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def svg(figure: "Figure") -> str:
    """Return a figure as a data address of an SVG picture."""
    import matplotlib as mpl

    for axis in figure.axes:
        axis.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    # The same figures give the same file: no date, no random identifiers.
    with mpl.rc_context({"svg.hashsalt": "geneglass", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()


def png(figure: "Figure", dpi: int) -> str:
    """Return a figure as a data address of a PNG picture: for many spots, which as SVG would make a heavy page."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
