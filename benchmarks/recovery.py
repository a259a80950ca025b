"""Planted genes found again: r beside what is possible, and how many genes that no picture shows pass as shown.

    python benchmarks/recovery.py [--recipe ridge]... [--seeds 200-219] [--out recovery.json]

For each seed an invented cohort is made (`sample_data/make_cohort.py`), one section for each patient. Each recipe,
in its default settings on the embedded encoder, goes through the cross-fitting that gives a model file its trust:
each patient left out in turn, and a verdict per gene. Stated are

- morphology genes: mean held-out r beside the mean r that their planted strength and the noise of counting allow
  (`sample_data/allowed_r.py`), and how the genes are spread about it;
- position, depth and noise genes: the share with the verdict "better", at most 0.05;
- the same for all genes with the features dealt to the wrong places of each section, at most 0.05.

The panel is every gene of the cohort: a panel chosen by variance would leave out what must not be found.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anndata import read_h5ad
from numpy.typing import NDArray

from allowed_r import allowed_r
from cohort_genes import FEATURES, KINDS, GenePlan
from geneglass.data.atomic import atomic_path
from geneglass.data.cohort import read_cohort
from geneglass.data.section import open_section
from geneglass.model.encoder import Encoder
from geneglass.model.make import make_config, make_encoder, make_recipe
from geneglass.model.recipes import RECIPES
from geneglass.model.trust import BETTER, VERDICTS, Trust
from geneglass.workflow.cross_fit import Training, cross_fit
from geneglass.workflow.events import finish
from geneglass.workflow.prepare import Prepared, needs_of, prepare
from geneglass.workflow.resume import RunFolder
from make_cohort import PATIENTS, make_cohort, patient_effect

MIN_COUNTS = 500
MAX_GAP = 0.05
"""Of mean r below what is allowed."""
MAX_FALSE = 0.05
"""Share of genes that no picture shows, with the verdict better."""
UNSEEN = KINDS[1:]


@dataclass(frozen=True)
class Size:
    """How large a cohort is made; each patient has one section."""

    patients: int = 12
    size_um: tuple[float, float] = (2200.0, 2800.0)
    n_genes: int = 200
    mpp: float = 1.0


@dataclass(frozen=True)
class Planted:
    """An invented cohort, ready for recipes.

    Attributes
    ----------
    truth
        What each gene follows, one row each.
    allowed
        (genes,) mean over sections of the highest possible r.
    """

    seed: int
    truth: pd.DataFrame
    allowed: NDArray[np.float32]
    sections: tuple[Prepared, ...]

    def shuffled(self) -> "Planted":
        """Return the same cohort with the features of each section dealt to the wrong places."""
        rng = np.random.default_rng(self.seed)
        dealt = [
            replace(item, data=replace(item.data, features=rng.permutation(item.data.features)))
            for item in self.sections
        ]
        return replace(self, sections=tuple(dealt))


def plant(folder: Path, seed: int, size: Size, encoder: Encoder, recipes: Sequence[str]) -> Planted:
    """Make a cohort and read it as a recipe does."""
    names = PATIENTS[: size.patients]
    path = make_cohort(folder, seed, sections=names, size_um=size.size_um, n_genes=size.n_genes, mpp=size.mpp)
    truth = pd.read_csv(folder / "truth.csv", keep_default_na=False)
    needs = needs_of((RECIPES[name.partition(":")[0]], make_config(name, {})) for name in recipes)
    sections, allowed = [], []
    for number, source in enumerate(read_cohort(path).sections):
        section = open_section(source)
        genes = tuple(truth["gene"])
        sections.append(finish(prepare(section, encoder, genes, min_counts=MIN_COUNTS, needs=needs)))
        planted = read_h5ad(str(source.spots)).obsm["planted"].to_numpy()
        effect = patient_effect(seed, number, len(truth))
        rng = np.random.default_rng([seed, number])
        allowed.append(allowed_r(rng, GenePlan(truth), planted, effect, section=source.name, min_counts=MIN_COUNTS))
    defined = np.ma.masked_invalid(np.stack(allowed)).mean(axis=0)
    return Planted(seed, truth, np.asarray(defined.filled(np.nan), np.float32), tuple(sections))


def trusted(planted: Planted, recipe: str, encoder: Encoder) -> Trust:
    """Return what a model file of this recipe would say of each gene."""
    panel = tuple(planted.truth["gene"])
    training = Training(lambda genes: make_recipe(recipe, {}, genes, encoder), lambda rest: panel, panel)
    with tempfile.TemporaryDirectory() as folder:
        return finish(cross_fit(training, planted.sections, folder=RunFolder(Path(folder), float("inf"))))


def recover(planted: Planted, recipe: str, encoder: Encoder) -> pd.DataFrame:
    """Return one row per gene: what it follows, its r beside what is allowed, and whether it passes as shown."""
    start = time.process_time()
    found = trusted(planted, recipe, encoder)
    seconds = time.process_time() - start
    wrong = trusted(planted.shuffled(), recipe, encoder)
    better = VERDICTS.index(BETTER)
    return planted.truth[["gene", "kind", "follows", "strength"]].assign(
        recipe=recipe,
        seed=planted.seed,
        seconds=seconds,
        r=found["r"],
        null_r=found["null_r"],
        allowed=planted.allowed,
        ceiling=found["ceiling"],
        better=found["verdict"] == better,
        better_shuffled=wrong["verdict"] == better,
    )


def figures(genes: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of one recipe over all cohorts, and whether each goal is met."""
    morphology = genes[genes["kind"] == "morphology"]
    gap = morphology["allowed"] - morphology["r"]
    by_cohort = morphology.groupby("seed")[["r", "allowed"]].mean()
    passed = {kind: float(genes.loc[genes["kind"] == kind, "better"].mean()) for kind in UNSEEN}
    unseen = float(genes.loc[genes["kind"].isin(UNSEEN), "better"].mean())
    shuffled = float(genes["better_shuffled"].mean())
    mean_gap = float(gap.mean())
    return {
        "cohorts": int(genes["seed"].nunique()),
        "r": float(morphology["r"].mean()),
        "allowed": float(morphology["allowed"].mean()),
        "gap": mean_gap,
        "gap_sd_over_cohorts": float((by_cohort["allowed"] - by_cohort["r"]).std(ddof=0)),
        "gap_percentiles": {str(q): float(np.percentile(gap, q)) for q in (5, 25, 50, 75, 95)},
        "genes_within": float((gap <= MAX_GAP).mean()),
        "ceiling": float(morphology["ceiling"].fillna(0).mean()),
        "morphology_better": float(morphology["better"].mean()),
        "by_feature": _by_feature(morphology),
        "unseen_better": unseen,
        "unseen_better_by_kind": passed,
        "unseen_better_worst_cohort": float(genes[genes["kind"].isin(UNSEEN)].groupby("seed")["better"].mean().max()),
        "shuffled_better": shuffled,
        "cpu_seconds_of_cross_fitting": float(genes.groupby("seed")["seconds"].first().mean()),
        "met": {
            "recovered": mean_gap <= MAX_GAP,
            "unseen": max(unseen, *passed.values()) <= MAX_FALSE,
            "shuffled": shuffled <= MAX_FALSE,
        },
    }


