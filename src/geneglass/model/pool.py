"""Training sections laid end to end as tensors, so that a batch is a list of rows."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from geneglass.data.types import FloatArray, UInt8Array
from geneglass.errors import InputError
from geneglass.model.parts import nearest_places
from geneglass.model.read_ahead import ReadAhead
from geneglass.model.recipe import PatchSource, QueryData, TrainData


@dataclass(frozen=True)
class Images:
    """The image side of places: features, and patches where the encoder is trained.

    Attributes
    ----------
    features
        (n, dim).
    starts
        Row of each section's first place, and n at the end.
    sources
        One per section; empty with frozen features.
    slides
        (sections, m, dim) features of places spread over each slide, rows of NaN where a slide has fewer; None
        where no recipe asked for them.
    ahead
        Patches that are being read in the background.
    """

    features: Tensor
    starts: tuple[int, ...]
    sources: tuple[PatchSource, ...] = ()
    slides: Tensor | None = None
    ahead: ReadAhead = field(default_factory=ReadAhead, compare=False, repr=False)

    def __len__(self) -> int:
        return self.starts[-1]

    def section_of(self, rows: Tensor) -> Tensor:
        """Return the number of each row's section."""
        starts = torch.tensor(self.starts[1:-1], device=rows.device)
        return torch.bucketize(rows, starts, right=True)

    def patches(self, rows: Tensor) -> tuple[UInt8Array, ...]:
        """Return per field of view the (len(rows), size_px, size_px, 3) patches of these rows."""
        found = self.ahead.take(rows.cpu()) if self.sources else None
        return self._read(rows) if found is None else found

    def read_ahead(self, batches: Sequence[Tensor]) -> Generator[Tensor]:
        """Yield batches of rows, on the CPU, in turn; what `patches` will give for the next is read meanwhile."""
        yield from self.ahead.over(batches, self._read) if self.sources else batches

    def _read(self, rows: Tensor) -> tuple[UInt8Array, ...]:
        wanted, section = rows.cpu().numpy(), self.section_of(rows).cpu().numpy()
        out: tuple[UInt8Array, ...] = ()
        for number in np.unique(section):
            here = np.flatnonzero(section == number)
            read = self.sources[number].read(wanted[here] - self.starts[number])
            out = out or tuple(np.empty((len(wanted), *view.shape[1:]), np.uint8) for view in read)
            for whole, view in zip(out, read, strict=True):
                whole[here] = view
        if not out:
            raise ValueError("patches needs at least one row, got none")
        return out


@dataclass(frozen=True)
class Pool:
    """All spots a model is fitted on.

    Attributes
    ----------
    images
        Their image side.
    expression
        (n, genes) that the spot side is shown.
    reference
        (n, genes) that the bank gives back, in the recipe's unit.
    neighbours
        (n, k) rows of the nearest spots of the same section, itself first, -1 where there are fewer.
    centres_um_yx
        (n, 2) from each section's own corner.
    codes_yx
        (n, 2) whole numbers that name a place, for position tables: array rows and columns where all
        sections have them, else whole micrometres.
    section_of
        (n,) index into `sections`.
    """

    images: Images
    expression: Tensor
    reference: Tensor
    neighbours: Tensor
    centres_um_yx: Tensor
    codes_yx: Tensor
    section_of: Tensor
    sections: tuple[str, ...]
    patients: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.expression)


@dataclass(frozen=True)
class Measured:
    """One section with its expression in the two units that a recipe uses."""

    data: TrainData
    expression: FloatArray
    reference: FloatArray


def query_images(query: QueryData, device: torch.device, *, with_patches: bool) -> Images:
    """Return the image side of a query.

    Raises
    ------
    InputError
        When the recipe's encoder was trained and there are no patches to give it.
    """
    return _images([query], device, with_patches=with_patches)


def _images(sections: Sequence[QueryData], device: torch.device, *, with_patches: bool) -> Images:
    features = _copied(np.concatenate([s.features for s in sections]).astype(np.float32), device)
    starts = (0, *np.cumsum([len(s.features) for s in sections]).tolist())
    sources = tuple(s.patches for s in sections if s.patches is not None)
    if with_patches and len(sources) < len(sections):
        raise InputError("Fine-tuning reads the patches of every section: give slides, or set fine_tune to false.")
    return Images(features, starts, sources if with_patches else (), _slides(sections, device))


