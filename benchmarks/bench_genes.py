"""Every gene of a section from a retrieval model, and training the head of such a model to convergence.

    python benchmarks/bench_genes.py [--genes 18000] [--places 5000] [--spots 15000] [--head-spots 3000]

Genes: a model (mclstexp, a panel of 1,000 genes, one epoch) is trained on three synthetic sections whose counts are
Poisson, about 5,000 a spot; in a process of its own its file is opened, all genes are predicted at the places of one
more section from ready features, and the prediction is written, as `geneglass predict --genes all` does once the
slide is embedded. Head: mclstexp with its default settings on features that share hidden factors with the counts of
2,000 genes, until the inner score no longer improves, and then for three times as many epochs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from bench_retrieval import resident_peak
from bench_training import corrected
from geneglass.data.genes import normalise
from geneglass.model.checkpoint import ModelInfo, load_model, save_model
from geneglass.model.make import make_encoder, make_recipe
from geneglass.model.prediction import to_anndata
from geneglass.model.recipe import QueryData, TrainData
from geneglass.model.reference import SectionCounts, join_counts
from geneglass.workflow.asked_genes import asked_genes
from geneglass.workflow.events import finish
from geneglass.workflow.predict import answer_genes, answer_in_batches
from printed import one_line

ENCODER, PANEL, COUNTS, SECTIONS, BATCH = "texture", 1000, 5000, 3, 4096
HEAD_GENES, FACTORS, TOLERANCE = 2000, 12, 0.002
MODEL, PREDICTION = "model.safetensors", "prediction.h5ad"


def places_um(n: int) -> np.ndarray:
    """Return (n, 2) centres on a grid of Visium's pitch."""
    return (100 * np.stack(np.divmod(np.arange(n), 75), axis=1)).astype(np.float32)


