"""Weights beside rings, and captions below pictures: written only where they can be read."""

import numpy as np
import pytest
from qtpy.QtGui import QFontMetrics, QIcon

from geneglass.viewer.rings import Ring, apart
from geneglass.viewer.vote_list import CELL_PX, VoteList, picture, untinted
from geneglass.workflow.evidence import Vote
from geneglass.workflow.explain import Explanation, Question
from geneglass.workflow.reference_pictures import Picture

ROOM, RADIUS = 60.0, 8.0


def ring(*centres_yx: tuple[float, float]) -> Ring:
    weights = np.linspace(0.5, 0.1, len(centres_yx), dtype=np.float32)
    return Ring(np.array(centres_yx, np.float32), 2 * RADIUS, weights)


def test_a_weight_is_written_where_no_other_ring_lies_under_it() -> None:
    assert apart(ring((100, 100)), ROOM, RADIUS) == ("50 %",)
    assert apart(ring((100, 100), (100, 300), (300, 100)), ROOM, RADIUS) == ("50 %", "30 %", "10 %")
    for under in ((100, 130), (90, 155), (85, 100), (100, 165)):
        assert apart(ring((100, 100), under), ROOM, RADIUS)[0] == "", under
    for beside in ((100, 70), (125, 100), (60, 130), (100, 175)):
        assert apart(ring((100, 100), beside), ROOM, RADIUS)[0] == "50 %", beside


@pytest.mark.parametrize("pitch", [17.0, 200.0])
def test_in_a_dense_lattice_weights_wait_for_the_zoom(pitch: float) -> None:
    lattice = ring(*((row * pitch, column * pitch) for row in range(4) for column in range(5)))
    shown = [text for text in apart(lattice, ROOM, RADIUS) if text]
    # The last of each row has nothing beside it, and the top one nothing above.
    assert len(shown) == (12 if pitch > ROOM else 1)


def test_ring_without_weights_has_no_labels() -> None:
    assert apart(Ring(np.zeros((3, 2), np.float32), 16.0), ROOM, RADIUS) == ("", "", "")


@pytest.mark.parametrize("point_size", [9, 16])
def test_captions_stay_in_their_cell_whatever_the_names_and_the_font(qtbot, point_size):
    votes = [
        Vote(
            row=row,
            section="a_section_of_a_very_long_name_" * 3,
            patient="another patient",
            number=row,
            weight=0.12,
            similarity=0.4,
            value=3.21,
        )
        for row in range(4)
    ]
    listed = VoteList()
    qtbot.addWidget(listed)
    font = listed.font()
    font.setPointSize(point_size)
    listed.setFont(font)
    listed.resize(360, 400)
    pictures = {vote.row: Picture(None, 200.0, reason="no file") for vote in votes}
    listed.show_votes(Explanation(Question("spot", "ERBB2", 200.0, 4), tuple(votes), pictures, None, 3.0, "ln"))
    metrics = QFontMetrics(listed.font())
    for row in range(listed.count()):
        lines = listed.item(row).text().split("\n")
        assert all(metrics.horizontalAdvance(line) <= CELL_PX for line in lines)
        assert listed.iconSize().height() + len(lines) * metrics.lineSpacing() < listed.gridSize().height()
    first, second = (listed.visualItemRect(listed.item(row)) for row in (0, 3))
    assert not first.intersects(second)


def test_a_chosen_picture_keeps_its_colours(qapp):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    icon = untinted(picture(Picture(pixels, 200.0), 20))
    plain, chosen = (icon.pixmap(20, mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected))
    assert plain == chosen
    assert chosen.pixelColor(10, 10) != chosen.pixelColor(2, 2)
