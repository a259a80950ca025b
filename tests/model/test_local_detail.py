"""Averages of random features: linear in what share of a place looks like what."""

import numpy as np

from geneglass.model.local_detail import FEATURES, local_detail


def channels(dense):
    """Return the pixels of places, dense stain where `dense` says so."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.02, (3, *dense.shape)).astype(np.float32)
    stains = np.stack([0.2 + 0.6 * dense, 0.3 - 0.2 * dense, 0.1 + 0 * dense]).astype(np.float32) + noise
    return stains, stains[0] - stains[2], stains.mean(axis=0), np.zeros(dense.shape, np.float32)


def halves(share, n=1):
    """Return (n, 48, 320) places whose left `share` of columns is dense."""
    return np.repeat((np.arange(320) < 320 * share)[None, None], 48, axis=1).repeat(n, axis=0).astype(np.float32)


def test_shares_of_tissue_become_linear():
    none, half, whole = (local_detail(*channels(halves(share)))[0, FEATURES:] for share in (0.0, 0.5, 1.0))

    away, error = np.linalg.norm(whole - none), np.linalg.norm(half - (none + whole) / 2)
    assert away > 1
    assert error < 0.1 * away


def test_the_first_half_looks_at_the_middle():
    middle = np.zeros((1, 48, 64), np.float32)
    middle[:, 16:32, 24:40] = 1
    edge = np.roll(middle, (12, 20), axis=(1, 2))

    at_middle, at_edge, empty = (local_detail(*channels(dense)) for dense in (middle, edge, 0 * middle))
    core, whole = (slice(0, FEATURES), slice(FEATURES, None))
    for columns, least, most in ((core, 3, np.inf), (whole, 0.6, 1.6)):
        shown, hidden = (np.linalg.norm((seen - empty)[:, columns]) for seen in (at_middle, at_edge))
        assert least < shown / hidden < most


def test_places_do_not_touch_each_other():
    dense = np.concatenate([halves(0.25), halves(0.75)])
    together = local_detail(*channels(dense))

    alone = [local_detail(*(part[..., i : i + 1, :, :] for part in channels(dense))) for i in range(2)]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-5, atol=1e-5)
    assert np.abs(together[0] - together[1]).max() > 0.1