def _copied(values: FloatArray, device: torch.device) -> Tensor:
    """Return values in memory of torch's own.

    NumPy's may begin anywhere, and how sums round can depend on that, from one run to the next.
    """
    return torch.tensor(values, device=device)


def _slides(sections: Sequence[QueryData], device: torch.device) -> Tensor | None:
    """Return (sections, m, dim) features of places over each slide, NaN where one has fewer; None unless all have."""
    given = [s.slide_features for s in sections if s.slide_features is not None]
    if len(given) < len(sections) or not given:
        return None
    out = np.full((len(given), max(map(len, given)), given[0].shape[1]), np.nan, np.float32)
    for row, features in zip(out, given, strict=True):
        row[: len(features)] = features
    return torch.from_numpy(out).to(device)


def make_pool(sections: Sequence[Measured], device: torch.device, *, neighbours: int, with_patches: bool) -> Pool:
    """Lay sections end to end.

    Parameters
    ----------
    sections
        At least one, with at least one spot.
    device
        Where the tensors go.
    neighbours
        Spots in each list, the spot itself included.
    with_patches
        Whether patches are needed.
    """
    data = [s.data for s in sections]
    images = _images(data, device, with_patches=with_patches)
    lists = [nearest_places(d.centres_um_yx, neighbours) for d in data]
    lists = [torch.where(near >= 0, near + start, near) for near, start in zip(lists, images.starts, strict=False)]
    centres = np.concatenate([d.centres_um_yx for d in data]).astype(np.float32)
    arrays = [d.array_yx for d in data if d.array_yx is not None]
    codes = np.concatenate(arrays) if len(arrays) == len(data) else centres
    numbers = [np.full(len(d.features), i) for i, d in enumerate(data)]

    def tensor(parts: Sequence[FloatArray]) -> Tensor:
        return _copied(np.concatenate(parts).astype(np.float32), device)

    return Pool(
        images=images,
        expression=tensor([s.expression for s in sections]),
        reference=tensor([s.reference for s in sections]),
        neighbours=torch.cat(lists).to(device),
        centres_um_yx=torch.from_numpy(centres).to(device),
        codes_yx=torch.from_numpy(np.rint(codes).astype(np.int64)).to(device),
        section_of=torch.from_numpy(np.concatenate(numbers)).to(device),
        sections=tuple(d.section for d in data),
        patients=tuple(d.patient for d in data),
    )


def inner_groups(sections: Sequence[TrainData], most: int) -> list[list[TrainData]]:
    """Return training data in groups that are left out in turn: patients, else sections, else halves of the one.

    Parameters
    ----------
    sections
        All training sections.
    most
        Groups at most; further patients or sections join them in turn.
    """
    if len(sections) == 1:
        return [[half] for half in _halves(sections[0])]
    patients = [s.patient for s in sections]
    by_patient = None not in patients and len(set(patients)) > 1
    groups: dict[str | None, list[TrainData]] = {}
    for section in sections:
        groups.setdefault(section.patient if by_patient else section.section, []).append(section)
    merged: list[list[TrainData]] = [[] for _ in range(min(most, len(groups)))]
    for number, group in enumerate(groups.values()):
        merged[number % len(merged)] += group
    return merged


def _halves(section: TrainData) -> list[TrainData]:
    centres = section.centres_um_yx
    axis = int(np.ptp(centres, axis=0).argmax())
    upper = centres[:, axis] > np.median(centres[:, axis])
    return [_part(section, np.flatnonzero(mask), name) for mask, name in ((~upper, "first"), (upper, "second"))]


def _part(section: TrainData, rows: np.ndarray, name: str) -> TrainData:
    return replace(
        section,
        section=f"{section.section} ({name} half)",
        features=section.features[rows],
        centres_um_yx=section.centres_um_yx[rows],
        array_yx=None if section.array_yx is None else section.array_yx[rows],
        patches=None if section.patches is None else _Rows(section.patches, rows),
        expression=section.expression[rows],
        counts=section.counts[rows],
    )


@dataclass(frozen=True)
class _Rows:
    source: PatchSource
    rows: np.ndarray

    def read(self, rows: np.ndarray) -> tuple[UInt8Array, ...]:
        return self.source.read(self.rows[rows])
