"""Reader of slides, spot tables, predictions and cohorts, for File > Open and for what is dropped on the window."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari.utils.notifications import show_error

from geneglass.data.cohort import is_cohort
from geneglass.data.section import Section
from geneglass.data.spot_formats import is_spots
from geneglass.errors import InputError
from geneglass.overlay import LayerTuple, Layout, spot_diameter_px
from geneglass.viewer.layers import places_layer, slide_layer
from geneglass.viewer.opened import KEY, Opened
from geneglass.viewer.opening import open_path, opens_slowly
from geneglass.viewer.window import show_panel
from geneglass.workflow.events import finish

NOTHING: list[tuple[Any, ...]] = [(None,)]
"""What napari takes for "read, and no layers came of it"."""

Read = Callable[[Any], list[Any]]


def get_reader(path: str | Sequence[str]) -> Read | None:
    """Return the reader of a path, or None where it is left to others.

    Parameters
    ----------
    path
        What was opened; several paths at once are a stack, which is not ours.
    """
    if not isinstance(path, str | Path):
        return None
    file = Path(path)
    if file.suffix.lower() == ".toml" and not is_cohort(file):
        return None
    if file.name.lower().endswith((".tsv", ".tsv.gz")) and not is_spots(file):
        return None
    if file.suffix.lower() in (".tif", ".tiff") and not is_colour_tiff(file):
        return None
    return read


def read(path: str) -> list[Any]:
    """Return the layers of a file; the panel opens beside them and takes them over.

    What can not be read is said in one sentence, and no layer appears. A flat picture in a window is left to
    the panel, which opens it without holding up the window: its layers come later.
    """
    file = Path(path)
    try:
        panel = show_panel() if opens_slowly(file) else None
        if panel is not None:
            panel.desk.drop_path(file)
            return NOTHING
        opened = finish(open_path(file))
        layers = layers_of(opened)
    except InputError as error:
        show_error(str(error))
        return NOTHING
    show_panel()
    return layers


def layers_of(opened: Opened) -> list[LayerTuple]:
    """Return the one layer that carries what was opened: the slide, else the places."""
    metadata = {KEY: opened}
    section = opened.section
    if section is None:
        return [_prediction_layer(opened, metadata)]
    if section.slide is not None:
        return [slide_layer(section, name=f"{section.name} H&E", metadata=metadata)]
    return [places_layer(_layout(section), "spots", name=section.name, metadata=metadata)]


def is_colour_tiff(path: Path) -> bool:
    """Return whether a TIFF's first page is a colour picture; damaged ones count as such, to be told why."""
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            page = tiff.pages.first
            return page.samplesperpixel in (3, 4) and page.dtype == "uint8"
    except (OSError, ValueError, IndexError, tifffile.TiffFileError):
        return True


def _layout(section: Section) -> Layout:
    diameter_px = spot_diameter_px(section.centres_yx, section.mpp, section.spot_diameter_um)
    return Layout(section.centres_yx, section.mpp, diameter_px)


def _prediction_layer(opened: Opened, metadata: dict[str, Any]) -> LayerTuple:
    prediction = opened.prediction
    if prediction is None:
        raise ValueError("nothing was opened")
    stated = dict(prediction.uns["geneglass"])
    centres_yx = prediction.obsm["spatial"][:, ::-1].astype("float32")
    mpp = float(stated["mpp"]) if stated.get("mpp") else None
    stride_um = float(stated.get("stride_um", 0))
    diameter_um = stride_um or float(stated.get("spot_diameter_um", 0)) or None
    layout = Layout(centres_yx, mpp, spot_diameter_px(centres_yx, mpp, diameter_um))
    name = f"prediction of {stated.get('section', 'a section')}"
    return places_layer(layout, "tiles" if stride_um else "spots", name=name, metadata=metadata)
