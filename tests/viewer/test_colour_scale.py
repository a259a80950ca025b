"""One finite scale for both sides, whatever the values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geneglass.viewer.colour_scale import ColourScale, Look, colour_scale, percentile

MEASURED = np.linspace(0, 3, 301, dtype=np.float32)
PREDICTED = np.linspace(1, 2, 301, dtype=np.float32)


def test_limits_are_percentiles_of_both_sides_together() -> None:
    scale = colour_scale(MEASURED, PREDICTED, look=Look(threshold=None, percentiles=(10, 90)))
    low, high = np.percentile(np.r_[MEASURED, PREDICTED], (10, 90))
    assert (scale.low, scale.high) == pytest.approx((low, high))


def test_one_outlier_does_not_stretch_the_scale() -> None:
    spike = MEASURED.copy()
    spike[0] = 1000
    assert colour_scale(spike, PREDICTED, look=Look()).high < 4


def test_lower_limit_is_never_under_the_threshold() -> None:
    scale = colour_scale(MEASURED, PREDICTED, look=Look(threshold=0.5))
    assert scale.low == 0.5
    assert scale.shade(MEASURED).clear_low


def test_a_threshold_under_all_values_makes_nothing_clear() -> None:
    scale = colour_scale(PREDICTED, look=Look(threshold=0.1))
    assert scale.low > 0.1
    assert not scale.shade(PREDICTED).clear_low


def test_fixed_limits_are_taken_as_they_are() -> None:
    scale = colour_scale(MEASURED, PREDICTED, look=Look(limits=(0.25, 5.0)))
    assert (scale.low, scale.high) == (0.25, 5.0)


def test_missing_values_do_not_count() -> None:
    holes = MEASURED.copy()
    holes[::2] = np.nan
    assert colour_scale(holes, None, look=Look()).high == pytest.approx(
        colour_scale(holes[1::2], None, look=Look()).high
    )


def test_all_zero_is_stated_and_drawn_as_no_signal() -> None:
    zeros = np.zeros(50, np.float32)
    scale = colour_scale(zeros, zeros, look=Look())
    assert scale.empty
    assert "no value above 0.10" in scale.words()
    assert not scale.shade(zeros).signal


def test_a_side_without_signal_is_grey_beside_one_with() -> None:
    zeros = np.zeros(301, np.float32)
    scale = colour_scale(zeros, PREDICTED, look=Look())
    assert not scale.empty
    assert not scale.shade(zeros).signal
    assert scale.shade(PREDICTED).signal


def test_expressed_in_fewer_spots_than_the_percentile_sees() -> None:
    rare = np.zeros(1000, np.float32)
    rare[:3] = (0.7, 1.4, 2.1)
    scale = colour_scale(rare, look=Look())
    assert scale.low < scale.high == pytest.approx(2.1)


def test_words_state_unit_limits_and_threshold() -> None:
    words = ColourScale(0.0, 2.314, 0.1).words("ln(1 + counts per 10k)").replace("\N{NO-BREAK SPACE}", " ")
    assert words == "ln(1 + counts per 10k): 0.00 to 2.31\ntransparent at or below 0.10"
    assert "transparent" not in ColourScale(0.0, 2.3, None).words()


@given(
    arrays(np.float32, st.integers(0, 20), elements=st.floats(-50, 50, width=32) | st.just(float("nan"))),
    arrays(np.float32, st.integers(0, 20), elements=st.sampled_from([0.0, 0.1, 1.0, float("nan"), float("inf")])),
    st.sampled_from([None, 0.0, 0.1, 5.0]),
    st.sampled_from([None, (0.0, 2.0), (-3.0, 0.05)]),
)
def test_scale_is_finite_and_in_order_for_any_values(
    measured: np.ndarray, predicted: np.ndarray, threshold: float | None, limits: tuple[float, float] | None
) -> None:
    scale = colour_scale(measured, predicted, look=Look(threshold=threshold, limits=limits))
    assert np.isfinite([scale.low, scale.high]).all()
    assert scale.low < scale.high
    scale.shade(measured)


def test_few_values_at_the_threshold_are_transparent_as_stated() -> None:
    values = np.concatenate([np.zeros(2), np.linspace(2, 5, 998)]).astype(np.float32)
    scale = colour_scale(values, look=Look(threshold=0.1))
    assert scale.low == 0.1
    assert scale.shade(values).clear_low
    assert "transparent at or below 0.10" in scale.words()


def test_nothing_transparent_is_not_said_to_be() -> None:
    fixed = colour_scale(np.array([0.0, 3.0, 4.0]), look=Look(threshold=0.1, limits=(1.0, 4.0)))
    assert (fixed.low, fixed.high) == (1.0, 4.0)
    assert "transparent" not in fixed.words()


@pytest.mark.parametrize("n", [1, 2, 3, 10, 101, 5000])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_percentile_is_that_of_numpy_to_the_last_digit(n: int, kind: type) -> None:
    values = np.random.default_rng(n).gamma(1.0, 2.0, n).astype(kind)
    before = values.copy()
    for percent in (0.0, 1.0, 33.3, 50.0, 97.5, 99.0, 100.0):
        assert percentile(values, percent) == np.percentile(values.astype(float), percent)
    np.testing.assert_array_equal(values, before)


def test_values_of_single_precision_are_compared_with_the_threshold_as_they_are() -> None:
    """The nearest value of single precision to 0.1 lies above it: it is shown, and the scale begins there."""
    values = np.array([0.1, 0.1, 0.2, 5.0], np.float32)
    scale = colour_scale(values, look=Look(threshold=0.1, percentiles=(0, 100)))
    assert scale == colour_scale(values.astype(float), look=Look(threshold=0.1, percentiles=(0, 100)))
    assert scale.low == float(np.float32(0.1))
