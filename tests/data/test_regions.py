"""Regions made of labelled spots."""

import numpy as np
import pytest
import shapely

from geneglass.data.annotation import spots_in
from geneglass.data.regions import pitch_px, regions_of


def hexagonal(rows: int, columns: int, pitch: float) -> np.ndarray:
    y, x = np.meshgrid(np.arange(rows) * pitch * np.sqrt(3) / 2, np.arange(columns) * pitch, indexing="ij")
    x = x + (np.arange(rows) % 2)[:, None] * pitch / 2
    return np.stack([y.ravel(), x.ravel()], axis=1).astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_every_spot_lies_in_the_region_of_its_label(seed: int) -> None:
    rng = np.random.default_rng(seed)
    centres_yx = hexagonal(20, 31, 140.0) + rng.normal(0, 4, (620, 2)).astype(np.float32)
    labels = rng.choice(np.array(["a", "b", "c", "", None], dtype=object), 620)
    domains = regions_of(labels, centres_yx, {"a": (1, 2, 3)})
    assert {domain.name for domain in domains} == {"a", "b", "c"}
    assert next(d for d in domains if d.name == "a").colour_rgb == (1, 2, 3)
    wanted = [label or None for label in labels]
    assert list(spots_in(domains, centres_yx)) == wanted
    for one in domains:
        assert one.shape.is_valid
        for other in domains:
            assert one is other or shapely.intersection(one.shape, other.shape).area < 1e-3


def test_neighbours_of_one_label_make_one_area_without_gaps() -> None:
    centres_yx = hexagonal(9, 12, 100.0)
    (region,) = regions_of(np.full(108, "a"), centres_yx, {})
    assert region.shape.geom_type == "Polygon"
    assert not region.shape.interiors


def test_an_array_placed_by_hand_makes_one_area_without_gaps() -> None:
    rng = np.random.default_rng(2)
    y, x = np.meshgrid(np.arange(12) * 100.0, np.arange(15) * 106.0, indexing="ij")
    centres_yx = np.stack([y.ravel(), x.ravel()], axis=1) + rng.uniform(-9, 9, (180, 2))
    (region,) = regions_of(np.full(180, "a"), centres_yx, {})
    assert region.shape.geom_type == "Polygon"
    assert not region.shape.interiors


@pytest.mark.parametrize("seed", range(4))
def test_no_slit_is_left_between_cells_of_one_label(seed: int) -> None:
    """A slit is drawn as a spike: its outline turns straight back."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(np.arange(12) * 62.0, np.arange(15) * 63.0, indexing="ij")
    centres_yx = np.stack([y.ravel(), x.ravel()], axis=1) + rng.uniform(-4, 4, (180, 2)) + 117.25
    (region,) = regions_of(np.full(180, "a"), centres_yx, {})
    corners = np.array(region.shape.simplify(1.8).exterior.coords)[:-1]
    ahead = np.roll(corners, -1, axis=0) - corners
    behind = np.roll(corners, 1, axis=0) - corners
    turns = (ahead * behind).sum(axis=1) / np.linalg.norm(ahead, axis=1) / np.linalg.norm(behind, axis=1)
    assert np.degrees(np.arccos(np.clip(turns, -1, 1))).min() > 10


def test_few_places_and_places_on_a_line_and_twice_the_same() -> None:
    assert regions_of(np.array(["a"]), np.array([[5.0, 7.0]]), {})[0].shape.contains(shapely.Point(7, 5))
    line = np.stack([np.arange(6) * 10.0, np.full(6, 3.0)], axis=1)
    assert spots_in(regions_of(np.array(list("aabbab")), line, {}), line)[0] == "a"
    twice = np.array([[0.0, 0], [0, 0], [0, 10], [10, 0], [10, 10]])
    assert regions_of(np.array(list("aabab")), twice, {})[0].shape.area > 0
    assert regions_of(np.array([], dtype=object), np.empty((0, 2)), {}) == ()


def test_the_pitch_is_the_distance_of_neighbours() -> None:
    assert pitch_px(hexagonal(6, 9, 100.0)) == pytest.approx(100, rel=1e-4)
    assert pitch_px(np.zeros((1, 2))) == 0
