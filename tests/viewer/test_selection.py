"""What is picked: told once, emptied by another section."""

import numpy as np

from geneglass.viewer.selection import Selection
from geneglass.viewer.session import Session


def test_picks_are_told_once_and_go_with_the_section():
    session = Session()
    selection = Selection(session)
    told = []
    for name in ("place_changed", "spots_changed", "domain_changed"):
        getattr(selection, name).connect(lambda name=name: told.append(name))

    selection.set_place("measured", 3)
    selection.set_place("measured", 3)
    selection.set_spots(np.array([5, 2, 2]))
    selection.set_domain("an id")
    assert told == ["place_changed", "spots_changed", "domain_changed"]
    assert selection.spots.tolist() == [2, 5]

    session.prediction_changed.emit()
    assert (selection.place, selection.domain_id) == (None, "an id")
    session.section_changed.emit()
    assert (selection.spots.size, selection.domain_id) == (0, None)
