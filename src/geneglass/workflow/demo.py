"""The main job on the embedded sample: train, predict a section of a patient never seen, show."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geneglass.data.atomic import require_folder
from geneglass.data.cohort import find_section, read_cohort
from geneglass.data.sample import sample_cohort
from geneglass.data.section import open_section
from geneglass.workflow.config import DEFAULT_RECIPE, EvaluateConfig, PredictConfig, TrainConfig
from geneglass.workflow.evaluate import evaluate
from geneglass.workflow.events import Event, Job
from geneglass.workflow.picture import compare_picture
from geneglass.workflow.predict import predict
from geneglass.workflow.train import train

RECIPES = (DEFAULT_RECIPE, "ridge")
PICTURES = 4


@dataclass(frozen=True)
class DemoResult:
    """What the demo wrote, and what a window would show."""

    section: str
    model: Path
    prediction: Path
    metrics: Path
    pictures: tuple[Path, ...]
    gene: str


def demo(out: Path) -> Job[DemoResult]:
    """Train on two invented patients of the sample, predict the third, score both recipes beside the nulls.

    Parameters
    ----------
    out
        Folder for the model, the prediction, the pictures and the metrics; made if missing.
    """
    cohort_path = sample_cohort()
    require_folder(out)
    last = read_cohort(cohort_path).sections[-1]
    model = out / f"{DEFAULT_RECIPE}.safetensors"
    hold_out = (f"patient:{last.patient}",)
    yield from train(TrainConfig(cohort=cohort_path, out=model, hold_out=hold_out))
    config = PredictConfig(model=model, section=f"{cohort_path}#{last.name}", out=out / f"{last.name}.h5ad")
    prediction = yield from predict(config)
    yield from evaluate(EvaluateConfig(cohort=cohort_path, out=out, recipes=RECIPES, split="patient"))
    genes = _best_genes(prediction.var["trust_r"].to_numpy(), tuple(prediction.var_names))
    pictures = []
    section = open_section(find_section(config.section))
    for number, gene in enumerate(genes):
        yield Event("Drawing", number, len(genes))
        pictures.append(out / f"{last.name}_{gene}.png")
        compare_picture(section, prediction, gene, pictures[-1])
    return DemoResult(config.section, model, config.out, out / "metrics.json", tuple(pictures), genes[0])


def _best_genes(r: np.ndarray, genes: tuple[str, ...]) -> tuple[str, ...]:
    order = np.argsort(-np.nan_to_num(r, nan=-1.0), kind="stable")
    return tuple(genes[i] for i in order[:PICTURES])
