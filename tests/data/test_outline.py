"""Outlines of domains, and domains after their outlines were changed by hand."""

import numpy as np
import shapely

from geneglass.data.annotation import Domain
from geneglass.data.outline import area, changed, outlines


def holed() -> Domain:
    large = shapely.Polygon([(20, 10), (200, 10), (200, 150), (20, 150)], [[(60, 50), (90, 50), (90, 80), (60, 80)]])
    return Domain("Tumor", shapely.MultiPolygon([shapely.box(300, 10, 310, 30), large]))


def unchanged(domain: Domain) -> dict[int, np.ndarray]:
    return {place: outline.seen_xy for place, outline in enumerate(outlines(domain.shape, 0.1))}


def test_the_largest_part_comes_first_with_its_holes() -> None:
    found = outlines(holed().shape, 0.1)
    assert [(outline.part, outline.ring) for outline in found] == [(1, 0), (1, 1), (0, 0)]
    assert [len(outline.xy) for outline in found] == [4, 4, 4]


def test_moving_a_corner_changes_that_part_alone() -> None:
    domain = holed()
    drawn = outlines(domain.shape, 0.1)
    now = unchanged(domain)
    now[2] = np.array([[330.0, 10] if tuple(corner) == (310, 10) else corner for corner in now[2]])
    after = changed(domain, drawn, now)
    assert after is not None
    assert after.id == domain.id
    assert after.shape.area == domain.shape.area + 20 * 20 / 2
    assert changed(domain, drawn, unchanged(domain)) is not None


def test_a_ring_that_is_gone_fills_a_hole_or_removes_a_part() -> None:
    domain = holed()
    drawn = outlines(domain.shape, 0.1)
    now = unchanged(domain)
    filled = changed(domain, drawn, {0: now[0], 2: now[2]})
    assert filled is not None
    assert filled.shape.area == 180 * 140 + 10 * 20
    alone = changed(domain, drawn, {1: now[1], 2: now[2]})
    assert alone is not None
    assert alone.shape.area == 10 * 20
    assert changed(domain, drawn, {}) is None


def test_a_corner_on_a_straight_line_is_seen_where_it_is_to_be_kept() -> None:
    square = shapely.Polygon([(0.0, 0.0), (50.0, 0.1), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)])
    assert [len(outline.seen_xy) for outline in outlines(square, 0.5)] == [4]
    (kept,) = outlines(square, 0.5, {(50.0, 0.1), (7.0, 7.0)})
    np.testing.assert_array_equal(kept.seen_xy, kept.xy)


def test_corners_that_were_not_seen_stay_except_beside_the_corner_that_moved() -> None:
    angle = np.linspace(0, 2 * np.pi, 721)[:-1]
    domain = Domain("disc", shapely.Polygon(100 + 80 * np.stack([np.cos(angle), np.sin(angle)], axis=1)))
    drawn = outlines(domain.shape, 0.5)
    seen = drawn[0].seen_xy
    assert 10 < len(seen) < 60
    same = changed(domain, drawn, {0: seen})
    assert same is not None
    assert same.shape.equals(domain.shape)
    for shift in range(len(seen)):
        moved = seen.copy()
        moved[shift] = 100 + (moved[shift] - 100) * 1.5
        after = changed(domain, drawn, {0: moved})
        assert after is not None
        lost = 720 - len(after.shape.exterior.coords) + 1
        gaps = 2 * np.ceil(720 / len(seen) * 2)
        assert 0 < lost <= gaps
    dropped = changed(domain, drawn, {0: np.delete(seen, 3, axis=0)})
    assert dropped is not None
    assert 600 < len(dropped.shape.exterior.coords) < 720


def test_lines_and_points_follow_the_hand() -> None:
    line = Domain("ink", shapely.LineString([(0, 0), (10, 0), (10, 8)]))
    moved = changed(line, outlines(line.shape, 0.1), {0: np.array([[0.0, 0], [10, 0], [14, 8]])})
    assert moved is not None
    assert moved.shape.equals(shapely.LineString([(0, 0), (10, 0), (14, 8)]))
    point = Domain("mitosis", shapely.Point(5, 6))
    moved = changed(point, outlines(point.shape, 0.1), {0: np.array([[6.0, 7], [8, 7], [8, 9], [6, 9]])})
    assert moved is not None
    assert moved.shape.equals(shapely.Point(7, 8))


def test_an_outline_that_crosses_itself_becomes_a_valid_area_and_two_corners_none() -> None:
    eight = area(np.array([[0.0, 0], [10, 10], [10, 0], [0, 10]]))
    assert eight.is_valid
    assert eight.area == 50
    assert area(np.array([[0.0, 0], [1, 1]])).is_empty
    assert area(np.array([[0.0, 0], [1, 1], [2, 2]])).is_empty
