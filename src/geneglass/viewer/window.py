"""Making sure that the window a file was dropped on shows the panel."""

from typing import Any

import napari

from geneglass.viewer.compare import compare_of


def show_panel() -> Any | None:
    """Show the panel in the current window and return its viewer; None where there is no window."""
    viewer = napari.current_viewer()
    if viewer is None:
        return None
    compare_of(viewer)
    if any(widget.objectName() == "geneglass" for widget in viewer.window.dock_widgets.values()):
        return viewer
    dock, _ = viewer.window.add_plugin_dock_widget("geneglass", "geneglass")
    dock.show()
    return viewer
