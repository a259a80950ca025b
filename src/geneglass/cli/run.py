"""How a job runs in a terminal: progress on standard error, results on standard output."""

import json
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from geneglass.workflow.events import Event, Job
from geneglass.workflow.plain import plain

Result = TypeVar("Result")

console = Console(stderr=True, highlight=False)
"""Everything that is not the result goes here, so that `--json` leaves one object on standard output."""


class JobCancelled(Exception):
    """Ctrl-C during a job."""


def run_job(job: Job[Result]) -> Result:
    """Run a job to its end with a progress bar and return its result; Ctrl-C closes it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None, note="")
        stage = ""
        try:
            while True:
                event = next(job)
                if event.message:
                    progress.console.print(escape(event.message), soft_wrap=True)
                if event.stage != stage:
                    stage = event.stage
                    progress.reset(task)
                progress.update(
                    task,
                    description=escape(stage),
                    completed=event.done,
                    total=event.total or None,
                    note=note_of(event),
                )
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        except KeyboardInterrupt as err:
            raise JobCancelled from err
        finally:
            job.close()


def note_of(event: Event) -> str:
    """Return the loss of a batch with the parts it is the sum of, as they stand beside the progress bar."""
    if event.loss is None:
        return ""
    parts = ", ".join(f"{name} {value:.2f}" for name, value in event.terms.items())
    return f"loss {event.loss:.3f}" + (f" ({parts})" if parts else "")


def print_json(value: Any) -> None:
    """Print one JSON object on standard output; what is not a number is null."""
    typer.echo(json.dumps(plain(value), indent=2, allow_nan=False))
