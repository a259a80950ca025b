"""A section: one slide with its spots, opened and set to one physical scale."""

from dataclasses import dataclass

from geneglass.data.cohort import SectionSource
from geneglass.data.slide import Slide
from geneglass.data.spots import Spots
from geneglass.data.types import FloatArray


@dataclass(frozen=True)
class Section:
    """One opened section; slide or spots may be absent, never both.

    Attributes
    ----------
    mpp
        Micrometres per level-0 pixel: given, else from the file's tags, else from the spot pitch; None
        only where there is no slide and no way to know.
    mpp_source
        How `mpp` was found, in words ("spot pitch of legacy ST: 200 um over 289.7 px").
    centres_yx
        Spot centres in level-0 pixels of *this* slide (the `scale` of the source is applied), (n, 2).
    spot_diameter_um
        For drawing; from the platform, else None.
    warnings
        What a reader should know, one sentence each.
    """

    source: SectionSource
    slide: Slide | None
    spots: Spots | None
    mpp: float | None
    mpp_source: str
    centres_yx: FloatArray
    spot_diameter_um: float | None
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the section's name in its cohort."""
        return self.source.name

    @property
    def patient(self) -> str | None:
        """Return the patient (donor, animal) the tissue is from, where known."""
        return self.source.patient
