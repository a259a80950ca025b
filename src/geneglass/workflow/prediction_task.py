"""One prediction under way: what is asked, of which model, where, and the table that its answers become."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from geneglass.data.section import Section
from geneglass.data.types import FloatArray
from geneglass.model.checkpoint import ModelInfo
from geneglass.model.prediction import to_anndata
from geneglass.model.recipe import Answer, QueryData, Recipe
from geneglass.workflow.asked_genes import AskedGenes
from geneglass.workflow.config import PredictConfig
from geneglass.workflow.places import Places, make_query, trained_on


@dataclass(frozen=True)
class Task:
    """What a prediction is made from.

    Attributes
    ----------
    config
        What was asked for.
    facts
        Where it comes from, for `uns["geneglass"]`.
    section, info, recipe
        The opened section and the loaded model.
    places, genes
        Where and what is predicted.
    slide_features
        Features of places over the whole slide, for recipes that read it.
    """

    config: PredictConfig
    facts: Mapping[str, object]
    section: Section
    info: ModelInfo
    recipe: Recipe
    places: Places
    genes: AskedGenes
    slide_features: FloatArray | None = None

    def query(self, features: FloatArray, rows: NDArray[np.int64] | None = None) -> QueryData:
        """Return what the recipe may know of all places, or of some rows of them, whose features are given."""
        places = self.places if rows is None else self.places.only(rows)
        query = make_query(self.section, self.info, self.recipe, places, features)
        return replace(query, slide_features=self.slide_features)

    def table(self, answer: Answer) -> AnnData:
        """Return the answer to all places as a table."""
        table = to_anndata(
            answer, self.info, names=self.places.names, centres_yx=self.places.centres_yx, genes=self.genes.names
        )
        table.obs["trained_on"] = bool(trained_on(self.section, self.info))
        table.obs["abstained"] = self.abstained(answer)
        table.uns["geneglass"] = {
            **self.facts,
            "untested": self.genes.told(),
            "calibrated": answer.calibrated,
            "covered": 1.0,
        }
        return table

    def abstained(self, answer: Answer) -> NDArray[np.bool_]:
        """Return (n,) True where a calibrated confidence says that the training mean is the better guess."""
        if answer.confidence is None or not answer.calibrated:
            return np.zeros(len(answer.values), dtype=bool)
        found: NDArray[np.bool_] = answer.confidence < self.config.abstain_below
        return found