def section_counts(name: str, spots: int, genes: int, seed: int) -> SectionCounts:
    """Return Poisson counts of one section, rows made a few hundred at a time."""
    random = np.random.default_rng(seed)
    share = np.random.default_rng(0).lognormal(0, 2, genes)
    rates = COUNTS * share / share.sum()
    blocks = [
        sparse.csr_matrix(random.poisson(rates, (len(r), genes)), dtype=np.float32)
        for r in np.array_split(range(spots), spots // 500 + 1)
    ]
    counts = sparse.vstack(blocks, format="csr")
    return SectionCounts(name, counts, tuple(f"G{i}" for i in range(genes)), np.asarray(counts.sum(1)).ravel())


def write_model(folder: Path, spots: int, genes: int) -> dict[str, float]:
    """Train on synthetic sections and write the model with the counts of all genes."""
    encoder, random = make_encoder(ENCODER), np.random.default_rng(1)
    sections = [section_counts(f"S{i}", spots // SECTIONS, genes, i + 1) for i in range(SECTIONS)]
    panel = sections[0].genes[:PANEL]
    data = []
    for item in sections:
        n = len(item.totals)
        counts = item.counts[:, :PANEL].toarray()
        features = random.normal(size=(n, encoder.dim)).astype(np.float32)
        expression = normalise(counts, item.totals)
        data.append(TrainData(item.name, item.name, features, places_um(n), expression=expression, counts=counts))
    recipe = make_recipe("mclstexp", {"epochs": 1, "validate": False, "k": 200}, panel, encoder)
    for _ in recipe.fit(data):
        pass
    reference = join_counts(sections, recipe)
    save_model(folder / MODEL, recipe, ModelInfo("mclstexp", {}, ENCODER, panel), reference)
    return {"counts_per_spot": float(reference.counts.nnz / spots), "model_mb": (folder / MODEL).stat().st_size / 1e6}


def predict_all(folder: Path, places: int) -> dict[str, float]:
    """Predict every gene, write the file, and return seconds and peak memory."""
    imported, times = resident_peak(), [time.perf_counter()]

    def lap() -> float:
        times.append(time.perf_counter())
        return times[-1] - times[-2]

    recipe, info = load_model(folder / MODEL)
    opened = lap()
    features = np.random.default_rng(9).normal(size=(places, recipe.encoder.dim)).astype(np.float32)
    lap()
    genes = asked_genes("all", info)
    answer = finish(answer_in_batches(recipe, QueryData("query", None, features, places_um(places)), BATCH))
    panel = lap()
    answer = finish(answer_genes(answer, genes, info, folder / MODEL))
    outside = lap()
    names = [f"spot_{i}" for i in range(places)]
    table = to_anndata(answer, info, names=names, centres_yx=places_um(places), genes=genes.names)
    table.write_h5ad(folder / PREDICTION)
    written = lap()
    return {
        "places": places,
        "genes": len(genes.names),
        "seconds": opened + panel + outside + written,
        "open_model_s": opened,
        "search_and_panel_s": panel,
        "genes_outside_panel_s": outside,
        "write_s": written,
        "peak_gb_beyond_imports": (resident_peak() - imported) / 1e9,
        "values_gb": 4e-9 * places * len(genes.names),
    }


def train_head(spots: int) -> dict[str, Any]:
    """Return seconds to convergence, and the inner score against a run three times as long."""
    encoder, random = make_encoder(ENCODER), np.random.default_rng(2)
    to_features = random.normal(size=(FACTORS, encoder.dim))
    to_genes = 0.4 * random.normal(size=(FACTORS, HEAD_GENES))
    level = random.lognormal(0, 1.5, HEAD_GENES)
    data = []
    for number in range(SECTIONS):
        n = spots // SECTIONS
        hidden = random.normal(size=(n, FACTORS))
        features = (hidden @ to_features + 3 * random.normal(size=(n, encoder.dim))).astype(np.float32)
        rates = level * np.exp(hidden @ to_genes)
        counts = random.poisson(COUNTS * rates / rates.sum(1, keepdims=True)).astype(np.float32)
        expression = normalise(counts, counts.sum(1))
        name = f"S{number}"
        data.append(TrainData(name, name, features, places_um(n), expression=expression, counts=counts))
    panel = tuple(f"G{i}" for i in range(HEAD_GENES))
    head = corrected(panel, data, ENCODER)
    long = 3 * int(head["epochs_tried"])
    longer = corrected(panel, data, ENCODER, epochs=long, patience=long)
    gain = longer["inner_score"] - head["inner_score"]
    found = {"spots": sum(len(d.features) for d in data), "genes": HEAD_GENES} | head
    found |= {"seconds_three_times_as_long": longer["seconds"], "score_three_times_as_long": longer["inner_score"]}
    return found | {"score_gain": gain, "within_0.002": float(gain <= TOLERANCE)}


def predict_alone(options: argparse.Namespace) -> dict[str, Any]:
    """Write a model, and predict with it in a process of its own."""
    with tempfile.TemporaryDirectory() as text:
        written = write_model(Path(text), options.spots, options.genes)
        command = [sys.executable, __file__, "--in-folder", text, "--places", str(options.places)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return {"reference_spots": options.spots} | written | dict(json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> int:
    """Run, print, and return 1 when the head had not converged."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--genes", type=int, default=18_000)
    parser.add_argument("--places", type=int, default=5_000)
    parser.add_argument("--spots", type=int, default=15_000)
    parser.add_argument("--head-spots", type=int, default=3_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--in-folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.in_folder is not None:
        print(json.dumps(predict_all(options.in_folder, options.places)))
        return 0
    result = {}
    for title, part in (
        ("every_gene", lambda: predict_alone(options)),
        ("head", lambda: train_head(options.head_spots)),
    ):
        result[title] = part()
        if not options.json:
            print(one_line(title, result[title]), flush=True)
    if options.json:
        print(json.dumps(result))
    return int(not result["head"]["within_0.002"])


if __name__ == "__main__":
    sys.exit(main())
