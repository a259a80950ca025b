"""Predict the genes of a section with a model file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from anndata import AnnData, read_h5ad
from numpy.typing import NDArray

from geneglass import __version__
from geneglass.data.atomic import atomic_path, require_space, require_writable
from geneglass.data.cohort import find_section
from geneglass.data.patches import SlidePatches
from geneglass.data.section import Section, open_section, require_slide, require_spots
from geneglass.data.section_hash import slide_hash, spots_hash
from geneglass.data.tissue import grid_yx
from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo, load_model, load_reference, read_info
from geneglass.model.prediction import join_answers, to_anndata, widen
from geneglass.model.recipe import Answer, Neighbours, PatchSource, QueryData, Recipe
from geneglass.workflow.asked_genes import AskedGenes, asked_genes
from geneglass.workflow.config import PredictConfig
from geneglass.workflow.device import pick_device
from geneglass.workflow.embed import embed, embed_slide
from geneglass.workflow.encoder import say_terms
from geneglass.workflow.events import Event, Job
from geneglass.workflow.opening import open_placed
from geneglass.workflow.prepare import array_positions
from geneglass.workflow.provenance import file_hash

_OVERHEAD_BYTES = 65_536
"""Names, columns and provenance of a prediction file, about."""


@dataclass(frozen=True)
class Places:
    """Where a section is predicted: names and centres in level-0 pixels."""

    names: tuple[str, ...]
    centres_yx: FloatArray
    array_yx: FloatArray | None


def predict(config: PredictConfig) -> Job[AnnData]:
    """Predict a section and write the prediction file; the same table is returned.

    Raises
    ------
    InputError
        When the model, the section or the genes asked for do not fit.
    """
    device = pick_device(config.device)
    require_writable(config.out)
    yield Event("Opening the model", 0, 1)
    yield from say_terms(read_info(config.model).encoder, download=config.download)
    recipe, info = load_model(config.model, device=device, download=config.download)
    genes = asked_genes(config.genes, info)
    section = yield from _opened(config)
    yield Event("Opening the section", 1, 1, message=compare_panels(section, info, config.model.name))
    facts = provenance(config, section, info)
    places = find_places(section, config.stride_um)
    finished = _finished(config, facts, genes.names, places) if config.resume else None
    if finished is not None:
        return finished
    features = yield from embed(section, recipe.encoder, places.centres_yx)
    query = make_query(section, info, recipe, places, features)
    if recipe.reads_slide:
        whole = yield from embed_slide(section, recipe.encoder)
        query = replace(query, slide_features=whole)
    answer = yield from answer_in_batches(recipe, query, config.batch)
    answer = yield from answer_genes(answer, genes, info, config.model)
    table = to_anndata(answer, info, names=places.names, centres_yx=places.centres_yx, genes=genes.names)
    table.obs["trained_on"] = bool(trained_on(section, info))
    table.obs["abstained"] = abstained(answer, config.abstain_below)
    table.uns["geneglass"] = facts | {"untested": genes.told(), "calibrated": answer.calibrated}
    yield Event("Writing", 0, 1, message=_told(table))
    require_space(config.out, _OVERHEAD_BYTES + table.X.nbytes + sum(array.nbytes for array in table.obsm.values()))
    with atomic_path(config.out) as temporary:
        table.write_h5ad(temporary)
    return table


def _told(table: AnnData) -> str:
    """Return what the confidence rests on, and how many places are left open; empty where it is not calibrated."""
    calibrated = table.uns["geneglass"]["calibrated"]
    count = int(table.obs["abstained"].sum())
    return f"Confidence is {calibrated}; abstained at {count:,} of {table.n_obs:,} places." if calibrated else ""


def abstained(answer: Answer, below: float) -> NDArray[np.bool_]:
    """Return (n,) True where a calibrated confidence says that the training mean is the better guess."""
    if answer.confidence is None or not answer.calibrated:
        return np.zeros(len(answer.values), dtype=bool)
    found: NDArray[np.bool_] = answer.confidence < below
    return found


def _opened(config: PredictConfig) -> Job[Section]:
    source = find_section(config.section)
    if config.stride_um is None:
        return (yield from open_placed(source))
    yield Event("Opening the section", 0, 1)
    section = open_section(source)
    for told in section.preview_told:
        yield Event("Opening the section", 0, 1, message=told)
    return section


def compare_panels(section: Section, info: ModelInfo, model: str) -> str:
    """Return a sentence on panel genes that were not measured, empty where all were, or nothing was.

    Raises
    ------
    InputError
        When no gene of the panel was measured: another species, or other names.
    """
    if section.spots is None:
        return ""
    measured = set(section.spots.table.var_names)
    absent = [gene for gene in info.genes if gene not in measured]
    if len(absent) == len(info.genes):
        raise InputError(
            f"The panel of {model} ({len(info.genes)} genes: {', '.join(info.genes[:3])}, ...) shares no gene with "
            f"{section.name} ({', '.join(section.spots.table.var_names[:3])}, ...): another species or other gene "
            "names; use a model whose panel fits, or predict the slide alone."
        )
    if not absent:
        return ""
    return f"{len(absent)} of the {len(info.genes)} genes of {model} were not measured in {section.name}: no r there."


def _finished(
    config: PredictConfig, facts: Mapping[str, object], genes: Sequence[str], places: Places
) -> AnnData | None:
    """Return the prediction that is already there, if it is of the same model, slide, places and genes."""
    if not config.out.is_file():
        return None
    try:
        table = read_h5ad(config.out)
    except (OSError, KeyError, ValueError):
        return None
    known = table.uns.get("geneglass", {})
    same = all(
        known.get(key) == facts[key]
        for key in ("model_hash", "slide_hash", "mpp", "stride_um", "abstain_below", "version")
    )
    same = same and list(table.var_names) == list(genes) and tuple(table.obs_names) == places.names
    return table if same and np.allclose(table.obsm["spatial"], places.centres_yx[:, ::-1], atol=1e-3) else None


def find_places(section: Section, stride_um: float | None) -> Places:
    """Return the measured spots, or a grid over the tissue where a stride is given."""
    slide, mpp = require_slide(section)
    if stride_um is None:
        spots = require_spots(section)
        everything = np.ones(spots.table.n_obs, dtype=bool)
        return Places(tuple(spots.table.obs_names), section.centres_yx, array_positions(spots, everything))
    centres = grid_yx(slide, mpp, stride_um)
    if not len(centres):
        raise InputError(f"No tissue was found on {slide.path.name}, so there is nothing to predict on a grid.")
    steps = np.rint(centres / (stride_um / mpp) - 0.5).astype(int)
    return Places(tuple(f"tile_{row}_{column}" for row, column in steps), centres, None)


def make_query(section: Section, info: ModelInfo, recipe: Recipe, places: Places, features: FloatArray) -> QueryData:
    """Return what the recipe may know; a training section goes by the name it has in the model's bank."""
    slide, mpp = require_slide(section)
    patches: PatchSource | None = None
    if getattr(recipe.config, "fine_tune", False):
        patches = SlidePatches(slide, places.centres_yx, recipe.encoder.patches, mpp)
    own = trained_on(section, info)
    return QueryData(
        section=own[0] if own else f"query:{section.name}",
        patient=section.patient,
        features=features,
        centres_um_yx=places.centres_yx * np.float32(mpp),
        array_yx=places.array_yx,
        patches=patches,
        own_sections=own,
    )


