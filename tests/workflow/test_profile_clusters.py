"""Clusters of profiles as proposed domains."""

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_matrix

from geneglass.data.annotation import Domain, spots_in
from geneglass.errors import InputError
from geneglass.workflow.events import finish
from geneglass.workflow.profile_clusters import KMEANS, LEIDEN, ClusterConfig, propose


def tissue() -> tuple[np.ndarray, np.ndarray]:
    """Return profiles and centres of 12 x 15 spots: the left third differs in 8 of 40 genes."""
    rng = np.random.default_rng(3)
    y, x = (axis.ravel() for axis in np.meshgrid(np.arange(12) * 100.0, np.arange(15) * 100.0, indexing="ij"))
    profiles = rng.normal(1, 0.3, (180, 40))
    profiles[x < 450, :8] += 2
    return np.abs(profiles).astype(np.float32), np.stack([y, x], axis=1).astype(np.float32)


DRAWN = (Domain("Tumor", shapely.box(-10, -10, 450, 1200)), Domain("Stroma", shapely.box(451, -10, 1500, 1200)))


@pytest.mark.parametrize("config", [ClusterConfig(LEIDEN, resolution=0.1), ClusterConfig(KMEANS, n_clusters=2)])
@pytest.mark.parametrize("sparse", [False, True])
def test_clusters_find_what_differs_and_agree_with_what_was_drawn(config: ClusterConfig, sparse: bool) -> None:
    profiles, centres_yx = tissue()
    found = finish(propose(csr_matrix(profiles) if sparse else profiles, centres_yx, DRAWN, config))
    assert found.sizes == (120, 60)
    assert [domain.name for domain in found.domains] == ["Cluster 1", "Cluster 2"]
    assert found.agreement == pytest.approx({"ari": 1, "nmi": 1})
    assert found.n_compared == 180
    names = spots_in(found.domains, centres_yx)
    assert set(names[centres_yx[:, 1] < 450]) == {"Cluster 2"}


def test_places_without_values_are_left_out_and_one_domain_is_no_comparison() -> None:
    profiles, centres_yx = tissue()
    profiles[5] = np.nan
    profiles[:, 30] = np.where(np.arange(180) == 7, np.nan, profiles[:, 30])
    found = finish(propose(profiles, centres_yx, DRAWN[:1], ClusterConfig(KMEANS, n_clusters=2)))
    assert sum(found.sizes) == 179
    assert (found.agreement, found.n_compared) == ({}, 60)
    assert spots_in(found.domains, centres_yx)[5] is None


def test_too_little_to_cluster_is_said() -> None:
    profiles, centres_yx = tissue()
    with pytest.raises(InputError, match="Only 4 places have values"):
        finish(propose(profiles[:4], centres_yx[:4], ()))
    with pytest.raises(InputError, match="same values"):
        finish(propose(np.ones((40, 6), np.float32), centres_yx[:40], ()))
    with pytest.raises(InputError, match="choose Leiden or k-means"):
        finish(propose(profiles, centres_yx, (), ClusterConfig("ward")))
