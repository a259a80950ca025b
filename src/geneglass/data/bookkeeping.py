"""Columns of a table of spots that are no genes: what other tools note beside the counts.

By name, whatever the capitals, with "." as good as "_":

- depth and quality: n_counts, n_umi, numi, umi_count, library_size, size_factor, n_genes, n_genes_by_counts,
  ncount_ASSAY and nfeature_ASSAY (Seurat), total_counts and total_counts_SET, pct_counts_SET, percent_SET, and any of
  them after log1p_ or log_;
- groups: cluster, clusters, leiden, louvain (also leiden_0.5, ...), seurat_clusters, snn_res..., kmeans, sample,
  sample_id, batch, patient, patient_id, library_id, slide, slide_id, section, section_id, replicate, region;
- places: z, in_tissue, selected, area, radius, diameter, imagerow, imagecol, and umap_1, tsne_1, pca_1, pc_1, ...

By content: a column that holds, in every spot, the sum of all other columns.
"""

import re
from typing import Any

import numpy as np

_NAMES = re.compile(
    r"""
    (log1p_|log_)? (
        n_?(counts?|umis?|genes?|features?) | n_genes_by_counts | umi_counts? | library_size | size_factors?
        | n(count|feature)_\w+ | total_counts(_\w+)? | pct_counts_\w+ | percent_\w+
    )
    | clusters? | (leiden|louvain)(_\w+)? | seurat_clusters | \w+_snn_res_\w+ | kmeans(_\w+)?
    | (sample|patient|library|slide|section)_id | sample | batch | patient | slide | section | replicate | region
    | z | in_tissue | selected | area | radius | diameter | image(row|col) | (umap|tsne|pca|pc)_\d+
    """,
    re.VERBOSE,
)

_LEAST_SPOTS = 5
_LEAST_COLUMNS = 3


def is_bookkeeping(name: str) -> bool:
    """Return whether a column is no gene, by its name."""
    return _NAMES.fullmatch(name.strip().lower().replace(".", "_")) is not None


def column_of_sums(counts: Any) -> int | None:
    """Return the column of a sparse matrix that holds in every row the sum of all others; None where there is none.

    Of fewer than 5 rows with counts, or of 2 columns, equal numbers say nothing.
    """
    totals = np.asarray(counts.sum(axis=1)).ravel()
    if counts.shape[1] < _LEAST_COLUMNS or np.count_nonzero(totals) < _LEAST_SPOTS:
        return None
    # Where a column is the sum of all others, it is half of everything.
    whole = np.asarray(counts.sum(axis=0)).ravel()
    for column in np.flatnonzero(2 * whole == whole.sum()):
        if np.array_equal(2 * counts[:, [column]].toarray().ravel(), totals):
            return int(column)
    return None
