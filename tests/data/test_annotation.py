"""Domains and the spots in them."""

import time

import numpy as np
import pytest
import shapely

from geneglass.data.annotation import UNNAMED, Domain, off_slide, spots_in


def test_a_spot_on_the_outline_is_inside_and_one_in_a_hole_is_not() -> None:
    ring = shapely.box(10, 20, 50, 60).difference(shapely.box(20, 30, 40, 50))
    centres_yx = np.array([[20, 10], [60, 30], [25, 15], [40, 30], [19, 30], [15, 25]], dtype=np.float32)
    assert list(spots_in([Domain("ring", ring)], centres_yx)) == ["ring", "ring", "ring", None, None, None]


def test_the_smallest_of_several_domains_has_the_spot_whatever_their_order() -> None:
    large, small = Domain("tumour", shapely.box(0, 0, 100, 50)), Domain("nest", shapely.box(10, 10, 20, 20))
    centres_yx = np.array([[15, 15], [40, 90]], dtype=np.float32)
    for domains in ([large, small], [small, large]):
        assert list(spots_in(domains, centres_yx)) == ["nest", "tumour"]


def test_lines_and_points_hold_no_spot_and_parts_of_a_multipolygon_do() -> None:
    parts = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(8, 4, 9, 5)])
    mixed = shapely.GeometryCollection([shapely.box(20, 20, 21, 21), shapely.Point(5, 5)])
    domains = [
        Domain("line", shapely.LineString([(0, 0), (9, 9)])),
        Domain("point", shapely.Point(3, 3)),
        Domain("parts", parts),
        Domain("mixed", mixed),
    ]
    centres_yx = np.array([[3, 3], [4.5, 8.5], [20.5, 20.5], [np.nan, 1]], dtype=np.float32)
    assert list(spots_in(domains, centres_yx)) == [None, "parts", "mixed", None]


def test_no_spots_and_no_domains() -> None:
    assert spots_in([Domain("a", shapely.box(0, 0, 1, 1))], np.empty((0, 2), np.float32)).shape == (0,)
    assert list(spots_in([], np.zeros((2, 2), np.float32))) == [None, None]


def test_half_a_million_spots_in_two_hundred_domains_take_seconds() -> None:
    rng = np.random.default_rng(0)
    centres_yx = (rng.random((500_000, 2)) * (12_000, 20_000)).astype(np.float32)
    angle = np.linspace(0, 2 * np.pi, 500)
    domains = []
    for number in range(200):
        middle, radius = rng.random(2) * (20_000, 12_000), rng.uniform(100, 1500) * (1 + 0.2 * np.sin(9 * angle))
        outline = middle + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        domains.append(Domain(f"d{number}", shapely.Polygon(outline)))
    start = time.perf_counter()
    names = spots_in(domains, centres_yx)
    assert time.perf_counter() - start < 10
    few = rng.choice(len(names), 300, replace=False)
    for row in few:
        here = [d for d in domains if d.shape.intersects(shapely.Point(centres_yx[row, ::-1].astype(float)))]
        assert names[row] == (min(here, key=lambda d: d.shape.area).name if here else None)


@pytest.mark.parametrize(
    ("given", "classified", "name"),
    [("a:b", True, "a: b"), ("a:b", False, "a:b"), (" two\n lines ", True, "two lines"), (" ", True, UNNAMED)],
)
def test_a_name_is_one_that_qupath_takes(given: str, classified: bool, name: str) -> None:
    assert Domain(given, shapely.Point(0, 0), classified=classified).name == name


def test_domains_off_the_slide_are_found() -> None:
    inside, across, beyond = (Domain(n, shapely.box(x, 5, x + 20, 9)) for n, x in (("i", 1), ("a", 95), ("b", 101)))
    assert off_slide([inside, across, beyond], height_px=50, width_px=100) == [beyond]
    assert off_slide([Domain("above", shapely.box(1, -9, 4, -2))], 50, 100)
