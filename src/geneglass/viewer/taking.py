"""Taking up a slide and spots that are already in the viewer."""

from pathlib import Path
from typing import Any

from geneglass.errors import InputError
from geneglass.viewer.desk import Desk
from geneglass.viewer.opened import joined, opened_of


def take_layers(viewer: Any, desk: Desk) -> None:
    """Take slide and spots of the viewer's layers; selected ones go first.

    Layers that geneglass read are taken as they are; for any other, the file it came from is opened.

    Raises
    ------
    InputError
        When no layer comes from a file.
    """
    selected = [layer for layer in viewer.layers if layer in viewer.layers.selection]
    layers = selected + [layer for layer in viewer.layers if layer not in selected]
    found = [opened for opened in map(opened_of, layers) if opened is not None]
    session = desk.session
    for opened in found:
        if opened.cohort is not None:
            session.set_cohort(opened.cohort)
        if opened.section is not None:
            session.set_section(joined(session.section, opened.section))
    if any(opened.section is not None for opened in found):
        return
    files = [Path(layer.source.path) for layer in layers if layer.source.path and Path(layer.source.path).exists()]
    if not files:
        raise InputError("No layer of the viewer comes from a slide or spot file: press Open and choose one.")
    desk.open_path(files[0])
