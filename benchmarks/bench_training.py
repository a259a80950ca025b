"""How fast the corrected mclSTExp head trains on cached features, to convergence.

    python benchmarks/bench_training.py [--cohort cohort.toml] [--encoder texture]

Without a cohort: her2st C2 to C5, if the real data lies beside the checkout, else the embedded sample. The
head is trained until its inner score no longer improves, then three times as long.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from geneglass.data.cohort import SectionSource, read_cohort
from geneglass.data.genes import choose_panel, read_panel
from geneglass.data.sample import sample_cohort
from geneglass.data.section import open_section, require_spots
from geneglass.model.make import make_encoder, make_recipe
from geneglass.model.pool import Pool
from geneglass.model.recipe import TrainData
from geneglass.workflow.events import finish
from geneglass.workflow.prepare import Prepared, prepare
from printed import in_words, one_line

REPOSITORY = Path(__file__).resolve().parents[1]
HER2ST = REPOSITORY.parent / "shared" / "data" / "her2st"
ROWS_PER_EPOCH_UNITS = "spots per second: each spot counts once per step it is part of, validation time included"


def her2st_sources() -> list[SectionSource]:
    """Return C2 to C5 of her2st where they lie beside the checkout."""
    found = []
    for name in ("C2", "C3", "C4", "C5"):
        slide = next((HER2ST / "data" / "ST-imgs" / "C" / name).glob("*.jpg"), None)
        positions = next((HER2ST / "data" / "ST-spotfiles").glob(f"{name}_*"), None)
        spots = HER2ST / "data" / "ST-cnts" / f"{name}.tsv.gz"
        if slide is not None and positions is not None and spots.is_file():
            found.append(SectionSource(name, "C", slide, spots, positions))
    return found


def read(arguments: argparse.Namespace) -> tuple[str, list[SectionSource]]:
    """Return where the sections come from, and the sections."""
    if arguments.cohort is not None:
        return str(arguments.cohort), list(read_cohort(arguments.cohort).sections)
    real = her2st_sources()
    return (
        ("her2st C2 to C5", real)
        if len(real) == 4
        else ("embedded sample", list(read_cohort(sample_cohort()).sections))
    )


def prepared(sources: Sequence[SectionSource], encoder_name: str) -> tuple[tuple[str, ...], list[Prepared]]:
    """Return panel and features; reading them from the slides is not part of what is measured."""
    sections = [open_section(source) for source in sources]
    listed = HER2ST / "genes_785.txt"
    real = listed.is_file() and sources[0].slide is not None and HER2ST in sources[0].slide.parents
    panel = read_panel(listed) if real else choose_panel([require_spots(s) for s in sections], 785, 500)
    encoder = make_encoder(encoder_name)
    return panel, [finish(prepare(section, encoder, panel, min_counts=500)) for section in sections]


def corrected(panel: Sequence[str], data: Sequence[TrainData], encoder_name: str, **settings: int) -> dict[str, Any]:
    """Train the head, and return spots per second, seconds and the inner score."""
    recipe = make_recipe("mclstexp", settings, panel, make_encoder(encoder_name))
    plain, seen = recipe.batch_loss, []

    def counted(modules: torch.nn.ModuleDict, pool: Pool, rows: torch.Tensor) -> torch.Tensor:
        seen.append(len(rows))
        return plain(modules, pool, rows)

    recipe.batch_loss = counted
    start = time.perf_counter()
    for _ in recipe.fit(data):
        pass
    seconds = time.perf_counter() - start
    stop = recipe.stop
    return {
        "spots_per_s": sum(seen) / seconds,
        "seconds": seconds,
        "epochs_tried": len(stop.scores),
        "best_epoch": stop.epochs,
        "k": stop.choice.k,
        "weighting": stop.choice.weighting,
        "inner_score": stop.score,
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohort", type=Path)
    parser.add_argument("--encoder", default="texture")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    name, sources = read(arguments)
    panel, items = prepared(sources, arguments.encoder)
    data = [item.data for item in items]
    result: dict[str, object] = {
        "data": name,
        "spots": sum(len(d.features) for d in data),
        "genes": len(panel),
        "threads": torch.get_num_threads(),
        "unit": ROWS_PER_EPOCH_UNITS,
    }
    head = corrected(panel, data, arguments.encoder)
    long = 3 * int(head["epochs_tried"])
    longer = corrected(panel, data, arguments.encoder, epochs=long, patience=long)
    result |= {"corrected_head": head, "three_times_as_long": longer}
    result["score_gain_of_three_times"] = longer["inner_score"] - head["inner_score"]
    show(result, as_json=arguments.json)


def show(result: dict[str, object], *, as_json: bool) -> None:
    """Print the result."""
    if as_json:
        print(json.dumps(result))
        return
    for key, value in result.items():
        if isinstance(value, dict):
            print(one_line(key, value))
        else:
            print(f"{key}: {in_words(value)}")


if __name__ == "__main__":
    main()
