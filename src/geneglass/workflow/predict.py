"""Predict the genes of a section with a model file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from anndata import AnnData, read_h5ad

from geneglass import __version__
from geneglass.data.atomic import atomic_path, require_space, require_writable
from geneglass.data.cohort import find_section
from geneglass.data.section import Section, open_section, require_slide
from geneglass.data.section_hash import slide_hash
from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo, load_model, read_info
from geneglass.workflow.answering import answer_genes, answer_in_batches
from geneglass.workflow.asked_genes import asked_genes
from geneglass.workflow.blocks import View
from geneglass.workflow.config import PredictConfig
from geneglass.workflow.dense import Growth
from geneglass.workflow.device import pick_device
from geneglass.workflow.embed import embed, embed_slide
from geneglass.workflow.encoder import say_terms
from geneglass.workflow.events import Event, Job
from geneglass.workflow.opening import open_placed
from geneglass.workflow.places import Places, find_places
from geneglass.workflow.prediction_task import Task
from geneglass.workflow.provenance import file_hash

_OVERHEAD_BYTES = 65_536
"""Names, columns and provenance of a prediction file, about."""


def predict(config: PredictConfig, view: View | None = None) -> Job[AnnData]:
    """Predict a section and write the prediction file; the same table is returned.

    A grid over the tissue is predicted block by block, and each is told by an event that holds it (`Part`). Closing
    the generator writes what was predicted so far; the next run goes on from there.

    Parameters
    ----------
    config
        What is predicted, and where.
    view
        The part of the slide that somebody looks at: of a grid, it comes first.

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
    whole = (yield from embed_slide(section, recipe.encoder)) if recipe.reads_slide else None
    task = Task(config, facts, section, info, recipe, places, genes, whole)
    if config.stride_um is None:
        features = yield from embed(section, recipe.encoder, places.centres_yx)
        return (yield from _answered(task, features))
    growth = Growth(task, config.stride_um, view)
    try:
        features = yield from growth.run()
        return (yield from _answered(task, features))
    except GeneratorExit:
        # What was predicted so far stays usable, unless a finished prediction of the same stands there already.
        partial = growth.partial()
        if partial is not None and _finished(config, facts, genes.names, places) is None:
            _write(partial, config.out)
        raise


def _answered(task: Task, features: FloatArray) -> Job[AnnData]:
    """Answer all places, write the file and return its table."""
    answer = yield from answer_in_batches(task.recipe, task.query(features), task.config.batch)
    answer = yield from answer_genes(answer, task.genes, task.info, task.config.model)
    table = task.table(answer)
    yield Event("Writing", 0, 1, message=_told(table))
    _write(table, task.config.out)
    return table


def _write(table: AnnData, out: Path) -> None:
    require_space(out, _OVERHEAD_BYTES + table.X.nbytes + sum(array.nbytes for array in table.obsm.values()))
    with atomic_path(out) as temporary:
        table.write_h5ad(temporary)


def _told(table: AnnData) -> str:
    """Return what the confidence rests on, and how many places are left open; empty where it is not calibrated."""
    calibrated = table.uns["geneglass"]["calibrated"]
    count = int(table.obs["abstained"].sum())
    return f"Confidence is {calibrated}; abstained at {count:,} of {table.n_obs:,} places." if calibrated else ""


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
    told = f"{len(absent)} of the {len(info.genes)} genes of {model} {'was' if len(absent) == 1 else 'were'}"
    return f"{told} not measured in {section.name}: no r there."


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
