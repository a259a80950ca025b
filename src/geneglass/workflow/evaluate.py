"""Score recipes on sections they never saw, beside predictors that saw no image."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from geneglass.data.atomic import require_folder
from geneglass.data.cohort import SectionSource, read_cohort
from geneglass.data.genes import choose_panel, normalise, panel_counts, read_panel
from geneglass.data.section import Section, require_spots
from geneglass.data.sisters import require_apart
from geneglass.data.split import Fold, folds, make_fold
from geneglass.data.spots import repeated_names
from geneglass.data.types import FloatArray
from geneglass.errors import InputError, UsageError
from geneglass.model.encoder import Encoder
from geneglass.model.make import make_config, make_recipe
from geneglass.model.recipe import Recipe, TrainData
from geneglass.model.recipes import RECIPES
from geneglass.workflow.config import EvaluateConfig
from geneglass.workflow.device import pick_device
from geneglass.workflow.encoder import open_encoder
from geneglass.workflow.enough_spots import require_spots_left, require_training_spots
from geneglass.workflow.events import Event, Job
from geneglass.workflow.fit import fit
from geneglass.workflow.measured import BASELINE, Measured, measure
from geneglass.workflow.metrics import Facts, complete
from geneglass.workflow.opening import open_placed
from geneglass.workflow.prepare import Prepared, needs_of, prepare
from geneglass.workflow.protocol import Protocol, get_protocol
from geneglass.workflow.results import write_results
from geneglass.workflow.score_recipe import Asked, training_mean, with_position, with_recipe
from geneglass.workflow.scores import Scored, score_image_free


@dataclass(frozen=True)
class Bench:
    """What all folds share; each section is opened and embedded once, whatever the panel of a fold."""

    config: EvaluateConfig
    protocol: Protocol
    encoder: Encoder
    device: str
    folds: tuple[Fold, ...]
    panels: Mapping[str, tuple[str, ...]]
    prepared: Mapping[str, Prepared]
    """Per section, with no genes yet: features and places of the spots that count."""

    def measured(self, name: str, panel: Sequence[str]) -> Measured:
        """Return what was measured of a panel on one section."""
        prepared, limit = self.prepared[name], min_counts(self.config, self.protocol)
        return measure(
            prepared.section.source,
            require_spots(prepared.section),
            panel,
            self.protocol,
            min_counts=limit,
            centres_um_yx=prepared.data.centres_um_yx,
        )

    def asked(self, test: Measured, references: Sequence[Measured]) -> Asked:
        """Return a test section as a recipe is asked about it."""
        spots = sum(len(reference.counts) for reference in references)
        return Asked(test, self.prepared[test.name].data.query(), self.protocol, self.config.seed, spots)

    def recipe(self, name: str, panel: Sequence[str]) -> Recipe:
        """Return an untrained recipe."""
        settings = settings_of(name, self.config)
        return make_recipe(name, settings, panel, self.encoder, seed=self.config.seed, device=self.device)


def evaluate(config: EvaluateConfig) -> Job[dict[str, Any]]:
    """Train and score every recipe in every fold; write metrics.json, per_gene.csv and report.html.

    Returns what metrics.json holds. Closing the generator cancels, and files that existed stay as they were.

    Raises
    ------
    InputError
        When the split is not possible, a section can not be read, or the folder can not be written.
    """
    with ExitStack() as stack:
        bench = yield from _open(config, stack)
        require_folder(config.out)
        scored: list[Scored] = []
        units: dict[str, str] = {}
        sections: dict[str, Measured] = {}
        for fold in bench.folds:
            yield from _score_fold(bench, fold, scored, units, sections)
        facts = Facts(config, bench.protocol, bench.panels, units, tuple(sections.values()))
    metrics = complete(facts, scored)
    write_results(config.out, metrics, scored)
    return metrics


def min_counts(config: EvaluateConfig, protocol: Protocol) -> int:
    """Return the limit under which spots are set aside; 0 where the protocol keeps all."""
    return 0 if protocol.every_spot else config.min_counts


def settings_of(recipe: str, config: EvaluateConfig) -> dict[str, Any]:
    """Return the settings of one recipe; where several name a key, the narrowest stands.

    `key` is for every recipe, `mclstexp.key` for both forms of one, `mclstexp:faithful.key` for that form alone.

    Raises
    ------
    UsageError
        When a key names a recipe, or a form of one, that is not evaluated.
    """
    base = recipe.partition(":")[0]
    evaluated = {*config.recipes, *(name.partition(":")[0] for name in config.recipes)}
    wide, form, own = {}, {}, {}
    for key, value in config.settings.items():
        owner, dot, setting = key.partition(".")
        if dot and owner not in evaluated:
            raise UsageError(f"The setting {key} is for {owner}, which is not evaluated; name it with --recipe.")
        if not dot:
            wide[key] = value
        elif owner == recipe and ":" in owner:
            own[setting] = value
        elif owner == base:
            form[setting] = value
    return {**wide, **form, **own}


def _open(config: EvaluateConfig, stack: ExitStack) -> Job[Bench]:
    repeated = repeated_names(config.recipes)
    if repeated:
        raise UsageError(f"Each recipe is evaluated once, but {', '.join(repeated)} is named more than once.")
    configs = [make_config(name, settings_of(name, config)) for name in config.recipes]
    divisions, sources = _divide(config)
    protocol, device = get_protocol(config.protocol), pick_device(config.device)
    sections = {}
    for number, source in enumerate(sources):
        sections[source.name] = yield from open_placed(source, number, len(sources))
        stack.callback(sections[source.name].close)
    require_apart(divisions, sections)
    encoder = yield from open_encoder(config.encoder, device=device, download=config.download)
    _require_trainable(config, encoder)
    panels = yield from _panels(config, divisions, sections)
    needs = needs_of((RECIPES[name.partition(":")[0]], c) for name, c in zip(config.recipes, configs, strict=True))
    limit = min_counts(config, protocol)
    prepared = {}
    for name, section in sections.items():
        prepared[name] = yield from prepare(section, encoder, (), min_counts=limit, needs=needs)
    return Bench(config, protocol, encoder, device, divisions, panels, prepared)


def _require_trainable(config: EvaluateConfig, encoder: Encoder) -> None:
    """Refuse, before a place is embedded, a recipe that can not train this encoder, and name it."""
    for name in config.recipes:
        try:
            make_recipe(name, settings_of(name, config), (), encoder).require_trainable()
        except InputError as error:
            raise InputError(f"{name}: {error} The setting of this recipe alone is {name}.fine_tune.") from error


def _divide(config: EvaluateConfig) -> tuple[tuple[Fold, ...], tuple[SectionSource, ...]]:
    sections = read_cohort(config.cohort).sections
    if not config.train:
        return folds(sections, config.split), sections
    by_name = {section.name: section for section in sections}
    unknown = [name for name in (*config.train, *config.test) if name not in by_name]
    if unknown:
        raise UsageError(f"No section {', '.join(unknown)} in {config.cohort.name}; it has {', '.join(by_name)}.")
    train, test = [by_name[name] for name in config.train], [by_name[name] for name in config.test]
    return (make_fold("+".join(config.test), train, test),), (*train, *test)


def _panels(
    config: EvaluateConfig, divisions: Sequence[Fold], sections: Mapping[str, Section]
) -> Job[dict[str, tuple[str, ...]]]:
    fixed = None if config.panel is None else read_panel(config.panel)
    limit = min_counts(config, get_protocol(config.protocol))
    panels = {}
    for number, fold in enumerate(divisions):
        yield Event("Choosing genes", number, len(divisions))
        tables = [require_spots(sections[name]) for name in fold.train]
        for name, table in zip(fold.train, tables, strict=True):
            require_training_spots(name, table, limit)
        panels[fold.name] = fixed or choose_panel(tables, config.panel_size, limit)
        for table in tables:
            panel_counts(table, panels[fold.name])  # refuses a training section that lacks a gene, by name
    return panels


def _score_fold(
    bench: Bench, fold: Fold, scored: list[Scored], units: dict[str, str], sections: dict[str, Measured]
) -> Job[None]:
    panel = bench.panels[fold.name]
    references = [bench.measured(name, panel) for name in fold.train]
    here: dict[str, Scored] = {}
    for number, name in enumerate(fold.test):
        yield Event(f"Scoring what sees no image on {name}", number, len(fold.test))
        sections[name] = bench.measured(name, panel)
        require_spots_left(sections[name], min_counts(bench.config, bench.protocol))
        one = score_image_free(sections[name], references, bench.protocol, seed=bench.config.seed)
        here[name] = replace(one, fold=fold.name, leaks=fold.leaks)
    data = [_train_data(bench.prepared[r.name], r) for r in references]
    means: dict[str, FloatArray | None] = {}
    for recipe_name in bench.config.recipes:
        recipe = bench.recipe(recipe_name, panel)
        yield from fit(recipe, data, stage=f"Training {recipe_name} without {fold.name}")
        units[recipe_name] = recipe.unit
        if recipe.unit not in means:
            means[recipe.unit] = training_mean(references, recipe.unit)
        for name in fold.test:
            yield Event(f"Predicting {name} with {recipe_name}", 0, 1)
            asked = bench.asked(sections[name], references)
            here[name] = with_recipe(here[name], recipe_name, recipe, asked, means[recipe.unit])
            if recipe_name == BASELINE and recipe.unit == bench.protocol.unit:
                here[name] = with_position(here[name], asked, references, recipe)
    scored.extend(here.values())


def _train_data(prepared: Prepared, measured: Measured) -> TrainData:
    expression = normalise(measured.counts, measured.totals)
    return replace(prepared.data, expression=expression, counts=measured.counts)
