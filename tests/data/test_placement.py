"""What is said of spots whose placement is doubtful: nothing that is not known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from geneglass.data import placement
from geneglass.data.alignment import Alignment, Placement
from geneglass.data.array_slide import ArraySlide
from geneglass.data.cohort import SectionSource
from geneglass.data.spots import Spots

NOW = Placement("none", 1.0, 0.38, 0.23)
RIGHT = Placement("none", 0.79, 0.85, 0.01)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            Alignment(NOW, nearly=RIGHT, best_score=0.84),
            "Section C: scale = 0.79 (or the exact ratio of the widths) fits far better: then 85% of the spots are on "
            "tissue and 1% of the empty places beside them; as it is, 38% and 23%; look at the picture of `geneglass "
            "check --picture`, and set it in the cohort.toml if that is right.",
        ),
        (
            Alignment(NOW, best_score=0.3),
            "Only 38% of the spots of C lie on tissue, and no turning, mirroring or scaling mends it: c.png may be the "
            "slide of another section.",
        ),
        (
            Alignment(NOW, best_score=0.7),
            "Only 38% of the spots of C lie on tissue, and no turning, mirroring or scaling mends it beyond doubt: "
            "c.png may be the slide of another section.",
        ),
        (Alignment(NOW), "Only 38% of the spots of C lie on tissue, and they are too few to tell why."),
    ],
)
def test_a_doubt_says_what_was_found(monkeypatch: pytest.MonkeyPatch, found: Alignment, said: str) -> None:
    monkeypatch.setattr(placement, "align", lambda *_, **__: found)
    slide = ArraySlide(np.zeros((20, 30, 3), np.uint8), Path("c.png"))
    spots = Spots(AnnData(np.ones((2, 1), np.float32), obs=pd.DataFrame(index=["a", "b"])), None)
    judgement = placement.judge(SectionSource("C", slide=slide.path), slide, spots, 1.0)
    assert judgement.fault is None
    assert judgement.warnings == (said,)
