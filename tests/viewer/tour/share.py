"""Handing on: the page, a figure, and what it says when all is saved."""

from pathlib import Path
from typing import Any

from geneglass.viewer import figure_form
from tour.pictures import save_window, show_page, wait_until


def shots(panel: Any, viewer: Any, folder: Path) -> None:
    """Save the states of the page Share, and a figure and a report, on a predicted section with a gene."""
    page, runner = panel.pages["share"], panel.desk.runner
    show_page(panel, "Share")
    page.genes.shown.click()
    save_window(panel, folder / "share.png")
    asked = figure_form.choose_target
    try:
        for button, name in ((page.figures.figure, "share_figure.png"), (page.report, "share_report.html")):
            figure_form.choose_target = lambda *_, name=name: folder / name
            button.click()
            wait_until(lambda: runner.running is None, 120)
    finally:
        figure_form.choose_target = asked
    save_window(panel, folder / "share_saved.png")
