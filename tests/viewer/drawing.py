"""A viewer that is drawn on by its parts, with no window: for tests that nothing drawn is lost."""

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from napari.components import ViewerModel

from geneglass.data.annotation import Domain
from geneglass.data.cohort import Cohort
from geneglass.data.recovery import Recovery
from geneglass.data.section import open_section
from geneglass.viewer.annotating import Annotating, annotating_of
from geneglass.viewer.desk import data_folder
from geneglass.viewer.domains import domains_of
from geneglass.viewer.session import Session, session_of

SQUARE, OTHER, THIRD = (shapely.box(x, 30, x + 120, 190) for x in (20, 160, 300))
CORNERS_YX = np.array([[200.0, 30], [300, 30], [300, 130]])
TRIANGLE_PX = 100 * 100 / 2


class Window:
    """A viewer with the small cohort, its section "left" open; no window."""

    def __init__(self, cohort: Cohort) -> None:
        self.viewer = ViewerModel()
        self.hand: Annotating = annotating_of(self.viewer)
        self.session: Session = session_of(self.viewer)
        self.session.set_cohort(cohort)
        self.open(0)
        self.hand.keeping.wait()
        self.hand.keep()

    def open(self, index: int) -> None:
        self.session.set_section(open_section(self.session.cohort.sections[index]))

    def draw(self, shape: Any, name: str = "Tumor") -> Domain:
        self.hand.set_name(name)
        self.hand.do((*self.session.domains, self.hand.make(shape)), f"Draw {name}")
        return self.session.domains[-1]

    def half_draw(self) -> None:
        """Set three corners of a polygon that is not finished."""
        view = domains_of(self.viewer)
        view.take_tool("add_polygon", (1, 2, 3))
        view.layer.add(CORNERS_YX, shape_type="path", gui=True)
        assert len(view.unfinished) == 1

    def offered(self, slide: Any) -> tuple[Domain, ...]:
        """Return what a window that opens the slide now would be offered."""
        self.hand.keeping.wait()
        recovery = Recovery(data_folder() / "recovery", slide.content_hash())
        found = recovery.left_behind().domains
        recovery.close()
        return found

    def close(self) -> None:
        """End as a window that is closed: what it has open is left to the next one."""
        self.hand.flush()
        self.session.set_cohort(Cohort(Path("none.toml"), ()))
        self.hand.keeping.wait()
