"""Predictions of one place by several predictors, mixed by weights that did best on tissue left out."""

from collections.abc import Iterator, Sequence

import numpy as np

from geneglass.data.types import FloatArray
from geneglass.model.inner_score import mean_r

Weights = tuple[float, ...]


def mixed(weights: Sequence[float | FloatArray], predictions: Sequence[FloatArray]) -> FloatArray:
    """Return the (n, genes) weighted sum of predictions of the same places; a weight may differ between places."""
    total = np.zeros_like(predictions[0])
    for weight, values in zip(weights, predictions, strict=True):
        total += np.asarray(weight, np.float32) * values
    return total


def best_weights(truth: Sequence[FloatArray], predictions: Sequence[Sequence[FloatArray]], steps: int) -> Weights:
    """Return the weights, each a multiple of 1 / steps and 1 in sum, with the best mean r on left-out sections.

    Ties go to the most even weights, which are the least of a choice.

    Parameters
    ----------
    truth
        Per section (n, genes).
    predictions
        Per predictor and section (n, genes).
    steps
        How fine the choice is.
    """
    sections = range(len(truth))
    choices = sorted(_simplex(len(predictions), steps), key=lambda weights: sum(w**2 for w in weights))
    scores = [
        np.mean([mean_r(truth[i], mixed(weights, [part[i] for part in predictions])) for i in sections])
        for weights in choices
    ]
    return choices[int(np.argmax(np.round(scores, 6)))]


def _simplex(parts: int, steps: int) -> Iterator[Weights]:
    """Yield all ways to share `steps` equal shares among the parts."""

    def shares(left: int, count: int) -> Iterator[tuple[int, ...]]:
        if count == 1:
            yield (left,)
            return
        for own in range(left + 1):
            for rest in shares(left - own, count - 1):
                yield (own, *rest)

    for split in shares(steps, parts):
        yield tuple(share / steps for share in split)
