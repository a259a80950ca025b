"""One frozen config per job: the form, the command line, the file and the model read the same one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from geneglass.model.limits import require

MIN_COUNTS = 500
"""Spots with fewer counts are set aside: log-normalised, a spot of two counts is an outlier in every gene."""


DEFAULT_RECIPE = "geneglass"
"""First, or within 0.004 of the first, on every set of benchmarks/README.md, as no other is."""


@dataclass(frozen=True)
class TrainConfig:
    """Train one recipe on a cohort."""

    cohort: Annotated[Path, {"tooltip": "The cohort.toml with slides, spots and patients"}]
    out: Annotated[Path, {"tooltip": "The model file to write (.safetensors)"}]
    recipe: Annotated[str, {"tooltip": "Which model to train"}] = DEFAULT_RECIPE
    encoder: Annotated[str, {"tooltip": "What turns a patch of the slide into numbers"}] = "texture"
    hold_out: Annotated[tuple[str, ...], {"tooltip": "Left out of training: section:NAME or patient:NAME"}] = ()
    panel: Annotated[Path | None, {"tooltip": "A text file with one gene per line; else chosen on training data"}] = (
        None
    )
    panel_size: Annotated[
        int, {"min": 1, "max": 20000, "tooltip": "How many genes to learn; those that vary most are chosen"}
    ] = 1000
    settings: Annotated[Mapping[str, Any], {"tooltip": "A setting of the recipe, key=value; repeatable"}] = field(
        default_factory=dict
    )
    min_counts: Annotated[
        int, {"min": 0, "tooltip": "Spots with fewer counts are not trained on: they say too little of any gene"}
    ] = MIN_COUNTS
    cross_fit: Annotated[
        bool, {"tooltip": "Say for each gene how far it can be believed: trains again with each patient left out"}
    ] = True
    store_thumbnails: Annotated[
        bool, {"tooltip": "Keep small pictures of the reference spots in the model file: they are patient tissue"}
    ] = False
    device: Annotated[str, {"tooltip": "auto, cpu or cuda"}] = "auto"
    seed: Annotated[
        int,
        {
            "min": 0,
            "tooltip": "Chance begins from this number: the same number on the same machine gives the same model",
        },
    ] = 0
    download: Annotated[bool, {"tooltip": "Allow encoder weights to be downloaded"}] = False
    resume: Annotated[bool, {"tooltip": "Go on where an interrupted run of the same settings had come to"}] = False
    snapshot_s: Annotated[float, {"min": 0.0, "tooltip": "Seconds between two snapshots of a training, at least"}] = (
        20.0
    )

    def __post_init__(self) -> None:
        require(self.snapshot_s >= 0, f"snapshot_s must not be negative, got {self.snapshot_s:g}.")
        require(self.panel_size >= 1, f"panel_size must be at least 1, got {self.panel_size}.")
        require(self.min_counts >= 0, f"min_counts must be at least 0, got {self.min_counts}.")
        require(self.out.suffix == ".safetensors", f"A model file ends in .safetensors, got {self.out.name!r}.")
        for item in self.hold_out:
            kind, _, name = item.partition(":")
            require(
                kind in ("section", "patient") and bool(name),
                f"--hold-out takes section:NAME or patient:NAME, got {item!r}.",
            )


@dataclass(frozen=True)
class PredictConfig:
    """Predict a section with a model file."""

    model: Annotated[Path, {"tooltip": "A model file written by training (.safetensors)"}]
    section: Annotated[str, {"tooltip": "A slide, a folder, a cohort.toml with one section, or cohort.toml#name"}]
    out: Annotated[Path, {"tooltip": "The prediction to write (.h5ad)"}]
    stride_um: Annotated[float | None, {"tooltip": "Step of a grid over the whole tissue; else the measured spots"}] = (
        None
    )
    genes: Annotated[
        str, {"tooltip": "panel, all (models that retrieve: every gene that was measured), or names with commas"}
    ] = "panel"
    device: Annotated[str, {"tooltip": "auto, cpu or cuda"}] = "auto"
    abstain_below: Annotated[
        float, {"min": 0.0, "max": 1.0, "tooltip": "Places of lower calibrated confidence are marked as abstained"}
    ] = 0.5
    batch: Annotated[int, {"min": 1, "tooltip": "Places predicted at a time"}] = 4096
    download: Annotated[bool, {"tooltip": "Allow encoder weights to be downloaded"}] = False
    resume: Annotated[bool, {"tooltip": "Keep a prediction file of the same model and slide that is already there"}] = (
        False
    )

    def __post_init__(self) -> None:
        require(self.out.suffix == ".h5ad", f"A prediction file ends in .h5ad, got {self.out.name!r}.")
        require(self.stride_um is None or self.stride_um > 0, f"stride_um must be positive, got {self.stride_um}.")
        require(0 <= self.abstain_below <= 1, f"abstain_below must be from 0 to 1, got {self.abstain_below}.")
        require(self.batch >= 1, f"batch must be at least 1, got {self.batch}.")


Split = Literal["patient", "section"]
Protocol = Literal["geneglass", "mclstexp", "hest"]


@dataclass(frozen=True)
class EvaluateConfig:
    """Score recipes on sections they never saw, beside predictors that saw no image."""

    cohort: Annotated[Path, {"tooltip": "The cohort.toml with slides, spots and patients"}]
    out: Annotated[Path, {"tooltip": "Folder for metrics.json, per_gene.csv and report.html"}]
    recipes: Annotated[tuple[str, ...], {"tooltip": "NAME, or NAME:faithful for the published form; repeatable"}] = (
        DEFAULT_RECIPE,
    )
    encoder: Annotated[str, {"tooltip": "What turns a patch of the slide into numbers"}] = "texture"
    split: Annotated[Split, {"tooltip": "patient, or section (which leaks the patient, and says so)"}] = "patient"
    train: Annotated[tuple[str, ...], {"tooltip": "Sections to train on, with --test, instead of a split"}] = ()
    test: Annotated[tuple[str, ...], {"tooltip": "Sections to test on, with --train"}] = ()
    protocol: Annotated[Protocol, {"tooltip": "geneglass, or as published: mclstexp, hest"}] = "geneglass"
    panel: Annotated[Path | None, {"tooltip": "A text file with one gene per line; else chosen on training data"}] = (
        None
    )
    panel_size: Annotated[int, {"min": 1, "max": 20000, "tooltip": "How many genes to choose"}] = 1000
    settings: Annotated[Mapping[str, Any], {"tooltip": "A setting of the recipe, key=value; repeatable"}] = field(
        default_factory=dict
    )
    min_counts: Annotated[int, {"min": 0, "tooltip": "Spots with fewer counts are set aside"}] = MIN_COUNTS
    device: Annotated[str, {"tooltip": "auto, cpu or cuda"}] = "auto"
    seed: Annotated[int, {"min": 0, "tooltip": "Same seed, same machine, same result"}] = 0
    download: Annotated[bool, {"tooltip": "Allow encoder weights to be downloaded"}] = False

    def __post_init__(self) -> None:
        require(bool(self.train) == bool(self.test), "Give both --train and --test, or neither.")
        both = set(self.train) & set(self.test)
        require(not both, f"Sections can not be in --train and --test at once: {', '.join(sorted(both))}.")
        for option, names in (("--train", self.train), ("--test", self.test)):
            twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
            require(not twice, f"{option} names {twice} more than once; name each section once.")
        require(bool(self.recipes), "Name at least one recipe.")
        choices = " or ".join(get_args(Split))
        require(self.split in get_args(Split), f"split must be {choices}, got {self.split!r}.")
        require(self.panel_size >= 1, f"panel_size must be at least 1, got {self.panel_size}.")
        require(self.min_counts >= 0, f"min_counts must be at least 0, got {self.min_counts}.")
        require(self.seed >= 0, f"seed must be at least 0, got {self.seed}.")


@dataclass(frozen=True)
class NullsConfig:
    """Score the predictors that see no image; sections need no slide."""

    cohort: Annotated[Path, {"tooltip": "A cohort.toml; its sections need no slide"}]
    protocol: Annotated[Protocol, {"tooltip": "geneglass, or as published: mclstexp, hest"}] = "geneglass"
    panel: Annotated[Path | None, {"tooltip": "A text file with one gene per line; else chosen on training data"}] = (
        None
    )
    split: Annotated[Split, {"tooltip": "patient, or section (which leaks the patient, and says so)"}] = "patient"
    min_counts: Annotated[int, {"min": 0, "tooltip": "Spots with fewer counts are set aside"}] = MIN_COUNTS
    seed: Annotated[int, {"min": 0, "tooltip": "Same seed, same machine, same result"}] = 0


@dataclass(frozen=True)
class ReportConfig:
    """Report genes of a predicted section as a page and a PDF."""

    prediction: Annotated[Path, {"tooltip": "A prediction written by geneglass (.h5ad)"}]
    section: Annotated[str, {"tooltip": "Its slide, a folder, a cohort.toml with one section, or cohort.toml#name"}]
    genes: Annotated[tuple[str, ...], {"tooltip": "Names with commas, in the order of the report; repeatable"}]
    out: Annotated[Path, {"tooltip": "The page to write (.html); the PDF of the same name goes beside it"}]
    domains: Annotated[
        Path | None, {"tooltip": "Domains drawn on the slide (.geojson); else those that the cohort names"}
    ] = None
    note: Annotated[str, {"tooltip": "What you want to say in the report"}] = ""

    def __post_init__(self) -> None:
        require(self.out.suffix.lower() == ".html", f"A report ends in .html, got {self.out.name!r}.")
        require(bool(self.genes), "A report needs genes: name them with --genes, with commas between them.")


@dataclass(frozen=True)
class FetchConfig:
    """Fetch a public data set into a folder."""

    name: Annotated[str, {"tooltip": "The set; without it, the sets are listed"}] = ""
    to: Annotated[Path | None, {"tooltip": "Folder to fetch into; else one named as the set, here"}] = None
    sections: Annotated[tuple[str, ...], {"tooltip": "Only these sections, or those of these patients"}] = ()
    images: Annotated[bool, {"tooltip": "Fetch the pictures of tissue too"}] = True
    mirror: Annotated[str | None, {"tooltip": "Fetch from this address (http or https) instead of the publisher's"}] = (
        None
    )

    def __post_init__(self) -> None:
        require(
            self.mirror is None or self.mirror.startswith(("http://", "https://")),
            f"--mirror takes an address that starts with http:// or https://, got {self.mirror!r}.",
        )
