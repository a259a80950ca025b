"""Pictures of reference spots: from their own slides where these are at hand, else from the model file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geneglass.data.cohort import SectionSource
from geneglass.data.genes import kept_spots, spot_totals
from geneglass.data.patches import SlidePatches
from geneglass.data.section import open_section, require_slide, require_spots
from geneglass.data.section_hash import spots_hash
from geneglass.data.slide import Slide
from geneglass.data.types import FloatArray, PatchSpec, UInt8Array
from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo, SectionInfo, load_thumbnails
from geneglass.model.thumbnails import Thumbnails
from geneglass.workflow.events import Event, Job
from geneglass.workflow.evidence import Vote

SIZE_PX = 192


@dataclass(frozen=True)
class Picture:
    """A reference patch to look at.

    Attributes
    ----------
    pixels
        (height, width, 3); None where there is no picture, and `reason` says why.
    field_um
        Edge of what it shows.
    spot
        Name of the spot in its file; empty where the file is not at hand.
    spot_um
        Diameter of the spot; None where unknown.
    """

    pixels: UInt8Array | None
    field_um: float = 0.0
    spot: str = ""
    spot_um: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class _Tissue:
    """A reference section that is at hand: its slide and its kept spots."""

    slide: Slide
    mpp: float
    names: NDArray[np.object_]
    centres_yx: FloatArray
    spot_um: float | None


class ReferencePictures:
    """The pictures of one model's reference spots; what was opened once stays open until `close`.

    Parameters
    ----------
    model, info
        The model's file, and what it says of itself.
    sources
        Sections that may be those of the model, by their names; their counts decide.
    """

    def __init__(self, model: Path, info: ModelInfo, sources: Sequence[SectionSource]) -> None:
        self.model, self.info = model, info
        self.sources: Mapping[str, SectionSource] = {source.name: source for source in sources}
        self._tissues: dict[str, _Tissue | str] = {}
        self._thumbnails: Thumbnails | None = None
        self._kept: dict[tuple[int, float], Picture] = {}

    def read(self, votes: Sequence[Vote], field_um: float) -> Job[dict[int, Picture]]:
        """Return a picture of each vote by its row of the bank; one that can not be had says why.

        Parameters
        ----------
        votes
            The reference spots.
        field_um
            Edge of the field of view wanted; thumbnails of the model file have their own.
        """
        fresh = [vote for vote in votes if (vote.row, field_um) not in self._kept]
        for number, name in enumerate(dict.fromkeys(vote.section for vote in fresh)):
            yield Event(f"Reading patches of {name}", number, len(fresh))
            here = [vote for vote in fresh if vote.section == name]
            for vote, picture in zip(here, self._pictures(name, here, field_um), strict=True):
                self._kept[vote.row, field_um] = picture
        return {vote.row: self._kept[vote.row, field_um] for vote in votes}

    def close(self) -> None:
        """Close the slides that were opened."""
        for tissue in self._tissues.values():
            if isinstance(tissue, _Tissue):
                tissue.slide.close()
        self._tissues = {}

    def _pictures(self, section: str, votes: Sequence[Vote], field_um: float) -> list[Picture]:
        if section not in self._tissues:
            self._tissues[section] = self._open(section)
        tissue = self._tissues[section]
        if isinstance(tissue, str):
            return [self._stored(vote.row, tissue) for vote in votes]
        numbers = np.array([vote.number for vote in votes])
        spec = PatchSpec(field_um, SIZE_PX)
        try:
            (pixels,) = SlidePatches(tissue.slide, tissue.centres_yx[numbers], (spec,), tissue.mpp).read(
                np.arange(len(numbers))
            )
        except InputError as error:
            return [self._stored(vote.row, str(error)) for vote in votes]
        named = zip(pixels, tissue.names[numbers], strict=True)
        return [Picture(one, field_um, str(name), tissue.spot_um) for one, name in named]

    def _stored(self, row: int, reason: str) -> Picture:
        """Return the thumbnail of the model file, or say why there is no picture at all."""
        if not self.info.thumbnail_um:
            return Picture(None, reason=reason)
        if self._thumbnails is None:
            self._thumbnails = load_thumbnails(self.model)
        if self._thumbnails is None or row >= len(self._thumbnails):
            return Picture(None, reason=reason)
        return Picture(self._thumbnails.picture(row), self.info.thumbnail_um, reason=reason)

    def _open(self, name: str) -> "_Tissue | str":
        """Return a reference section, or in a sentence why it is not at hand."""
        known = next((section for section in self.info.sections if section.name == name), SectionInfo(name))
        source = self.sources.get(name)
        if source is None or source.slide is None or source.spots is None:
            return f"The slide of {name} is not at hand: open the cohort that the model was trained on."
        try:
            section = open_section(source)
        except InputError as error:
            return str(error)
        try:
            if known.spots_hash and spots_hash(section) != known.spots_hash:
                raise InputError(f"{name} of this cohort has other counts than the section that the model knows.")
            slide, mpp = require_slide(section)
            spots = require_spots(section)
            kept = kept_spots(spot_totals(spots), self.info.min_counts)
            if known.n_spots and int(kept.sum()) != known.n_spots:
                raise InputError(f"{name} has {int(kept.sum())} spots with enough counts, the model {known.n_spots}.")
        except InputError as error:
            section.close()
            return str(error)
        names = spots.table.obs_names.to_numpy(object)[kept]
        return _Tissue(slide, mpp, names, section.centres_yx[kept], section.spot_diameter_um)
