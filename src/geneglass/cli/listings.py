"""What is registered: recipes, encoders and formats."""

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from geneglass.cli.run import print_json
from geneglass.cli.tables import console_for_tables

if TYPE_CHECKING:
    from geneglass.model.encoders import EncoderFamily
    from geneglass.model.published import PublishedNetwork

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def recipes(json: JsonFlag = False) -> None:
    """List the recipes: complete models that can be trained."""
    from geneglass.model.recipes import RECIPES

    rows = [
        {"name": name, "retrieves": recipe.retrieves, "summary": first_sentence(recipe)}
        for name, recipe in RECIPES.items()
    ]
    _show("recipes", rows, as_json=json)


def encoders(json: JsonFlag = False) -> None:
    """List the encoders: what turns a patch of the slide into numbers, and on what terms its weights are given."""
    from geneglass.model.encoders import ENCODERS

    rows: list[dict[str, Any]] = []
    left_out: dict[str, str] = {}
    for name, family in ENCODERS.items():
        rows += [_family_row(name, family), *(_network_row(name, *item) for item in family.networks.items())]
        left_out |= family.left_out
    if json:
        print_json({"encoders": rows, "left_out": left_out})
        return
    shown = ("name", "dim", "um", "mpp", "params_m", "gated", "licence", "summary")
    _show("encoders", [{key: row[key] for key in shown} for row in rows], as_json=False)
    for name, reason in left_out.items():
        console_for_tables().print(f"Not among them: {name}, because {reason}.")


def _family_row(name: str, family: "EncoderFamily") -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "family": name, "needs_weights": family.needs_weights}
    row |= dict.fromkeys(("dim", "um", "px", "mpp", "params_m", "licence", "gated", "repository"))
    if not family.needs_weights:
        encoder = family.make("", "cpu")
        row |= {"dim": encoder.dim, "um": [spec.size_um for spec in encoder.patches]}
    return row | {"summary": family.summary}


def _network_row(family: str, name: str, network: "PublishedNetwork") -> dict[str, Any]:
    return {
        "name": name,
        "family": family,
        "needs_weights": True,
        "dim": network.dim,
        "um": [network.size_px * network.mpp],
        "px": network.size_px,
        "mpp": network.mpp,
        "params_m": network.parameters_m,
        "licence": network.licence,
        "gated": network.gated,
        "repository": network.repository,
        "summary": network.title,
    }


def formats(json: JsonFlag = False) -> None:
    """List the slide and spot formats; one never tried on a real file says so."""
    from geneglass.data.slide_formats import SLIDE_FORMATS
    from geneglass.data.spot_formats import SPOT_FORMATS

    rows = []
    for kind, registry in (("slide", SLIDE_FORMATS), ("spots", SPOT_FORMATS)):
        for name, found in registry.items():
            summary = first_sentence(inspect.getmodule(found.open)).partition(":")[0].rstrip(".")
            takes_folders = found.is_folder is not type(found).is_folder
            endings = " ".join([*found.suffixes, *(["folder"] if takes_folders else [])])
            note = "" if found.tried_on_real_file else "untested on a real file"
            rows.append({"kind": kind, "name": name, "suffixes": endings, "summary": summary, "note": note})
    _show("formats", rows, as_json=json)


def first_sentence(member: Any) -> str:
    """Return the first line of a member's docstring."""
    return (inspect.getdoc(member) or "").split("\n", maxsplit=1)[0]


def _show(title: str, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({title: rows})
        return
    table = Table(title=None, box=None, pad_edge=False, header_style="bold")
    for column in rows[0]:
        table.add_column(column.replace("_", " "))
    for row in rows:
        table.add_row(*(_word(value) for value in row.values()))
    console_for_tables().print(table)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_word, value))
    if isinstance(value, float):
        return f"{value:g}" if value < 1000 else f"{value:.0f}"
    return "" if value is None else str(value)
