"""Making sure that the window a file was dropped on shows the panel."""

from typing import Any

import napari

from geneglass.viewer.compare import compare_of

NAME = "geneglass"


def show_panel() -> Any | None:
    """Show the panel in the current window and return it; None where there is no window."""
    viewer = napari.current_viewer()
    if viewer is None:
        return None
    compare_of(viewer)
    for widget in viewer.window.dock_widgets.values():
        if widget.objectName() == NAME:
            return widget
    dock, panel = viewer.window.add_plugin_dock_widget(NAME, NAME)
    dock.show()
    return panel
