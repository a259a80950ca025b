"""The commands on cohort files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from geneglass.cli.run import print_json
from geneglass.cli.tables import FILE_WIDTH

if TYPE_CHECKING:
    from geneglass.workflow.cohort_init import CohortDraft

MOST = 12
"""Of more files left out the number alone is printed; --json has them all."""

app = typer.Typer(help="Cohort files: sections with their patients.", no_args_is_help=True)


@app.callback()
def cohort() -> None:
    """Cohort files: sections with their patients."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where the sections lie.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="The file to write; FOLDER/cohort.toml by default.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")] = False,
) -> None:
    """Write a cohort.toml by looking: spots, their slides, annotations, and patients where they can be known."""
    from geneglass.workflow.cohort_init import init_cohort

    draft = init_cohort(folder, out, force=force)
    if json:
        print_json(draft.to_dict())
    else:
        _show(draft, folder)


def _show(draft: "CohortDraft", folder: Path) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = ("section", "patient", "slide", "spots", "annotations")
    for column in columns:
        table.add_column(column, no_wrap=column in ("section", "patient"))
    for section in draft.cohort.sections:
        files = (section.slide, section.spots, section.annotations)
        table.add_row(
            escape(section.name),
            escape(section.patient or "–"),
            *("–" if path is None else escape(_short(path, folder)) for path in files),
        )
    Console(highlight=False, width=None if console.is_terminal else FILE_WIDTH).print(table)
    for sentence in draft.told:
        console.print(escape(sentence), soft_wrap=True)
    for path, reason in list(draft.left_out.items())[:MOST]:
        console.print(f"left out: {escape(_short(path, folder))}: {escape(reason)}", soft_wrap=True)
    if len(draft.left_out) > MOST:
        console.print(f"left out: {len(draft.left_out) - MOST} more; --json names them all.")
    console.print(f"Written to {escape(str(draft.cohort.path))}; next: geneglass check it.", soft_wrap=True)


def _short(path: Path, folder: Path) -> str:
    root = folder.expanduser().absolute()
    return str(path.relative_to(root)) if path != root and path.is_relative_to(root) else str(path)
