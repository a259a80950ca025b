"""Where a spot lies, for predictors that are told nothing but that."""

from dataclasses import replace

import numpy as np
import pytest

from geneglass.data.cohort import SectionSource, read_cohort
from geneglass.data.spot_formats import open_spots
from geneglass.workflow.measured import POSITION, Measured, image_free, measure
from geneglass.workflow.protocol import PROTOCOLS

SHAPE = (9, 14)
GRID = np.stack(np.unravel_index(np.arange(SHAPE[0] * SHAPE[1]), SHAPE), axis=1).astype(np.float32)
PITCH_UM = 100.0
K10 = POSITION[0]


def section(name: str, mpp: float, *, array: bool, known: bool = True) -> Measured:
    """Return a whole array whose one gene grows with the square of the distance from its middle, in micrometres."""
    away = (GRID - GRID.mean(axis=0)) * PITCH_UM
    truth = (away**2).sum(axis=1, keepdims=True).astype(np.float32)
    return Measured(
        name=name,
        patient=name,
        genes=("g",),
        counts=truth,
        truth=truth,
        totals=truth[:, 0] + 1,
        array_yx=GRID if array else None,
        centres_yx=(GRID * PITCH_UM / mpp).astype(np.float32),
        n_spots=len(GRID),
        centres_um_yx=GRID * np.float32(PITCH_UM) if known else None,
    )


def error(test: Measured, references: list[Measured]) -> float:
    predicted = image_free(test, references, seed=0)[K10]
    return float(np.abs(predicted - test.truth).mean() / test.truth.mean())


def test_sections_of_different_pixel_size_are_laid_over_each_other_in_micrometres() -> None:
    test = section("t", 0.5, array=True)
    fine, coarse = section("a", 0.25, array=True), section("b", 1.0, array=False)
    expected = error(test, [fine, section("b", 1.0, array=True)])
    assert expected < 0.1
    assert error(test, [fine, coarse]) == pytest.approx(expected, abs=1e-6)


def test_pixels_are_compared_only_where_a_pixel_size_is_not_known() -> None:
    test = section("t", 0.5, array=False)
    in_micrometres = error(test, [section("a", 2.0, array=False)])
    assert error(test, [section("a", 0.5, array=False, known=False)]) == pytest.approx(in_micrometres, abs=1e-6)
    assert error(test, [section("a", 2.0, array=False, known=False)]) > in_micrometres + 0.1


def test_micrometres_come_from_the_section_else_from_its_files(tiny_cohort) -> None:
    source = read_cohort(tiny_cohort).sections[0]
    spots = replace(open_spots(source.spots, source.positions), mpp=None)
    genes, protocol = spots.table.var_names[:3].tolist(), PROTOCOLS["geneglass"]
    bare = SectionSource(source.name, spots=source.spots)

    def centres(source, spots, **given):
        return measure(source, spots, genes, protocol, min_counts=0, **given)

    assert centres(bare, spots).centres_um_yx is None
    stated = centres(bare, replace(spots, mpp=0.7))
    np.testing.assert_allclose(stated.centres_um_yx, 0.7 * stated.centres_yx, rtol=1e-6)
    of_slide = centres(replace(bare, mpp=2.0, scale=0.25), spots)
    np.testing.assert_allclose(of_slide.centres_um_yx, 0.5 * of_slide.centres_yx, rtol=1e-6)
    given = centres(replace(bare, mpp=2.0), spots, centres_um_yx=3 * stated.centres_yx)
    np.testing.assert_array_equal(given.centres_um_yx, 3 * stated.centres_yx)
