"""Train one recipe on a cohort and write one model file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from geneglass import __version__
from geneglass.data.atomic import require_writable
from geneglass.data.cohort import SectionSource, read_cohort
from geneglass.data.genes import choose_panel, read_panel
from geneglass.data.section import Section, require_slide, require_spots
from geneglass.data.section_hash import slide_hash, spots_hash
from geneglass.data.sisters import require_apart
from geneglass.data.split import cross_folds, hold_out
from geneglass.data.stain import stain_of
from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo, SectionInfo, save_model
from geneglass.model.encoder import Encoder
from geneglass.model.make import make_recipe
from geneglass.model.recipe import Recipe
from geneglass.model.reference import ReferenceCounts, SectionCounts, join_counts
from geneglass.model.trust import Trust
from geneglass.workflow.config import TrainConfig
from geneglass.workflow.cross_fit import Training, cross_fit, left_out
from geneglass.workflow.device import pick_device
from geneglass.workflow.encoder import open_encoder
from geneglass.workflow.enough_spots import require_training_spots
from geneglass.workflow.events import Event, Job
from geneglass.workflow.opening import open_placed
from geneglass.workflow.prepare import Prepared, needs_of, prepare
from geneglass.workflow.resume import resumable_fit
from geneglass.workflow.run_folder import run_folder
from geneglass.workflow.thumbnails import FIELD_UM, thumbnails


def train(config: TrainConfig) -> Job[Path]:
    """Train `config.recipe` on the sections that are not held out, and return the model file's path.

    Yields events at every batch; closing the generator cancels, and no file is left behind.

    Raises
    ------
    InputError
        When a section can not be read or has no usable spot, names do not match, or nothing is left to train on.
    """
    device = pick_device(config.device)
    require_writable(config.out)
    sources = training_sources(config)
    sections = yield from _open(sources, config.min_counts)
    divisions = cross_folds(sources) if config.cross_fit else ()
    require_apart(divisions, {section.name: section for section in sections})
    panel = choose_or_read_panel(config, [require_spots(s) for s in sections])
    encoder = yield from open_encoder(config.encoder, device=device, download=config.download)

    def make(genes: tuple[str, ...]) -> Recipe:
        return make_recipe(config.recipe, config.settings, genes, encoder, seed=config.seed, device=device)

    recipe = make(panel)
    recipe.require_trainable()
    needs = needs_of([(type(recipe), recipe.config)])
    if needs.patches and encoder.network() is None:
        sentence = f"{config.encoder} has no network to train: {config.recipe} runs on its frozen features instead."
        yield Event("Opening sections", len(sections), len(sections), message=sentence)
    with run_folder(config) as folder:
        prepared = []
        for section in sections:
            item = yield from prepare(section, encoder, panel, min_counts=config.min_counts, needs=needs)
            prepared.append(item)
        data = [p.data for p in prepared]
        yield from resumable_fit(recipe, data, stage=f"Training {config.recipe}", folder=folder)
        trust: Trust = {}
        if config.cross_fit:
            training = Training(make, lambda rest: panel_of(config, rest), panel, config.seed)
            trust = yield from cross_fit(training, prepared, folder=folder)
        held_out, leaks = left_out(divisions)
        info = replace(_info(config, recipe, encoder, prepared, trust), left_out=held_out, leaks=leaks)
        yield from _write(config, recipe, prepared, info)
    return config.out


def _write(config: TrainConfig, recipe: Recipe, prepared: Sequence[Prepared], info: ModelInfo) -> Job[None]:
    """Write the model file, with pictures of the reference spots where the user asked for them."""
    pictures = (yield from thumbnails(recipe, prepared)) if config.store_thumbnails else None
    info = replace(info, thumbnail_um=0.0 if pictures is None else FIELD_UM)
    save_model(config.out, recipe, info, reference_counts(recipe, prepared), pictures)


def training_sources(config: TrainConfig) -> tuple[SectionSource, ...]:
    """Return the cohort's sections that are trained on; at least one."""
    cohort = read_cohort(config.cohort)
    kept, _ = hold_out(cohort.sections, config.hold_out)
    if not kept:
        raise InputError(f"Nothing is left to train on in {config.cohort.name}: every section is held out.")
    return tuple(kept)


def _open(sources: Sequence[SectionSource], min_counts: int) -> Job[list[Section]]:
    sections = []
    for number, source in enumerate(sources):
        section = yield from open_placed(source, number, len(sources))
        require_training_spots(section.name, require_spots(section), min_counts)
        sections.append(section)
    return sections


def choose_or_read_panel(config: TrainConfig, spots: Sequence[object]) -> tuple[str, ...]:
    """Return the genes of the panel file, else those chosen on the training sections."""
    if config.panel is not None:
        return read_panel(config.panel)
    return choose_panel(spots, config.panel_size, config.min_counts)  # type: ignore[arg-type]


def reference_counts(recipe: Recipe, prepared: Sequence[Prepared]) -> ReferenceCounts | None:
    """Return the counts of all genes of the reference spots of a trained recipe; None where it does not retrieve."""
    if not recipe.retrieves:
        return None
    sections = []
    for item in prepared:
        table = require_spots(item.section).table
        genes = tuple(map(str, table.var_names))
        sections.append(SectionCounts(item.section.name, table.X[item.kept], genes, item.totals))
    return join_counts(sections, recipe)


def panel_of(config: TrainConfig, prepared: Sequence[Prepared]) -> tuple[str, ...]:
    """Return the panel of a model trained on these sections only."""
    return choose_or_read_panel(config, [require_spots(item.section) for item in prepared])


def _info(
    config: TrainConfig,
    recipe: Recipe,
    encoder: Encoder,
    prepared: Sequence[Prepared],
    trust: Trust,
) -> ModelInfo:
    sections = tuple(
        SectionInfo(
            name=p.section.name,
            patient=p.section.patient,
            slide_hash=slide_hash(p.section),
            spots_hash=spots_hash(p.section),
            n_spots=len(p.totals),
            mpp=require_slide(p.section)[1],
        )
        for p in prepared
    )
    return ModelInfo(
        recipe=config.recipe,
        settings=dict(config.settings),
        encoder=config.encoder,
        genes=recipe.genes,
        unit=recipe.unit,
        seed=config.seed,
        version=__version__,
        min_counts=config.min_counts,
        sections=sections,
        trust=trust,
        stains=tuple(stain_of(require_slide(p.section)[0]) for p in prepared),
    )
