"""`geneglass view`: the window from the command line. Nothing heavy is imported until it is called."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geneglass.errors import InputError

if TYPE_CHECKING:
    from geneglass.viewer.panel import GeneglassPanel

WINDOW_PX = (1500, 940)
CANCELLED = 130


class _Stopped(Exception):
    """The job was cancelled, or the window closed, before it was done."""


def view(
    section: Annotated[
        str | None,
        typer.Argument(
            metavar="[SECTION | COHORT | SESSION]",
            help="A slide, a folder, a cohort.toml, cohort.toml#name, or a saved session.",
        ),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="A model file; predicts the section unless it is given.")] = None,
    prediction: Annotated[Path | None, typer.Option(help="A prediction (.h5ad) of the section.")] = None,
    gene: Annotated[str | None, typer.Option(help="The gene to show.")] = None,
    screenshot: Annotated[Path | None, typer.Option(help="Save the window as a PNG and close it.")] = None,
) -> None:
    """Open a section, a cohort or a prediction in the window."""
    require_display()
    if screenshot is not None and screenshot.suffix.lower() != ".png":
        raise InputError(f"--screenshot writes a PNG, got {screenshot.name!r}: give a name that ends in .png.")
    import napari

    viewer = napari.Viewer(title="geneglass", show_welcome_screen=section is None)
    try:
        panel = _dock(viewer)
        _fill(panel, section=section, model=model, prediction=prediction, gene=gene, asks=screenshot is None)
        if screenshot is None:
            napari.run()
            return
        from geneglass.viewer.screenshot import save_screenshot

        panel.offer.hide()
        panel.messages.hide()
        save_screenshot(viewer, screenshot)
    except _Stopped:
        if screenshot is not None:
            raise typer.Exit(CANCELLED) from None
        if napari.current_viewer() is not None:
            napari.run()
        return
    except InputError as error:
        if screenshot is not None:
            raise
        panel.messages.error(error)
        napari.run()
        return
    viewer.close()


def require_display() -> None:
    """Check that a window can be opened: without a display Qt would abort the whole process.

    Raises
    ------
    InputError
        When there is none.
    """
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return
    display = os.environ.get("DISPLAY", "")
    local = display[1:].partition(".")[0] if display.startswith(":") else ""
    gone = local.isdigit() and not Path(f"/tmp/.X11-unix/X{local}").exists()
    if (not display or gone) and not os.environ.get("WAYLAND_DISPLAY"):
        raise InputError(
            "There is no display to open a window on: work at a desktop, connect with ssh -X, "
            'or put xvfb-run -a -s "-screen 0 1600x1000x24" before the command to save a screenshot.'
        )


def _dock(viewer: Any) -> "GeneglassPanel":
    from geneglass.viewer.panel import GeneglassPanel

    panel = GeneglassPanel(viewer)
    viewer.window.add_dock_widget(panel, name="geneglass", area="right")
    viewer.window.resize(*WINDOW_PX)
    panel.head.wide.setChecked(True)
    return panel


def _fill(
    panel: "GeneglassPanel",
    *,
    section: str | None = None,
    model: Path | None = None,
    prediction: Path | None = None,
    gene: str | None = None,
    asks: bool = True,
) -> None:
    """Do what was asked for, as a hand in the window would; without `asks` nobody is there to be asked."""
    from geneglass.viewer.opening import open_named, open_path, take

    session = panel.desk.session
    if section is not None:
        file, _, name = section.rpartition("#")
        path = Path(section).expanduser().absolute()
        named = bool(file) and not path.exists()
        job = open_named(Path(file).expanduser().absolute(), name) if named else open_path(path)
        _finish(panel, f"Opening {path.name}", job, lambda found: take(session, found))
    if model is not None:
        session.set_model(model)
    if prediction is not None:
        job = open_path(prediction, session.cohort)
        _finish(panel, f"Opening {prediction.name}", job, lambda found: take(session, found))
    elif model is not None and session.section is not None:
        _predict(panel, asks=asks)
    if gene is not None:
        session.set_gene(gene)


def _predict(panel: "GeneglassPanel", *, asks: bool) -> None:
    """Compare the slide with the model, and predict it, unless it is unlike and somebody can be asked."""
    from geneglass.workflow.predict import predict

    tab = panel.predict_tab
    config = tab.config()
    config.out.parent.mkdir(parents=True, exist_ok=True)
    if tab.check.pending:
        _finish(panel, "Predicting", tab.check.before(predict(config)), tab.show_compared)
        if asks or not tab.check.concerns:
            return
        for concern in tab.check.concerns:
            typer.echo(f"Warning: {concern.sentence}", err=True)
    _finish(panel, "Predicting", predict(config), panel.desk.session.set_prediction)


def _finish(panel: "GeneglassPanel", title: str, job: Any, on_result: Any) -> None:
    """Run a job in the window, wait for it, and raise what it raised."""
    from qtpy.QtCore import QEventLoop

    runner, loop = panel.desk.runner, QEventLoop()
    errors: list[Exception] = []

    def stopped() -> None:
        errors.append(_Stopped())

    runner.failed.connect(errors.append)
    runner.cancelled.connect(stopped)
    runner.finished.connect(loop.quit)
    runner.run(title, job, on_result)
    loop.exec()
    runner.failed.disconnect(errors.append)
    runner.cancelled.disconnect(stopped)
    runner.finished.disconnect(loop.quit)
    if errors and not isinstance(errors[0], (InputError, _Stopped)):
        raise InputError(f"{title} stopped with an unexpected error: {errors[0]}.") from errors[0]
    if errors:
        raise errors[0]
