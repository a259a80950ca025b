"""`geneglass fetch`: public data sets by name."""

from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

from geneglass.cli.run import print_json, run_job
from geneglass.workflow.config import FetchConfig


def fetch(config: FetchConfig, *, json: bool) -> None:
    """Fetch a public data set by name, or list them; the licence is shown before anything is downloaded.

    Files are checked by hash, and a fetch that was stopped goes on where it was. A cohort.toml is written at the
    end. Where the publisher's server is out of reach, --mirror takes the address of a copy with the same paths.
    """
    from geneglass.workflow.fetch import fetch as fetch_job

    if not config.name:
        list_sets(as_json=json)
        return
    result = run_job(fetch_job(config))
    if json:
        print_json({"name": config.name, **asdict(result)})
        return
    typer.echo(f"{len(result.fetched)} files fetched, {len(result.present)} were here and intact.")
    typer.echo(f"Licence: {result.licence}. Cite: {result.citation}.")
    typer.echo(result.cohort)


def list_sets(*, as_json: bool) -> None:
    """Print the public data sets that geneglass knows."""
    from geneglass.data.public_sets import PUBLIC_SETS, choose_files

    rows = []
    for name, found in PUBLIC_SETS.items():
        files = () if found.by_hand else choose_files(found, tuple(found.patients), images=True)
        rows.append(
            {
                "name": name,
                "title": found.title,
                "sections": len(found.patients),
                "patients": len(set(found.patients.values())),
                "known_bytes": sum(file.n_bytes or 0 for file in files),
                "files_of_unknown_size": sum(file.n_bytes is None for file in files),
                "licence": found.licence,
                "citation": found.citation,
                "notes": list(found.notes),
                "by_hand": found.by_hand,
            }
        )
    if as_json:
        print_json({"sets": rows})
        return
    table = Table(box=None, pad_edge=False)
    for column in ("name", "what", "sections", "patients", "licence", "how"):
        table.add_column(column, overflow="fold")
    for row in rows:
        counts = [str(row[key]) if row[key] else "" for key in ("sections", "patients")]
        how = "by hand" if row["by_hand"] else "fetch"
        table.add_row(str(row["name"]), str(row["title"]), *counts, str(row["licence"]), how)
    Console().print(table)
