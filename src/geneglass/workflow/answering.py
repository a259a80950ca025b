"""A recipe answers many places a part at a time: cancelled between two, and halved where memory does not suffice."""

from dataclasses import replace
from pathlib import Path

from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo, load_reference
from geneglass.model.memory import free_memory, halved_told, out_of_memory
from geneglass.model.prediction import join_answers, widen
from geneglass.model.recipe import Answer, Neighbours, QueryData, Recipe
from geneglass.workflow.asked_genes import AskedGenes
from geneglass.workflow.events import Event, Job
from geneglass.workflow.places import part_of


def answer_in_batches(recipe: Recipe, query: QueryData, batch: int) -> Job[Answer]:
    """Return the answer to a whole query, computed in parts so that it can be cancelled.

    Where memory does not suffice for a part, half as many places are predicted at a time, which is told.
    """
    parts: list[Answer] = []
    start, n, told = 0, len(query.features), ""
    while start < n:
        try:
            parts.append(recipe.predict(part_of(query, slice(start, start + batch))))
            start, told = min(start + batch, n), ""
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error) or batch == 1:
                raise
            told = halved_told("places", batch, batch // 2)
        if told:
            # Outside the block, where the error no longer holds what was computed.
            free_memory()
            batch //= 2
        yield Event(f"Predicting {query.section.removeprefix('query:')}", start, n, message=told)
    return join_answers(parts)


def answer_genes(answer: Answer, genes: AskedGenes, info: ModelInfo, model: Path) -> Job[Answer]:
    """Return an answer over the genes asked for; those outside the panel come from its neighbours alone.

    They are gathered a few genes at a time, so that the counts of the reference spots are never all dense.
    """
    place = {gene: column for column, gene in enumerate(info.genes)}
    values = widen(answer.values, [place[gene] for gene in genes.panel], len(genes.outside))
    if genes.outside:
        stage = "Computing genes outside the panel"
        yield Event(stage, 0, len(genes.outside), message=genes.told())
        reference = load_reference(model)
        for part in reference.chunks(genes.outside):
            columns = slice(len(genes.panel) + part.start, len(genes.panel) + part.stop)
            values[:, columns] = reference.average(found_neighbours(answer), genes.outside[part])
            yield Event(stage, part.stop, len(genes.outside))
    return replace(answer, values=values)


def found_neighbours(answer: Answer) -> Neighbours:
    """Return what an answer was retrieved from.

    Raises
    ------
    InputError
        When the recipe answered without retrieving.
    """
    if answer.neighbours is None:
        raise InputError(
            "This model answered without reference spots, which genes outside its panel need: ask for panel."
        )
    return answer.neighbours
