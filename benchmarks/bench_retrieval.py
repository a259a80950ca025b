"""Retrieval of 100,000 queries against 100,000 reference spots, beside the published loops.

    python benchmarks/bench_retrieval.py [--queries 100000] [--spots 100000] [--sample 40]

d = 256, k = 200, 785 genes, embeddings from a normal distribution (no structure that a search could use). Both
sides find the k spots of highest cosine, weigh them by 1 / d^2 (L1, embeddings as they are) and average their
expression. The published rules are rebuilt from their description and timed on a sample of the queries:

- per query: cosine to all reference spots, sort, L1 distances, weights, np.average (norms computed beforehand);
- one product: the similarity of many queries as one matrix and torch.topk, then a Python loop for the rest. At
  100,000 x 100,000 that matrix alone takes 40 GB, so it is timed on as many queries as fit;
- DLPFC: as per query with k = 800 and weights (r + 1) / 2 from one scipy call per neighbour.

The limit: what the bare matrix product of this size takes here, nothing else done.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from scipy.stats import pearsonr

from geneglass.model.retrieval import Bank
from geneglass.model.weighting import Rule
from printed import in_words

DIM, K, GENES, K_DLPFC = 256, 200, 785, 800
BATCH = 4096
LIMIT_GB = 2.0
RULE = Rule(K, "cosine", "inverse_square", distance="l1")
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Tables:
    """Random embeddings and expression of the reference, and embeddings of the queries."""

    keys: Array
    expression: Array
    queries: Array


def resident_peak() -> int:
    """Return the most bytes this process has held."""
    status = Path("/proc/self/status")
    if not status.exists():
        return int(psutil.Process().memory_info().rss)
    return 1024 * int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1])


def make_tables(spots: int, queries: int) -> Tables:
    """Return seeded tables."""
    random = np.random.default_rng(0)
    return Tables(
        random.standard_normal((spots, DIM), dtype=np.float32),
        random.random((spots, GENES), dtype=np.float32),
        random.standard_normal((queries, DIM), dtype=np.float32),
    )


def ours(tables: Tables, rule: Rule) -> tuple[NDArray[np.int64], float, float]:
    """Return the rows found, and the seconds of searching and of averaging in batches, as predicting does."""
    n = len(tables.keys)
    keys, expression = torch.from_numpy(tables.keys), torch.from_numpy(tables.expression)
    bank = Bank(keys, expression, torch.zeros(n, dtype=torch.int64), ("reference",), (None,))
    start = time.perf_counter()
    found = bank.search(torch.from_numpy(tables.queries), bank.rows_for("query", None, exclude_patient=False), rule)
    searched = time.perf_counter()
    for first in range(0, len(found.rows), BATCH):
        part = slice(first, first + BATCH)
        bank.average(type(found)(found.rows[part], found.weights[part], found.similarity[part]))
    return found.rows, searched - start, time.perf_counter() - searched


def finish_query(tables: Tables, rows: NDArray[np.int64], query: Array) -> Array:
    """Return the expression of one query from its neighbours: the published weights and average."""
    distance = np.linalg.norm(tables.keys[rows] - query, ord=1, axis=1)
    weights = 1 / distance**2
    mean: Array = np.average(tables.expression[rows], axis=0, weights=weights / weights.sum())
    return mean


def per_query(tables: Tables, sample: int) -> list[NDArray[np.int64]]:
    """Return the rows found by the loop that does everything for one query at a time."""
    norms, found = np.linalg.norm(tables.keys, axis=1), []
    for query in tables.queries[:sample]:
        cosine = tables.keys @ query / (norms * np.linalg.norm(query))
        found.append(np.argsort(cosine)[::-1][:K])
        finish_query(tables, found[-1], query)
    return found


def one_product(tables: Tables, sample: int) -> None:
    """Find the neighbours of a sample with one matrix product, then loop over its queries."""
    keys, queries = (torch.nn.functional.normalize(torch.from_numpy(t)) for t in (tables.keys, tables.queries[:sample]))
    indices = torch.topk(queries @ keys.T, K).indices.numpy()
    for query, rows in zip(tables.queries, indices, strict=False):
        finish_query(tables, rows, query)


def dlpfc(tables: Tables, sample: int) -> None:
    """Loop with k scipy calls per query."""
    norms = np.linalg.norm(tables.keys, axis=1)
    for query in tables.queries[:sample]:
        rows = np.argsort(tables.keys @ query / (norms * np.linalg.norm(query)))[::-1][:K_DLPFC]
        weights = np.array([(pearsonr(query, tables.keys[row])[0] + 1) / 2 for row in rows])
        np.average(tables.expression[rows], axis=0, weights=weights / weights.sum())


def milliseconds(loop: Callable[[Tables, int], object], tables: Tables, sample: int) -> float:
    """Return milliseconds per query of a loop, after a first query that warms up."""
    loop(tables, 1)
    start = time.perf_counter()
    loop(tables, sample)
    return 1e3 * (time.perf_counter() - start) / sample


def bare_product_gflops(tables: Tables) -> float:
    """Return the speed of the matrix product alone, 512 queries at a time, the faster of numpy's and torch's."""
    part, keys = np.resize(tables.queries, (512, DIM)), tables.keys
    out = np.empty((512, len(keys)), np.float32)
    torch_part, torch_keys, torch_out = (torch.from_numpy(t) for t in (part, keys, out))
    best = np.inf
    for product in (
        lambda: np.matmul(part, keys.T, out=out),
        lambda: torch.mm(torch_part, torch_keys.T, out=torch_out),
    ):
        for _ in range(4):
            start = time.perf_counter()
            product()
            best = min(best, time.perf_counter() - start)
    return 2 * 512 * len(keys) * DIM / best / 1e9


def measure(options: argparse.Namespace, imported: int) -> dict[str, float]:
    """Return everything that is printed."""
    tables = make_tables(options.spots, options.queries)
    rows, search_s, average_s = ours(tables, RULE)
    peak = resident_peak()
    gflops = bare_product_gflops(tables)
    n = options.queries
    limit_s = 2 * n * options.spots * DIM / gflops / 1e9
    ms = 1e3 * (search_s + average_s) / n
    sample = min(options.sample, n)
    found = per_query(tables, sample)
    same = np.mean(
        [len(set(a) & set(b)) / K for a, b in zip(rows.tolist(), map(np.ndarray.tolist, found), strict=False)]
    )
    loop_ms = milliseconds(per_query, tables, sample)
    product_ms = milliseconds(one_product, tables, min(1000, n))
    dlpfc_ms = milliseconds(dlpfc, tables, max(1, sample // 8))
    _, plain_search_s, plain_average_s = ours(tables, Rule(K))
    return {
        "search_s": search_s,
        "average_s": average_s,
        "ms_per_query": ms,
        "softmax_search_s": plain_search_s,
        "softmax_ms_per_query": 1e3 * (plain_search_s + plain_average_s) / n,
        "peak_gb_beyond_imports": (peak - imported) / 1e9,
        "bare_product_gflops": gflops,
        "bare_product_s": limit_s,
        "share_of_limit": limit_s / search_s,
        "same_neighbours_as_loop": float(same),
        "per_query_ms": loop_ms,
        "times_faster_than_per_query": loop_ms / ms,
        "one_product_ms": product_ms,
        "times_faster_than_one_product": product_ms / ms,
        "dlpfc_ms": dlpfc_ms,
        "times_faster_than_dlpfc": dlpfc_ms / ms,
        "threads": torch.get_num_threads(),
    }


def main() -> int:
    """Run, print, and return 1 when it took more memory than it may."""
    imported = resident_peak()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--spots", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(options, imported)
    if options.json:
        print(json.dumps(result))
    else:
        print(f"{options.queries:,} queries, {options.spots:,} spots, d = {DIM}, k = {K}, {GENES} genes")
        for key, value in result.items():
            print(f"{key}: {in_words(value)}")
    return int(result["peak_gb_beyond_imports"] > LIMIT_GB)


if __name__ == "__main__":
    sys.exit(main())
