"""Two readers' domains."""

import numpy as np
import pytest
import shapely

from geneglass.data.annotation import Domain
from geneglass.errors import InputError
from geneglass.workflow.events import finish
from geneglass.workflow.readers import cohen_kappa, compare_readers


def reader(who: str, split: float) -> tuple[Domain, ...]:
    """Return tumour left of a line and stroma right of it, on 1000 x 600."""
    return (
        Domain("Tumor", shapely.box(0, 0, split, 600), (200, 0, 0), annotator=who),
        Domain("Stroma", shapely.box(split, 0, 1000, 600), annotator=who),
    )


def spots() -> np.ndarray:
    y, x = np.meshgrid(np.arange(25, 600, 50), np.arange(25, 1000, 50), indexing="ij")
    return np.stack([y.ravel(), x.ravel()], axis=1).astype(np.float32)


@pytest.mark.parametrize("centres_yx", [spots(), None])
def test_kappa_and_the_area_named_differently(centres_yx: np.ndarray | None) -> None:
    found = finish(compare_readers(reader("Ann", 500), reader("Bo", 600), centres_yx))
    (conflict,) = found.conflicts
    assert (conflict.first, conflict.second) == ("Stroma", "Tumor")
    assert conflict.shape.equals(shapely.box(500, 0, 600, 600))
    # 50 and 60 % are called tumour, 90 % alike: by chance 0.5 x 0.6 + 0.5 x 0.4.
    assert found.kappa == pytest.approx((0.9 - 0.5) / 0.5, abs=0.01)
    assert found.kappa_named == pytest.approx(found.kappa)
    assert found.on_spots == (centres_yx is not None)
    if centres_yx is not None:
        assert (found.n_places, found.n_named, conflict.n_places) == (240, 240, 24)
    merged = {domain.name: domain for domain in found.merged}
    assert set(merged) == {"Tumor", "Stroma", "Conflict: Stroma or Tumor"}
    assert merged["Tumor"].shape.equals(shapely.box(0, 0, 500, 600))
    assert merged["Tumor"].annotator == "Ann, Bo"
    assert merged["Tumor"].colour_rgb == (200, 0, 0)


def test_what_one_reader_left_out_is_no_conflict_but_counts_in_kappa() -> None:
    first, second = reader("Ann", 500), reader("Bo", 500)[:1]
    found = finish(compare_readers(first, second, spots()))
    assert found.conflicts == ()
    assert found.kappa == pytest.approx(0.5 / (1 - 0.25) - 0.25 / (1 - 0.25))
    assert np.isnan(found.kappa_named)
    assert found.n_named == 120
    assert sum(domain.shape.area for domain in found.merged) == 600_000


def test_a_nest_in_a_tumour_is_not_in_conflict_with_the_same_nest() -> None:
    nest = Domain("Nest", shapely.box(100, 100, 200, 200))
    found = finish(compare_readers((*reader("Ann", 500), nest), (nest, *reader("Bo", 500)), spots()))
    assert found.conflicts == ()
    assert found.kappa == 1
    one_sided = finish(compare_readers((*reader("Ann", 500), nest), reader("Bo", 500), spots()))
    assert [(c.first, c.second, c.n_places) for c in one_sided.conflicts] == [("Nest", "Tumor", 4)]


def test_kappa_is_that_of_scikit_learn_and_nothing_drawn_is_refused() -> None:
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(5)
    for _ in range(5):
        a, b = (rng.choice(np.array(["x", "y", "zz"], dtype=object), 70, p=[0.6, 0.3, 0.1]) for _ in range(2))
        assert cohen_kappa(a, b) == pytest.approx(cohen_kappa_score(list(a), list(b)))
    with pytest.raises(InputError, match="drew no area"):
        finish(compare_readers(reader("Ann", 500), (Domain("ink", shapely.LineString([(0, 0), (9, 9)])),), spots()))
