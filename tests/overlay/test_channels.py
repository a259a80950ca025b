"""Two or three genes as colours."""

import numpy as np
import pytest

from geneglass.overlay.channels import PAIR, TRIPLE, channel_colours, hues

LIMITS = [(0.0, 2.0), (1.0, 3.0)]


def test_one_gene_alone_has_its_colour_and_both_are_white() -> None:
    values = np.array([[2, 0], [1, 0], [0, 3], [2, 3], [0, 1], [np.nan, 9]], np.float32)
    rgba = channel_colours(values, LIMITS)
    np.testing.assert_allclose(rgba[0], [*PAIR[0][1], 1])
    np.testing.assert_allclose(rgba[1], [*PAIR[0][1], 0.5])
    np.testing.assert_allclose(rgba[2], [*PAIR[1][1], 1])
    np.testing.assert_allclose(rgba[3], [1, 1, 1, 1])
    assert rgba[4, 3] == 0
    np.testing.assert_allclose(rgba[5], [*PAIR[1][1], 1])


def test_of_three_genes_every_pair_has_a_colour_of_its_own() -> None:
    values = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)][1:], np.float32)
    rgb = channel_colours(values, [(0.0, 1.0)] * 3)[:, :3]
    assert len(np.unique(rgb, axis=0)) == 7
    np.testing.assert_allclose(rgb.max(axis=1), 1)
    assert hues(3) == TRIPLE


@pytest.mark.parametrize("n", [1, 4])
def test_other_numbers_of_genes_have_no_colours(n: int) -> None:
    with pytest.raises(ValueError, match="2 or 3 genes"):
        hues(n)