def _by_feature(morphology: pd.DataFrame) -> dict[str, dict[str, float]]:
    mean = morphology.groupby("follows")[["r", "allowed"]].mean()
    return {
        name: {key: float(mean.loc[name, key]) for key in ("r", "allowed")} for name in FEATURES if name in mean.index
    }


def show(recipe: str, found: Mapping[str, Any]) -> None:
    """Print the figures of one recipe."""
    words = {True: "met", False: "missed"}
    met = found["met"]
    spread = ", ".join(f"{q} % {value:+.3f}" for q, value in found["gap_percentiles"].items())
    seconds = found["cpu_seconds_of_cross_fitting"]
    print(f"\n{recipe}, {found['cohorts']} cohorts, {seconds:.1f} s of processor time in cross-fitting each")
    print(
        f"  morphology genes: r {found['r']:.3f} of {found['allowed']:.3f} allowed, {found['gap']:.3f} below "
        f"(at most {MAX_GAP}: {words[met['recovered']]}); sd over cohorts {found['gap_sd_over_cohorts']:.3f}"
    )
    print(f"    per gene below what is allowed, percentiles: {spread}; within {MAX_GAP}: {found['genes_within']:.1%}")
    print(f"    noise ceiling {found['ceiling']:.3f}; called better: {found['morphology_better']:.1%}")
    for name, r in found["by_feature"].items():
        print(f"    {name:<9} r {r['r']:.3f} of {r['allowed']:.3f}")
    kinds = ", ".join(f"{kind} {share:.2%}" for kind, share in found["unseen_better_by_kind"].items())
    print(f"  no picture shows, called better: {found['unseen_better']:.2%} ({kinds}): {words[met['unseen']]}")
    print(f"    in the worst cohort {found['unseen_better_worst_cohort']:.2%}")
    print(f"  images shuffled, all genes called better: {found['shuffled_better']:.2%}: {words[met['shuffled']]}")


