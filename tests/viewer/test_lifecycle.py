"""Whatever happens to window, layers and sections while a job runs: no crash, no leak, no annotation lost."""

import gc
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from weakref import ref

from shapely.geometry import box

from geneglass.data.annotation import Domain
from geneglass.data.bookmark import Bookmark, read_bookmarks
from geneglass.data.section import open_section
from geneglass.viewer.bookmarks import bookmarks_of, file_of, slide_of
from geneglass.viewer.panel import GeneglassPanel
from geneglass.viewer.worker import JobRunner
from geneglass.workflow.events import Event, Job

DOMAINS = (Domain("tumour", box(10, 10, 200, 150)),)


class SlowJob:
    """Runs until it is told to end."""

    def __init__(self) -> None:
        self.end = False
        self.result: str | None = None

    def run(self) -> Job[str]:
        while not self.end:
            time.sleep(0.005)
            yield Event("Training", 1, 0, loss=1.0)
        return "done"

    def take(self, result: str) -> None:
        self.result = result


def until_idle(wait_for: Any, runner: JobRunner) -> None:
    wait_for(lambda: runner.running is None)


def during_a_job(panel: GeneglassPanel, wait_for: Any, act: Callable[[], Any]) -> None:
    """Do something while a job runs, and assert that the job's result still arrives and nothing went wrong."""
    job = SlowJob()
    panel.messages.clear()
    assert panel.desk.run("Training", job.run(), job.take)
    wait_for(lambda: panel.job.curve.isVisible())
    act()
    panel.compare.show_all()
    job.end = True
    wait_for(lambda: panel.desk.runner.running is None)
    assert job.result == "done"
    assert panel.messages.isHidden() or panel.messages.property("kind") != "error", panel.messages.text.text()
    assert panel.desk.session.domains == DOMAINS


def delete_layers(panel: GeneglassPanel) -> None:
    for layer in tuple(panel._viewer.layers):
        panel._viewer.layers.remove(layer)
    panel.desk.session.set_gene("CD74")
    assert panel.compare.layer("measured") in panel._viewer.layers


def rename_layers(panel: GeneglassPanel) -> None:
    for layer in panel._viewer.layers:
        layer.name = "mine"
    panel.desk.session.set_gene("ACTB")
    assert panel.compare.layer("measured").name.startswith("ACTB")


def change_theme(panel: GeneglassPanel) -> None:
    before = panel.styleSheet()
    panel._viewer.theme = "light"
    assert panel.styleSheet() != before
    panel._viewer.theme = "dark"


def run_twice(panel: GeneglassPanel) -> None:
    second = SlowJob()
    assert not panel.desk.run("Predicting", second.run(), second.take)
    assert "still running" in panel.messages.text.text()
    panel.messages.clear()


def open_another_section_and_come_back(panel: GeneglassPanel) -> None:
    session = panel.desk.session
    first = session.source
    session.set_section(open_section(session.cohort.sections[1]))
    assert session.domains == ()
    session.set_section(open_section(first))


def test_layers_themes_windows_and_sections_during_jobs(
    make_panel: Callable[[], GeneglassPanel], small_cohort: Path, predicted: Any, wait_for: Any
) -> None:
    panel = make_panel()
    panel.desk.open_path(small_cohort)
    wait_for(lambda: panel.desk.runner.running is None)
    session = panel.desk.session
    session.set_prediction(predicted(session.section))
    session.set_gene("ERBB2")
    session.set_domains(DOMAINS)

    def open_another_viewer(_: GeneglassPanel) -> None:
        other = make_panel()
        other.desk.session.set_section(open_section(session.source))
        other._viewer.close()

    everything = (delete_layers, rename_layers, change_theme, run_twice, open_another_section_and_come_back)
    for act in (*everything, open_another_viewer):
        during_a_job(panel, wait_for, partial(act, panel))
    assert session.prediction is not None


def close_while_a_job_runs(make_viewer: Callable[..., Any], cohort: Path, wait_for: Any, qtbot: Any) -> list[Any]:
    """Open a cohort, keep a place, close the viewer while a job runs; return weak references to what it held."""
    # The fixture of proxies would keep the viewer itself.
    viewer = make_viewer(show=True)
    panel = GeneglassPanel(viewer)
    viewer.window.add_dock_widget(panel, name="geneglass", area="right")
    qtbot.waitExposed(panel)
    panel.desk.open_path(cohort)
    until_idle(wait_for, panel.desk.runner)
    bookmarks_of(viewer).add(Bookmark((10.0, 20.0), 1.0, "mitoses"))
    slide = slide_of(panel.desk.session.source)
    job, runner = SlowJob(), panel.desk.runner
    panel.desk.run("Training", job.run(), job.take)
    qtbot.wait(100)
    held = [ref(panel.desk.session), ref(panel.compare), ref(panel.field), ref(bookmarks_of(viewer)), ref(panel)]
    viewer.close()
    until_idle(wait_for, runner)
    qtbot.wait(50)
    assert job.result is None
    assert [item.note for item in read_bookmarks(file_of(slide))] == ["mitoses"]
    return held


def test_a_closed_viewer_leaves_nothing_behind_but_what_was_written(
    make_napari_viewer: Callable[..., Any], small_cohort: Path, wait_for: Any, qtbot: Any
) -> None:
    held = close_while_a_job_runs(make_napari_viewer, small_cohort, wait_for, qtbot)
    gc.collect()
    assert [item() for item in held] == [None] * len(held)


def test_edits_go_before_the_section_s_own_file(small_cohort: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from geneglass.data.cohort import read_cohort
    from geneglass.data.geojson import write_domains
    from geneglass.viewer.session import Session

    write_domains(tmp_path / "drawn.geojson", (Domain("old", box(5, 5, 50, 50)),))
    cohort = read_cohort(small_cohort)
    first = replace(cohort.sections[0], annotations=tmp_path / "drawn.geojson")
    cohort = replace(cohort, sections=(first, cohort.sections[1]))
    session = Session()
    session.set_cohort(cohort)
    session.open_section(first)
    assert [domain.name for domain in session.domains] == ["old"]
    session.set_domains(DOMAINS)
    session.open_section(cohort.sections[1])
    session.open_section(first)
    assert session.domains == DOMAINS
    session.section.close()
