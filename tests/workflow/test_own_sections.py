"""Which training sections a query never retrieves from: those of its spots, else all of its slide."""

from dataclasses import replace

import numpy as np
import pytest

from geneglass.data.cohort import read_cohort
from geneglass.data.section import open_section
from geneglass.data.section_hash import slide_hash, spots_hash
from geneglass.model.checkpoint import ModelInfo, SectionInfo
from geneglass.model.make import make_encoder, make_recipe
from geneglass.workflow.places import Places, make_query, trained_on


@pytest.fixture
def section(tiny_cohort):
    opened = open_section(read_cohort(tiny_cohort).sections[0])
    yield opened
    opened.close()


@pytest.fixture
def info(section):
    """A model that was trained on both halves of one slide, on one half twice, and on another slide."""
    slide = slide_hash(section)
    trained = (
        SectionInfo("left", "p", slide, spots_hash(section)),
        SectionInfo("right", "q", slide, "spots of the other half"),
        SectionInfo("again", "p", "the same slide, converted", spots_hash(section)),
        SectionInfo("elsewhere", "r", "another slide", "other spots"),
    )
    return ModelInfo("ridge", {}, "texture", ("A", "B"), sections=trained)


def remade(section):
    """Return the section with its first spot left out."""
    return replace(section, spots=replace(section.spots, table=section.spots.table[1:].copy()))


def test_of_sections_on_one_slide_those_with_its_spots_are_its_own(section, info):
    assert trained_on(section, info) == ("left", "again")


@pytest.mark.parametrize("change", [remade, lambda section: replace(section, spots=None)], ids=["remade", "bare"])
def test_where_only_the_slide_matches_all_its_sections_are_its_own(section, info, change):
    assert trained_on(change(section), info) == ("left", "right")


@pytest.mark.parametrize("known", [True, False])
def test_a_query_names_all_of_them(section, info, known):
    info = info if known else replace(info, sections=info.sections[3:])
    places = Places(("x", "y"), section.centres_yx[:2], None)
    recipe = make_recipe("ridge", {}, info.genes, make_encoder("texture"))
    bare = replace(section, spots=None)
    query = make_query(bare, info, recipe, places, np.zeros((2, 3), np.float32))
    assert query.section == ("left" if known else f"query:{section.name}")
    assert query.own >= ({"left", "right"} if known else {query.section})
    assert "elsewhere" not in query.own
