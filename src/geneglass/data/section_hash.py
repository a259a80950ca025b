"""Digests that say whether two sections hold the same counts or the same slide."""

import hashlib

import numpy as np
from scipy.sparse import csr_matrix

from geneglass.data.section import Section


def spots_hash(section: Section) -> str:
    """Return a digest of spot names, gene names and counts; empty without spots."""
    if section.spots is None:
        return ""
    table = section.spots.table
    digest = hashlib.sha256()
    for names in (table.obs_names, table.var_names):
        digest.update("\n".join(names).encode() + b"\0")
    counts = csr_matrix(table.X)
    for array in (counts.indptr.astype("<i8"), counts.indices.astype("<i8"), counts.data.astype("<f4")):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]


def slide_hash(section: Section) -> str:
    """Return a digest of the slide; empty without one."""
    return "" if section.slide is None else section.slide.content_hash()
