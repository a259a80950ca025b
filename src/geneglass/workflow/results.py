"""The three files of an evaluation: metrics.json, per_gene.csv and report.html."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from geneglass.data.atomic import atomic_path, require_folder
from geneglass.workflow.measured import NULLS
from geneglass.workflow.plain import plain
from geneglass.workflow.report import render
from geneglass.workflow.report_maps import typical_maps
from geneglass.workflow.scores import Scored, share_of_ceiling


def write_results(out: Path, metrics: Mapping[str, Any], scored: Sequence[Scored]) -> None:
    """Write the three files into a folder, made if missing; each is complete or as it was before.

    Raises
    ------
    InputError
        When the folder can not be made or written.
    """
    require_folder(out)
    table = per_gene(scored, metrics["recipes"])
    maps = {recipe: typical_maps(scored, recipe) for recipe in metrics["recipes"]}
    html = render(metrics, table, {recipe: found for recipe, found in maps.items() if found is not None})
    with atomic_path(out / "per_gene.csv") as temporary:
        table.to_csv(temporary, index=False, float_format="%.5g")
    with atomic_path(out / "report.html") as temporary:
        temporary.write_text(html, encoding="utf-8")
    with atomic_path(out / "metrics.json") as temporary:
        temporary.write_text(json.dumps(plain(metrics), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def per_gene(scored: Sequence[Scored], recipes: Sequence[str]) -> pd.DataFrame:
    """Return one row for each recipe, test section and gene, with the ceiling and every null's r beside it."""
    frames = []
    for recipe in recipes:
        for s in scored:
            columns: dict[str, Any] = {"recipe": recipe, "fold": s.fold, "section": s.section, "gene": s.genes}
            columns |= {("r" if name == "pearson" else name): values for name, values in s.scores[recipe].items()}
            columns |= {"ceiling": s.ceiling, "r / ceiling": share_of_ceiling(s, recipe), "moran measured": s.moran}
            columns |= {f"r of {name}": s.scores[name]["pearson"] for name in NULLS}
            columns |= {f"top 50, {ranking}": chosen for ranking, chosen in s.top.items()}
            columns |= {"leaks": s.leaks}
            frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)
