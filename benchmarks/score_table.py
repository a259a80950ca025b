"""Every figure of several evaluations in one table, as it stands in `scores.csv` beside this script.

    python benchmarks/score_table.py NAME=FOLDER... --out benchmarks/scores.csv

Each folder is what `geneglass evaluate --out` wrote. A row is a predictor of one evaluation: recipes, the control, the
predictors that saw no image, the recipes with their queries shuffled, the measured expression where its clusters are
compared with a pathologist's regions, and the noise ceiling. Empty means that a figure is not defined there.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from geneglass.data.atomic import atomic_path

CALIBRATION = ("places", "stated", "abstained", "right", "ece")
CEILING = "noise ceiling"


def rows_of(name: str, metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield one row for each predictor of an evaluation."""
    named = dict.fromkeys([*metrics["predictors"], *metrics["groups"]["mean"]])
    for predictor in named:
        yield {"evaluation": name, "predictor": predictor} | figures_of(predictor, metrics)
    ceiling = {key: metrics["ceiling"][key] for key in ("r", "r_top", "r_hvg")}
    yield {"evaluation": name, "predictor": CEILING} | ceiling


def figures_of(predictor: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that an evaluation says of one predictor; intervals as two columns."""
    found: dict[str, Any] = {}
    for key, value in metrics["predictors"].get(predictor, {}).items():
        found |= {f"{key}_low": value[0], f"{key}_high": value[1]} if isinstance(value, list) else {key: value}
    found |= metrics["groups"]["mean"].get(predictor, {})
    judged = metrics["calibration"].get(predictor) or {}
    return found | {key: judged[key] for key in CALIBRATION if key in judged}


def table(folders: Mapping[str, Path]) -> pd.DataFrame:
    """Return the rows of all evaluations."""
    read = {name: json.loads((folder / "metrics.json").read_text()) for name, folder in folders.items()}
    return pd.DataFrame([row for name, metrics in read.items() for row in rows_of(name, metrics)])


def main() -> None:
    """Read, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    folders = {name: Path(folder) for name, _, folder in (text.partition("=") for text in arguments.folders)}
    with atomic_path(arguments.out) as temporary:
        table(folders).to_csv(temporary, index=False, float_format="%.5g")


if __name__ == "__main__":
    main()
