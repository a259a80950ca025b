"""Entry point: exit codes 0 done, 1 the input is at fault, 2 wrong usage, 130 cancelled."""

import os
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec

import typer
from rich.markup import escape

from geneglass import __version__
from geneglass.cli import cohort, commands, listings
from geneglass.cli.fetch import fetch
from geneglass.cli.options import config_command
from geneglass.cli.run import JobCancelled, console
from geneglass.errors import InputError, UsageError
from geneglass.workflow.config import (
    EvaluateConfig,
    FetchConfig,
    NullsConfig,
    PredictConfig,
    ReportConfig,
    TrainConfig,
)

WINDOW_COMMANDS = {"view": "Open a section, a cohort or a prediction in the window."}
"""Commands that need a window: the viewer registers them as `geneglass.commands` entry points."""

DONE, INPUT_AT_FAULT, WRONG_USAGE, CANCELLED = 0, 1, 2, 130


def build_app() -> typer.Typer:
    """Return the whole command line."""
    app = typer.Typer(
        name="geneglass",
        help="Read genes through the H&E: train, predict and judge spatial gene expression.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    for command in (commands.demo, commands.check):
        app.command()(command)
    app.command("train")(config_command(commands.train, TrainConfig, arguments=("cohort",)))
    app.command("predict")(config_command(commands.predict, PredictConfig, arguments=("model", "section")))
    app.command("report")(config_command(commands.report, ReportConfig, arguments=("prediction", "section"), json=True))
    app.command("evaluate")(config_command(commands.evaluate, EvaluateConfig, arguments=("cohort",), json=True))
    app.command("nulls")(config_command(commands.nulls, NullsConfig, arguments=("cohort",), json=True))
    app.command("fetch")(config_command(fetch, FetchConfig, arguments=("name",), json=True))
    for listing in (listings.recipes, listings.encoders, listings.formats):
        app.command()(listing)
    app.add_typer(cohort.app, name="cohort")
    _add_window_commands(app)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
    ),
) -> None:
    pass


def _add_window_commands(app: typer.Typer) -> None:
    found = {point.name: point for point in entry_points(group="geneglass.commands")}
    installed = all(find_spec(package) is not None for package in ("napari", "qtpy", "magicgui"))
    for name, summary in WINDOW_COMMANDS.items():
        if installed and name in found:
            app.command(name)(found[name].load())
        else:
            app.command(name, help=summary, context_settings=_TAKE_ANYTHING)(_no_window)


_TAKE_ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}


def _no_window(context: typer.Context) -> None:
    raise InputError(
        f"geneglass {context.info_name} needs a window, which is not installed; "
        'install it with: pip install "geneglass[all]"'
    )


def main() -> None:
    """Run the command line and exit with its code; a user's mistake is one sentence, never a traceback."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        build_app()(arguments)
    except UsageError as error:
        return _tell(str(error), WRONG_USAGE)
    except InputError as error:
        return _tell(str(error), INPUT_AT_FAULT)
    except (KeyboardInterrupt, JobCancelled):
        return _tell("Cancelled; what was finished is kept, nothing was damaged.", CANCELLED)
    except MemoryError as error:
        return _tell(f"This needs more memory than there is ({error}); choose a coarser grid or smaller settings.", 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else DONE
    return DONE


def _tell(sentence: str, code: int) -> int:
    console.print(f"[bold red]geneglass:[/] {escape(sentence)}", soft_wrap=True)
    return code
