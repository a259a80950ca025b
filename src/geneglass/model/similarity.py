"""Confidence of retrieval where none could be calibrated: how near the references are, among training places."""

from typing import TYPE_CHECKING

import numpy as np
import torch

from geneglass.data.types import FloatArray
from geneglass.model.pool import Pool
from geneglass.model.recipe import Neighbours

if TYPE_CHECKING:
    from geneglass.model.contrastive import ContrastiveRecipe


def training_similarity(recipe: "ContrastiveRecipe", pool: Pool, k: int) -> FloatArray:
    """Return the sorted mean similarity of training places to their references in other sections.

    Parameters
    ----------
    recipe
        Trained, with its bank.
    pool
        What it was trained on; empty is returned where that is one section.
    k
        References per place.
    """
    modules, bank = recipe.trained()
    if len(bank.sections) == 1:
        return np.empty(0, np.float32)
    found = []
    for number, section in enumerate(bank.sections):
        query = recipe.embed_images(modules, pool.images, torch.nonzero(pool.section_of == number).flatten())
        allowed = bank.rows_for({section}, None, exclude_patient=False)
        found.append(recipe.search(modules, bank, query, allowed, k).similarity.mean(axis=1))
    return np.sort(np.concatenate(found)).astype(np.float32)


def similarity_confidence(neighbours: Neighbours, training: FloatArray) -> FloatArray:
    """Return for each place the share of training places no nearer to their references than it is.

    Parameters
    ----------
    neighbours
        Of the places asked about.
    training
        Sorted mean similarity of every training place to its own neighbours, its own section left out.
    """
    mean = neighbours.similarity.mean(axis=1)
    share: FloatArray = (np.searchsorted(training, mean, side="right") / max(len(training), 1)).astype(np.float32)
    return share
