"""The commands that run jobs. Each parses into one frozen config and runs the job that the window runs."""

from pathlib import Path
from typing import Annotated

import typer

from geneglass.cli.run import print_json, run_job
from geneglass.cli.tables import show_checks, show_nulls, show_scores
from geneglass.errors import InputError
from geneglass.workflow.config import EvaluateConfig, NullsConfig, PredictConfig, ReportConfig, TrainConfig
from geneglass.workflow.plain import plain

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


def demo(
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("demo_output"),
    no_window: Annotated[bool, typer.Option("--no-window", help="Write pictures and metrics only.")] = False,
) -> None:
    """Run the main job on the embedded sample: train, predict a patient never seen, score, show."""
    from geneglass.cli.window import open_window, window_is_possible
    from geneglass.workflow.demo import demo as demo_job

    result = run_job(demo_job(out))
    typer.echo(f"Model:      {result.model}")
    typer.echo(f"Prediction: {result.prediction}")
    typer.echo(f"Metrics:    {result.metrics}")
    typer.echo(f"Report:     {result.metrics.with_name('report.html')}")
    for picture in result.pictures:
        typer.echo(f"Picture:    {picture}")
    if no_window or not window_is_possible():
        typer.echo("No window was opened: look at the pictures and the report.")
        return
    try:
        open_window(result.section, model=result.model, prediction=result.prediction, gene=result.gene)
    except InputError as error:
        typer.echo(f"No window was opened ({error}): look at the pictures and the report.")


def check(
    paths: Annotated[list[str], typer.Argument(help="Slides, spot tables, folders or cohort.toml.")],
    json: JsonFlag = False,
    picture: Annotated[Path | None, typer.Option(help="Draw the spots over the overview, as PNG.")] = None,
) -> None:
    """Say what was read: slide, pixel size, spots, genes, warnings; exit 1 on errors."""
    from geneglass.workflow.check import check as check_paths

    checked = check_paths(paths, picture=picture)
    if json:
        print_json(checked.to_dict())
    else:
        show_checks(checked)
    if checked.failed:
        raise typer.Exit(1)


def train(config: TrainConfig) -> None:
    """Train a model on a cohort."""
    from geneglass.workflow.train import train as train_job

    typer.echo(run_job(train_job(config)))


def predict(config: PredictConfig) -> None:
    """Predict a section with a model; a stopped run goes on where it was."""
    from geneglass.workflow.predict import predict as predict_job

    run_job(predict_job(config))
    typer.echo(config.out)


def report(config: ReportConfig, *, json: bool) -> None:
    """Report genes of a predicted section: maps, agreement, domains and trust, as a page and a PDF."""
    from geneglass.workflow.report_section import report_section

    page, pdf = run_job(report_section(config))
    if json:
        print_json({"page": str(page), "pdf": str(pdf), "genes": list(config.genes)})
        return
    typer.echo(page)
    typer.echo(pdf)


def evaluate(config: EvaluateConfig, *, json: bool) -> None:
    """Score recipes on sections they never saw, beside predictors that saw no image."""
    from geneglass.workflow.evaluate import evaluate as evaluate_job

    metrics = run_job(evaluate_job(config))
    if json:
        print_json(metrics)
    else:
        show_scores(plain(metrics))
        typer.echo(f"Written to {config.out}: metrics.json, per_gene.csv, report.html")


def nulls(config: NullsConfig, *, json: bool) -> None:
    """Score the predictors that see no image; sections need no slide."""
    from geneglass.workflow.nulls import score_nulls

    scores = score_nulls(
        config.cohort,
        protocol=config.protocol,
        panel=config.panel,
        split=config.split,
        min_counts=config.min_counts,
        seed=config.seed,
    )
    if json:
        print_json(scores)
    else:
        show_nulls(plain(scores))