def trained_on(section: Section, info: ModelInfo) -> tuple[str, ...]:
    """Return the names of the training sections with the same spots, else of those with the same slide.

    Names are not compared: two cohorts may both have a "C2".
    """
    own_spots, own_slide = spots_hash(section), slide_hash(section)
    # Spots first: of two training sections on one slide, the other one is not the query's own. Where only the slide
    # matches (bare, or with spots made anew) none of them can be told apart.
    same_spots = [known.name for known in info.sections if own_spots and known.spots_hash == own_spots]
    same_slide = [known.name for known in info.sections if own_slide and known.slide_hash == own_slide]
    return tuple(same_spots or same_slide)


def answer_in_batches(recipe: Recipe, query: QueryData, batch: int) -> Job[Answer]:
    """Return the answer to a whole query, computed in parts so that it can be cancelled."""
    parts: list[Answer] = []
    n = len(query.features)
    for start in range(0, n, batch):
        parts.append(recipe.predict(_part(query, slice(start, start + batch))))
        yield Event(f"Predicting {query.section.removeprefix('query:')}", min(start + batch, n), n)
    return join_answers(parts)


def answer_genes(answer: Answer, genes: AskedGenes, info: ModelInfo, model: Path) -> Job[Answer]:
    """Return an answer over the genes asked for; those outside the panel come from its neighbours alone.

    They are gathered a few genes at a time, so that the counts of the reference spots are never all dense.
    """
    place = {gene: column for column, gene in enumerate(info.genes)}
    values = widen(answer.values, [place[gene] for gene in genes.panel], len(genes.outside))
    if genes.outside:
        stage = "Computing genes outside the panel"
        yield Event(stage, 0, len(genes.outside), message=genes.told())
        reference = load_reference(model)
        for part in reference.chunks(genes.outside):
            columns = slice(len(genes.panel) + part.start, len(genes.panel) + part.stop)
            values[:, columns] = reference.average(found_neighbours(answer), genes.outside[part])
            yield Event(stage, part.stop, len(genes.outside))
    return replace(answer, values=values)


def found_neighbours(answer: Answer) -> Neighbours:
    """Return what an answer was retrieved from.

    Raises
    ------
    InputError
        When the recipe answered without retrieving.
    """
    if answer.neighbours is None:
        raise InputError(
            "This model answered without reference spots, which genes outside its panel need: ask for panel."
        )
    return answer.neighbours


@dataclass(frozen=True)
class _Offset:
    source: PatchSource
    start: int

    def read(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        return self.source.read(rows + self.start)


def _part(query: QueryData, rows: slice) -> QueryData:
    return replace(
        query,
        features=query.features[rows],
        centres_um_yx=query.centres_um_yx[rows],
        array_yx=None if query.array_yx is None else query.array_yx[rows],
        patches=None if query.patches is None else _Offset(query.patches, rows.start),
    )


def provenance(config: PredictConfig, section: Section, info: ModelInfo) -> dict[str, object]:
    """Return where a prediction comes from, for `uns["geneglass"]`."""
    slide, mpp = require_slide(section)
    return {
        "version": __version__,
        "recipe": info.recipe,
        "settings": json.dumps(dict(info.settings), sort_keys=True),
        "encoder": info.encoder,
        "unit": info.unit,
        "model": config.model.name,
        "model_hash": file_hash(config.model),
        "slide": slide.path.name,
        "slide_hash": slide_hash(section),
        "section": section.name,
        "patient": section.patient or "",
        "mpp": mpp,
        "stride_um": config.stride_um or 0.0,
        "abstain_below": config.abstain_below,
        "spot_diameter_um": section.spot_diameter_um or 0.0,
        "min_counts": info.min_counts,
        "left_out": info.left_out,
        "leaks": info.leaks,
        "training_sections": _names(info),
    }


def _names(info: ModelInfo) -> Sequence[str]:
    return [str(known.name) for known in info.sections]
