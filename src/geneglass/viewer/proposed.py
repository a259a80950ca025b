"""A layer of regions that are no domains yet: clusters that were proposed, areas that two readers named differently."""

from collections.abc import Sequence
from typing import Any
from weakref import ref

from napari.layers import Layer

from geneglass.data.annotation import Domain
from geneglass.viewer.domain_shapes import domains_layer, drawn_of, line_width_px
from geneglass.viewer.session import session_of

FILL = 0.35
SHARE_OF_VIEW = 0.5
"""How much of the view a region takes that is looked at."""


class ProposedView:
    """Shows regions over the slide of one viewer until they are taken, dismissed, or the section is left."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = ref(viewer)
        self._layer: Layer | None = None
        self._session = session_of(viewer)
        self._session.section_changed.connect(self.clear)

    def show(self, regions: Sequence[Domain], name: str) -> None:
        """Show regions in place of those shown before."""
        self.clear()
        viewer, section = self._viewer(), self._session.section
        if viewer is None or section is None or not regions:
            return
        selected = set(viewer.layers.selection)
        data, kwargs, kind = domains_layer(regions, section, name)
        drawn = drawn_of(regions, line_width_px(regions, section))
        kwargs["face_color"] = drawn.face_colours(None, FILL)
        kwargs["edge_width"] = kwargs["edge_width"] / 4
        # Names would lie over those of the domains; the list in the panel says what is what.
        del kwargs["text"]
        self._layer = viewer.add_layer(Layer.create(data, kwargs, kind))
        self._layer.editable = False
        viewer.layers.selection = selected or {self._layer}

    def look_at(self, region: Domain) -> None:
        """Bring a region into view."""
        viewer, section = self._viewer(), self._session.section
        if viewer is None or section is None:
            return
        scale = 1.0 if section.mpp is None else section.mpp
        left, top, right, bottom = (value * scale for value in region.shape.bounds)
        camera = viewer.scene.camera
        *depth, _, _ = camera.center
        camera.center = (*depth, (top + bottom) / 2, (left + right) / 2)
        height_px, width_px = viewer.canvas.viewbox_size(viewer.layers)
        size = max((right - left) / max(width_px, 1), (bottom - top) / max(height_px, 1))
        if size > 0:
            camera.zoom = SHARE_OF_VIEW / size

    def clear(self) -> None:
        """Take the layer away."""
        viewer, layer = self._viewer(), self._layer
        self._layer = None
        if viewer is not None and layer is not None and layer in viewer.layers:
            viewer.layers.remove(layer)
