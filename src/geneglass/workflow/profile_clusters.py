"""Clusters of spots or tiles by their expression, proposed as domains, with their agreement with the drawn ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geneglass.data.annotation import Domain, spots_in
from geneglass.data.palette import COLOURS
from geneglass.data.regions import regions_of
from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.metric import GROUP_METRICS
from geneglass.workflow.events import Event, Job

LEIDEN, KMEANS = "Leiden", "k-means"
MOST_GENES, COMPONENTS, NEIGHBOURS, STARTS = 2000, 30, 15, 10
LEAST_PLACES = 10
STAGES = 4


@dataclass(frozen=True)
class ClusterConfig:
    """How to cluster.

    Attributes
    ----------
    method
        "Leiden" or "k-means".
    resolution
        Of Leiden: more gives more clusters.
    n_clusters
        Of k-means.
    seed
        For both.
    """

    method: str = LEIDEN
    resolution: float = 0.5
    n_clusters: int = 6
    seed: int = 0


@dataclass(frozen=True)
class Proposal:
    """Clusters as domains, the largest first, and how well they agree with what was drawn.

    Attributes
    ----------
    domains
        In level-0 pixels of the slide, named "Cluster 1" and so on.
    sizes
        Number of places in each, in the same order.
    agreement
        Each group metric by its name, over the places that lie in a drawn domain; empty where fewer than two
        domains were drawn.
    n_compared
        How many places that are.
    """

    domains: tuple[Domain, ...]
    sizes: tuple[int, ...]
    agreement: dict[str, float]
    n_compared: int


def propose(
    profiles: Any, centres_yx: FloatArray, drawn: tuple[Domain, ...], config: ClusterConfig = ClusterConfig()
) -> Job[Proposal]:
    """Cluster profiles and return their regions.

    Parameters
    ----------
    profiles
        (n, genes) log-normalised values, dense or sparse; places with a missing value are left out.
    centres_yx
        (n, 2) in level-0 pixels of the slide.
    drawn
        Domains to compare with.
    config
        How to cluster.

    Raises
    ------
    InputError
        When there are too few places, or more clusters are asked for than places differ.
    """
    if config.method not in (LEIDEN, KMEANS):
        raise InputError(f"{config.method!r} is no way to cluster; choose {LEIDEN} or {KMEANS}.")
    table, there = _table(profiles)
    if len(table) < max(LEAST_PLACES, config.n_clusters):
        raise InputError(f"Only {len(table)} places have values; clusters need at least {LEAST_PLACES}.")
    yield Event("Finding the directions in which places differ", 0, STAGES)
    if not np.ptp(table, axis=0).any():
        raise InputError("All places have the same values, so that there is nothing to cluster.")
    scores = _components(table, config.seed)
    yield Event(f"Clustering by {config.method}", 1, STAGES)
    if config.method == LEIDEN:
        clusters = yield from _leiden(scores, config)
    else:
        clusters = _kmeans(scores, config)
    yield Event("Drawing the regions of the clusters", 3, STAGES)
    return proposal_of(clusters, np.asarray(centres_yx)[there], drawn)


def proposal_of(clusters: NDArray[Any], centres_yx: FloatArray, drawn: tuple[Domain, ...]) -> Proposal:
    """Return (n,) clusters of places as domains, and how well they agree with drawn ones."""
    found, sizes = np.unique(clusters, return_counts=True)
    order = np.argsort(-sizes, kind="stable")
    names = {found[place]: f"Cluster {number}" for number, place in enumerate(order, start=1)}
    labels = np.array([names[cluster] for cluster in clusters], dtype=object)
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names.values())}
    by_name = {domain.name: domain for domain in regions_of(labels, centres_yx, colours)}
    agreement, n = agreement_with(drawn, labels, centres_yx)
    return Proposal(tuple(by_name[name] for name in names.values()), tuple(int(n) for n in sizes[order]), agreement, n)


def agreement_with(
    drawn: tuple[Domain, ...], labels: NDArray[Any], centres_yx: FloatArray
) -> tuple[dict[str, float], int]:
    """Return each group metric over the places in drawn domains, and their number; none for fewer than two domains."""
    names = spots_in(drawn, centres_yx)
    known = names != None  # noqa: E711  elementwise
    if len(set(names[known])) < 2:
        return {}, int(known.sum())
    a, b = names[known].astype(str), labels[known].astype(str)
    return {name: metric(a, b) for name, metric in GROUP_METRICS.items()}, int(known.sum())


def _table(profiles: Any) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the most varied genes of all places without a missing value, and the rows of those places."""
    from scipy.sparse import issparse

    if issparse(profiles):
        sparse = profiles.tocsc()
        mean = np.asarray(sparse.mean(axis=0)).ravel()
        spread = np.asarray(sparse.multiply(sparse).mean(axis=0)).ravel() - mean**2
        return np.asarray(sparse[:, _most(spread)].toarray(), np.float32), np.arange(sparse.shape[0])
    table = np.asarray(profiles, np.float32)
    there = np.flatnonzero(np.isfinite(table).any(axis=1))
    table = table[there]
    table = table[:, np.isfinite(table).all(axis=0)]
    return table[:, _most(table.var(axis=0))], there


def _most(spread: NDArray[Any]) -> NDArray[np.int64]:
    return np.sort(np.argsort(-spread, kind="stable")[:MOST_GENES])


def _components(table: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    from sklearn.decomposition import PCA

    n = min(COMPONENTS, table.shape[1], len(table) - 1)
    return np.asarray(PCA(n, random_state=seed, svd_solver="randomized").fit_transform(table), np.float32)


def _leiden(scores: NDArray[np.float32], config: ClusterConfig) -> Job[NDArray[Any]]:
    """Return the clusters of Traag, Waltman and van Eck 2019 (Scientific Reports 9) on neighbours by their profile."""
    import anndata
    import scanpy as sc

    adata = anndata.AnnData(scores)
    # The kernel "umap" gives much the same and takes half a minute to compile.
    neighbours = min(NEIGHBOURS, len(scores) - 1)
    sc.pp.neighbors(adata, neighbours, use_rep="X", method="gauss", random_state=config.seed)
    yield Event(f"Clustering by {config.method}", 2, STAGES)
    sc.tl.leiden(
        adata,
        resolution=config.resolution,
        flavor="igraph",
        n_iterations=2,
        directed=False,
        random_state=config.seed,
    )
    return np.asarray(adata.obs["leiden"].astype(int))


def _kmeans(scores: NDArray[np.float32], config: ClusterConfig) -> NDArray[Any]:
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(config.n_clusters, n_init=STARTS, random_state=config.seed).fit_predict(scores))
