"""The spot side that two recipes share, on what the published form of either does with it."""

from functools import partial

import numpy as np
import pytest

from geneglass.model.make import make_recipe
from geneglass.model.position_table import TABLE_ROWS
from stand_ins import ReadyFeatures, counted_section

GENES = tuple(f"g{i}" for i in range(12))
ENCODER = ReadyFeatures(10)
QUICK = {"fine_tune": False, "epochs": 3, "embed_dim": 16, "k": 5}

section = partial(counted_section, dim=10, genes=len(GENES))
SECTIONS = [section("a", 24, 0), section("b", 20, 1), section("c", 16, 2)]


@pytest.mark.parametrize("form", ["mclstexp:faithful", "hiscmcl:faithful"])
def test_rows_of_the_tables_that_no_spot_has_change_nothing(form):
    both = [make_recipe(form, QUICK | {"table_rows": rows}, GENES, ENCODER) for rows in ("used", "all")]
    for recipe in both:
        for _ in recipe.fit(SECTIONS):
            pass
    tables = [value for value in both[1].modules.parameters() if TABLE_ROWS in value.shape]
    assert [tuple(value.shape) for value in tables] == [(TABLE_ROWS, len(GENES))] * 2
    assert not [value for value in both[0].modules.parameters() if TABLE_ROWS in value.shape]
    query = section("new", 10, 5).query()
    few, every = (recipe.predict(query).values for recipe in both)
    np.testing.assert_allclose(few, every, rtol=1e-5)
    again = make_recipe(form, QUICK, GENES, ENCODER)
    again.load(both[0].state(), both[0].texts())
    np.testing.assert_array_equal(again.predict(query).values, few)
