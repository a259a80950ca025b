import numpy as np

from geneglass.data.neighbours import neighbour_pairs


def grid(rows, columns):
    return np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), axis=-1).reshape(-1, 2)


def test_square_grid_has_four_neighbours_and_no_diagonals():
    pairs = neighbour_pairs(200.0 * grid(5, 7) + np.random.default_rng(0).normal(0, 8, (35, 2)))
    assert len(pairs) == 4 * 7 + 5 * 6
    counts = np.bincount(pairs.ravel(), minlength=35).reshape(5, 7)
    assert (counts[1:-1, 1:-1] == 4).all()
    assert (counts[::4, ::6] == 2).all()


def test_hexagonal_grid_has_six_neighbours():
    places = grid(7, 9).astype(float)
    places[:, 1] += 0.5 * (places[:, 0] % 2)
    places[:, 0] *= np.sqrt(3) / 2
    counts = np.bincount(neighbour_pairs(places).ravel(), minlength=63).reshape(7, 9)
    assert (counts[1:-1, 1:-1] == 6).all()


def test_each_pair_stands_once_and_lonely_spots_have_none():
    places = np.array([[0, 0], [0, 1], [0, 2], [50, 50]], np.float32)
    np.testing.assert_array_equal(neighbour_pairs(places), [[0, 1], [1, 2]])
    assert neighbour_pairs(places[:1]).shape == (0, 2)
    assert neighbour_pairs(places[:0]).shape == (0, 2)
