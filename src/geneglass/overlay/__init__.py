"""Overlays: values and spots -> a napari layer tuple, without importing napari."""