def seeds_of(text: str) -> list[int]:
    """Return the seeds of "100-119" or "3,5"."""
    first, dash, last = text.partition("-")
    return list(range(int(first), int(last) + 1)) if dash else [int(part) for part in text.split(",")]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", action="append", default=[])
    parser.add_argument("--seeds", default="200-219")
    parser.add_argument("--patients", type=int, default=Size.patients)
    parser.add_argument("--size-um", type=float, nargs=2, default=Size.size_um)
    parser.add_argument("--encoder", default="texture")
    parser.add_argument("--out", type=Path, help="JSON with the figures and every gene")
    arguments = parser.parse_args()
    recipes = arguments.recipe or ["geneglass", "ridge"]
    size = Size(arguments.patients, tuple(arguments.size_um))
    start = time.process_time()
    genes = pd.concat(
        [rows for seed in seeds_of(arguments.seeds) for rows in _cohort(seed, size, arguments.encoder, recipes)]
    )
    found = {recipe: figures(genes[genes["recipe"] == recipe]) for recipe in recipes}
    for recipe, values in found.items():
        show(recipe, values)
    print(f"\n{time.process_time() - start:.0f} s of processor time in all")
    if arguments.out is not None:
        report = {"size": vars(size), "encoder": arguments.encoder, "seeds": arguments.seeds, "recipes": found}
        with atomic_path(arguments.out) as temporary:
            temporary.write_text(json.dumps(report | {"genes": json.loads(genes.to_json(orient="records"))}))


def _cohort(seed: int, size: Size, encoder_name: str, recipes: Sequence[str]) -> list[pd.DataFrame]:
    encoder = make_encoder(encoder_name)
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        planted = plant(Path(folder), seed, size, encoder, recipes)
        spots = sum(len(item.totals) for item in planted.sections)
        made = time.process_time() - start
        rows = [recover(planted, recipe, encoder) for recipe in recipes]
    print(f"seed {seed}: {spots} spots, made in {made:.0f} s")
    for recipe, table in zip(recipes, rows, strict=True):
        mean = table.loc[table["kind"] == "morphology", ["r", "allowed"]].mean()
        unseen = table.loc[table["kind"].isin(UNSEEN), "better"].mean()
        told = f"  {recipe}: r {mean['r']:.3f} of {mean['allowed']:.3f}, unseen better {unseen:.2%}"
        print(f"{told}, shuffled {table['better_shuffled'].mean():.2%}", flush=True)
    return rows


if __name__ == "__main__":
    main()
