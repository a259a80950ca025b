"""What is registered: recipes, encoders and formats."""

import inspect
from typing import Annotated, Any

import typer
from rich.table import Table

from geneglass.cli.run import print_json
from geneglass.cli.tables import console_for_tables

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
    """List the encoders: what turns a patch of the slide into numbers."""
    from geneglass.model.encoders import ENCODERS

    rows = [
        {"name": name, "needs_weights": family.needs_weights, "summary": family.summary}
        for name, family in ENCODERS.items()
    ]
    _show("encoders", rows, as_json=json)


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
    return str(value)
