"""HisCMCL: the spot, its neighbourhood and its slide contrasted with spots, after Bioinformatics 2026, btag342.

Corrected, it is what the paper claims: fields of view of true size, one token each, with places spread over the
whole slide as further tokens, and the spot attends to all of them (`scales`). The wider fields of view are the
encoder's: five for `texture`, and for a network those that its name lists, as in `timm:NETWORK?um=112,336`; with
`fine_tune` the network is trained on each. Tokens of the slide would let the loss be lowered by telling slides
apart instead of places, so they only make the spot's numbers larger or smaller (`slide_role`); they can also be
hidden from a share of the places in every step (`slide_dropout`), or have no other slides beside them in a batch
(`batches` section). The spot side is that of mclSTExp.

The published form (`HiscmclRecipe.published`) is rebuilt from its description, defects included: its second scale
is the same crop, drawn three times as large and shown to the same network, and no more tissue; there is neither
attention between scales nor a slide. With frozen features, which can not be drawn larger, both scales are
then the same numbers side by side. Its default encoder has no code; it is run with
`timm:densenet121?native=1&final_act=0`. Its evaluation on brain slides had settings of its own: `k` 800,
`weighting` pearson, `bank_transformer` false and `bank_log` true. Not carried over is that it then scored the 50 genes
that had come out best. Assumed, since the description does not say: the scales are fused to as many numbers
as the encoder gives (1,024), and `scale_weights` is off.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar, cast

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from geneglass.errors import InputError
from geneglass.model.contrastive_config import Shapes
from geneglass.model.hiscmcl_config import PUBLISHED, HiscmclConfig
from geneglass.model.parts import Temperature
from geneglass.model.pool import Images, Measured, Pool
from geneglass.model.recipe import FitStep, Snapshots, TrainData
from geneglass.model.recipes import RECIPES
from geneglass.model.scales import Scales, Seen, Sizes
from geneglass.model.spot_side import SpotSide, SpotSideRecipe
from geneglass.model.training import Trial

T = TypeVar("T")
ENLARGED = 3
"""How much larger the published second scale is drawn: 224 to 672 pixels."""


@RECIPES.register("hiscmcl")
class HiscmclRecipe(SpotSideRecipe):
    """Spot, neighbourhood and slide fused by cross-attention and contrasted with spots, and prediction by retrieval."""

    Config: ClassVar[type[Any]] = HiscmclConfig
    reads_slide: ClassVar[bool] = True
    tunes_many_views: ClassVar[bool] = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.config.bank_log:
            self.unit = f"ln(1 + {self.unit})"

    @classmethod
    def published(cls) -> HiscmclConfig:
        """Return the settings of the published code, defects included."""
        return PUBLISHED

    @property
    def shows_slide(self) -> bool:
        """Return whether places of the whole slide are among the scales."""
        return "slide" in self.config.scales

    def build(self, shapes: Shapes) -> nn.ModuleDict:
        """Return both sides and the temperature."""
        config = self.config
        sizes = Sizes(
            views=self._widths(shapes.features),
            own=self._own(),
            slide=shapes.features if self.shows_slide else 0,
            spots=shapes.spots,
            trained=self.fine_tunes,
        )
        return nn.ModuleDict(
            {
                "image": Scales(sizes, config),
                "spots": SpotSide(shapes.genes, config),
                "temperature": Temperature(config.temperature, learned=config.learn_temperature),
            }
        )

    def _own(self) -> int:
        """Return how many of the narrowest fields of view are the spot."""
        if self.config.wide_view == "upsampled":
            return 1
        return max(1, len([spec for spec in self.encoder.patches if spec.size_um <= self.config.spot_um]))

    def _shown(self, views: Sequence[T]) -> tuple[T, ...]:
        """Return the fields of view, or what stands for them, that are among the scales."""
        return tuple(views) if "neighbourhood" in self.config.scales else tuple(views[: self._own()])

    def _spans(self, features: int) -> tuple[tuple[int, int], ...]:
        """Return the columns of frozen features that each scale is given."""
        if self.config.wide_view == "upsampled":
            return self._shown([(0, features)] * 2)
        return self._shown(self.encoder.spans)

    def _widths(self, features: int) -> tuple[int, ...]:
        """Return the lengths of what each scale is given."""
        if not self.fine_tunes:
            return tuple(stop - start for start, stop in self._spans(features))
        views = len(self.encoder.patches)
        return self._shown([features // views] * (2 if self.config.wide_view == "upsampled" else views))

    def adjust(self, modules: nn.ModuleDict, pool: Pool) -> None:
        """Take the principal axes of all scales and of the expression from the training spots."""
        super().adjust(modules, pool)
        features = pool.images.features
        views = () if self.fine_tunes else tuple(features[:, a:b] for a, b in self._spans(features.shape[1]))
        cast(Scales, modules["image"]).fit(views, features)

    def encode_images(self, modules: nn.ModuleDict, images: Images, rows: Tensor) -> Tensor:
        """Return embeddings of places from all scales; each is the same whatever else is in `rows`."""
        slides = images.features.new_zeros(len(images.starts) - 1, 0, images.features.shape[1])
        if self.shows_slide:
            slides = _require_slides(images)
        look = self._look_at_pixels if self.fine_tunes else self._look_at_features
        found: Tensor = modules["image"](Seen(look(modules, images, rows), slides, images.section_of(rows)))
        return found

    def _look_at_features(self, modules: nn.ModuleDict, images: Images, rows: Tensor) -> tuple[Tensor, ...]:
        features = images.features[rows]
        return tuple(features[:, start:stop] for start, stop in self._spans(features.shape[1]))

    def _look_at_pixels(self, modules: nn.ModuleDict, images: Images, rows: Tensor) -> tuple[Tensor, ...]:
        views: Sequence[Tensor] = self.pixels(modules, images, rows)
        if self.config.wide_view == "upsampled":
            larger = functional.interpolate(views[0], scale_factor=ENLARGED, mode="bilinear", align_corners=False)
            views = (views[0], larger)
        return tuple(self.run_network(modules["network"], view) for view in self._shown(views))

    def measured(self, section: TrainData) -> Measured:
        """Return expression in the units that the settings name."""
        found = super().measured(section)
        return replace(found, reference=np.log1p(found.reference)) if self.config.bank_log else found

    def encode_spots(self, modules: nn.ModuleDict, pool: Pool, rows: Tensor) -> Tensor:
        """Return the embeddings of measured spots; those of a bank are made as in training, unless set otherwise."""
        attend = modules.training or self.config.bank_transformer
        found: Tensor = modules["spots"](pool, rows, attend=attend)
        return found

    def trial(self, pool: Pool, seed: int) -> Trial:
        """Return fresh networks, ready to be trained on a pool."""
        trial = super().trial(pool, seed)
        trial.schedule = replace(trial.schedule, accumulate=self.config.accumulate)
        return trial

    def fit(self, sections: Sequence[TrainData], *, snapshots: Snapshots | None = None) -> Iterator[FitStep]:
        """Learn as every contrastive recipe does, and say so where the encoder sees no neighbourhood."""
        step = FitStep(0, 1)
        for step in super().fit(sections, snapshots=snapshots):
            yield step
        config = self.config
        wide = config.wide_view == "physical" and "neighbourhood" in config.scales
        if wide and len(self.encoder.spans) <= self._own():
            sentence = (
                f"No field of view of {self.encoder.name} is over {config.spot_um:g} um, so no neighbourhood was seen: "
                "name several, as in timm:NETWORK?um=112,336, or lower spot_um."
            )
            yield FitStep(step.done, step.total, message=sentence)


def _require_slides(images: Images) -> Tensor:
    if images.slides is None:
        raise InputError(
            "hiscmcl reads the slide as a whole, and places over a slide are missing: give slides, "
            "or set scales to spot+neighbourhood."
        )
    return images.slides
