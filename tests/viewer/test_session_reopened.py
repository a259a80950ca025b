"""A session saved and opened again: by the buttons' code, by drop, with files that are gone."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from napari.components import ViewerModel
from shapely.geometry import box

from geneglass.data.annotation import Domain
from geneglass.data.bookmark import Bookmark
from geneglass.data.cohort import read_cohort
from geneglass.data.gene_book import SIGN
from geneglass.data.geojson import read_domains
from geneglass.data.section import open_section
from geneglass.viewer.annotating import annotating_of
from geneglass.viewer.bookmarks import bookmarks_of
from geneglass.viewer.colour_scale import Look
from geneglass.viewer.compare import compare_of
from geneglass.viewer.desk import data_folder
from geneglass.viewer.field import View, field_of
from geneglass.viewer.kept_genes import kept_genes
from geneglass.viewer.opening import open_path, take
from geneglass.viewer.panes import BESIDE, BLINK, SWIPE
from geneglass.viewer.reopening import restore_window
from geneglass.viewer.saving import save, snapshot
from geneglass.viewer.session import Session, session_of
from geneglass.workflow.events import finish
from geneglass.workflow.session_file import SavedSession, read_session

VIEW = View((120.0, 200.0), 3.0)
LOOK: dict[str, Any] = {
    "opacity": 0.4,
    "limits": (0.5, 4.0),
    "percentiles": (2.0, 97.0),
    "threshold": 0.3,
    "own_scale": True,
    "difference_limit": 1.5,
    "doubt_below": 0.2,
}
EDGE = 150.0


@pytest.fixture
def study(small_cohort: Path, tmp_path: Path) -> Path:
    """Return the small cohort in a folder of its own, to be moved and damaged."""
    shutil.copytree(small_cohort.parent, tmp_path / "study")
    return tmp_path / "study" / "cohort.toml"


@pytest.fixture
def file(study: Path, predicted: Any) -> Path:
    """Return a session file with everything in it; it is of the section "right", of "left" there is more."""
    viewer = ViewerModel()
    session, field, bookmarks = session_of(viewer), field_of(viewer), bookmarks_of(viewer)
    session.set_cohort(read_cohort(study))
    session.set_section(open_section(session.cohort.sections[0]))
    session.set_domains((Domain("tumour", box(10, 10, 200, 150), (200, 0, 0)),))
    bookmarks.add(Bookmark((50.0, 60.0), 2.0, "of left"))
    session.set_section(open_section(session.cohort.sections[1]))
    session.set_prediction(predicted(session.section))
    bookmarks.add(Bookmark((150.0, 260.0), 1.0, "of right"))
    session.set_gene("CD74")
    compare_of(viewer).set_look(**LOOK)
    compare_of(viewer).layer("slide").opacity = 0.25
    compare_of(viewer).set_panes(mode=SWIPE)
    compare_of(viewer).swipe.move_to(EDGE)
    compare_of(viewer).blink.run(every_s=1.4, on=False)
    kept_genes().change(lambda book: book.with_favourite("CD74", True).with_signature("Pair", ("ERBB2", "CD74")))
    field.go(VIEW)
    path = study.parent / "mine.geneglass.json"
    assert finish(save(snapshot(viewer), path)) == path
    session.section.close()
    return path


@pytest.fixture
def viewer() -> ViewerModel:
    viewer = ViewerModel()
    session = session_of(viewer)
    compare_of(viewer), field_of(viewer)
    session.reopened.connect(partial(restore_window, viewer, session))
    return viewer


def reopen(viewer: ViewerModel, path: Path) -> list[str]:
    """Open a session as the panel does and return what was said."""
    session = session_of(viewer)
    told: list[str] = []
    session.message.connect(told.append)
    take(session, finish(open_path(path)))
    session.message.disconnect(told.append)
    return told


def the_rest_is_right(viewer: ViewerModel) -> Session:
    session = session_of(viewer)
    assert (session.source.name, session.gene) == ("right", "CD74")
    look = compare_of(viewer).look
    assert look == Look(**LOOK)
    assert compare_of(viewer).panes.mode == SWIPE
    assert compare_of(viewer).layer("slide").opacity == 0.25
    now = field_of(viewer).now()
    assert now.centre_yx_px == pytest.approx(VIEW.centre_yx_px)
    assert now.zoom == pytest.approx(VIEW.zoom)
    return session


def test_all_of_it_comes_back_in_another_place(file: Path, viewer: ViewerModel, tmp_path: Path) -> None:
    assert [domain.name for domain in read_domains(file.with_name("mine.left.geojson"))[0]] == ["tumour"]
    shutil.rmtree(data_folder())
    moved = Path(shutil.move(file.parent, tmp_path / "moved"))
    assert reopen(viewer, moved / file.name) == []
    session = the_rest_is_right(viewer)
    assert session.section.slide.path == moved / "right.ome.tif"
    assert session.prediction is not None
    assert session.predicted("ERBB2") is not None
    assert [item.note for item in bookmarks_of(viewer).here] == ["of right"]
    left = session.cohort.sections[0]
    assert [item.note for item in bookmarks_of(viewer).of(left)] == ["of left"]
    session.set_section(open_section(left))
    assert [domain.name for domain in session.domains] == ["tumour"]
    assert session.section.spots.table.obs["domain"].notna().any()
    session.section.close()


@pytest.mark.usefixtures("qapp")
def test_a_domain_deleted_since_comes_back_and_one_drawn_since_stays(study: Path, viewer: ViewerModel) -> None:
    hand, session = annotating_of(viewer), session_of(viewer)
    session.set_cohort(read_cohort(study))
    session.set_section(open_section(session.cohort.sections[0]))
    saved, later = (Domain(name, box(x, 10, x + 90, 150)) for name, x in (("saved", 10), ("later", 200)))
    hand.do((saved,), "Draw saved")
    path = study.parent / "again.geneglass.json"
    finish(save(snapshot(viewer), path))
    hand.do((), "Delete saved")
    hand.do((later,), "Draw later")
    reopen(viewer, path)
    assert session.domains == (later, saved)
    hand.undo()
    assert session.domains == (later,)
    hand.flush()
    session.section.close()


def test_a_place_that_is_there_is_not_added_again_and_keeps_its_note(file: Path, viewer: ViewerModel) -> None:
    reopen(viewer, file)
    bookmarks_of(viewer).set_note(0, "written since")
    reopen(viewer, file)
    assert [item.note for item in bookmarks_of(viewer).here] == ["written since"]
    session_of(viewer).section.close()


def test_a_missing_file_is_named_and_the_rest_opened(file: Path, viewer: ViewerModel) -> None:
    (file.parent / "left.ome.tif").unlink()
    (file.parent / "mine.right.h5ad").unlink()
    told = reopen(viewer, file)
    assert len(told) == 1
    assert "left.ome.tif" in told[0]
    assert "mine.right.h5ad" in told[0]
    session = the_rest_is_right(viewer)
    assert session.prediction is None
    assert session.cohort.sections[0].slide is None
    session.section.close()


def test_a_part_that_makes_no_sense_is_told_and_left_out(file: Path, viewer: ViewerModel) -> None:
    saved, _ = read_session(file)
    told: list[str] = []
    session = session_of(viewer)
    session.message.connect(told.append)
    before = compare_of(viewer).look
    window = {"colours": {"limits": [3]}, "view": 3, "places": 5, "layers": {"slide": 1}, "of a later version": 1}
    take(session, finish(open_path(file)))
    restore_window(viewer, session, SavedSession(saved.cohort, saved.sections, window=window))
    assert len(told) == 4
    assert all("left out" in sentence for sentence in told)
    window = {"colours": {"opacity": "loud"}}
    restore_window(viewer, session, SavedSession(saved.cohort, saved.sections, window=window))
    assert "opacity is 'loud'" in told[-1]
    assert before.opacity == 0.9
    assert compare_of(viewer).look.opacity == 0.4
    session.section.close()


def test_edge_favourites_and_signatures_come_back_and_join_those_of_the_person(
    file: Path, viewer: ViewerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another person"))
    kept = kept_genes()
    assert not kept.book.favourites
    kept.change(lambda book: book.with_favourite("ACTB", True).with_signature("Pair", ("ACTB", "CD74")))
    for _ in range(2):
        assert reopen(viewer, file) == []
        assert kept.book.favourites == {"ACTB", "CD74"}
        assert kept.book.signatures == {"Pair": ("ACTB", "CD74"), "Pair 2": ("ERBB2", "CD74")}
    assert compare_of(viewer).swipe.x == EDGE
    assert compare_of(viewer).blink.every_s == 1.4
    session_of(viewer).section.close()


def test_an_older_file_without_panes_and_genes_opens_as_it_did(file: Path, viewer: ViewerModel) -> None:
    stored = json.loads(file.read_text(encoding="utf-8"))
    for part in ("panes", "genes"):
        del stored["window"][part]
    file.write_text(json.dumps(stored), encoding="utf-8")
    before = kept_genes().book
    assert reopen(viewer, file) == []
    assert compare_of(viewer).panes.mode == BESIDE
    assert compare_of(viewer).look == Look(**LOOK)
    assert kept_genes().book == before
    session_of(viewer).section.close()


@pytest.mark.parametrize(
    "window",
    [
        {"panes": {"mode": "upside down"}},
        {"panes": {"mode": SWIPE, "edge": "left"}},
        {"panes": {"mode": BLINK, "seconds": 0}},
        {"genes": {"favourites": "CD74", "signatures": {}}},
        {"genes": {"favourites": [], "signatures": {"Empty": []}}},
        {"genes": {}},
    ],
)
def test_panes_and_genes_that_make_no_sense_change_nothing(
    file: Path, viewer: ViewerModel, window: dict[str, Any]
) -> None:
    session = session_of(viewer)
    told: list[str] = []
    session.message.connect(told.append)
    before = kept_genes().book
    take(session, finish(open_path(file)))
    saved, _ = read_session(file)
    restore_window(viewer, session, SavedSession(saved.cohort, saved.sections, window=window))
    assert len(told) == 1
    assert f"{next(iter(window))} makes no sense" in told[0]
    assert (compare_of(viewer).panes.mode, kept_genes().book) == (SWIPE, before)
    session.section.close()


@pytest.mark.parametrize("hand", [(1280, 800)], indirect=True)
def test_dropped_on_the_window(hand: Any, file: Path) -> None:
    from geneglass.viewer.panel import GeneglassPanel

    hand.drop(file, reader="geneglass")
    hand.wait(lambda: hand.window.findChild(GeneglassPanel, "geneglass") is not None)
    panel: Any = hand.window.findChild(GeneglassPanel, "geneglass")
    hand.wait(lambda: panel.desk.session.section is not None and panel.desk.runner.running is None)
    hand.wait(lambda: not panel._refit.isActive())
    the_rest_is_right(panel._viewer)
    hand.look("reopened")
    hand.tab(panel.tabs, "Slides")
    page = panel.pages["slides"]
    target = file.with_name("again.geneglass.json")
    page.session_row.save_to(target)
    hand.wait(target.exists)
    assert read_session(target)[0].gene == "CD74"
    stored = json.loads(target.read_text(encoding="utf-8"))
    target.write_text(json.dumps({**stored, "gene": f"{SIGN}Pair"}), encoding="utf-8")
    panel.desk.open_path(target)
    hand.wait(lambda: panel.desk.session.gene == f"{SIGN}Pair")
    assert "neither measured" not in panel.messages.text.text()
