"""Genes that differ between domains."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from geneglass.errors import InputError
from geneglass.workflow.domain_genes import domain_genes
from geneglass.workflow.events import finish

GENES = [f"G{i}" for i in range(30)]


def profiles() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    table = rng.gamma(2, 0.5, (90, 30)).astype(np.float32)
    inside = np.arange(90) < 40
    table[inside, 4] += 2
    table[inside, 9] = 0
    return table, inside


@pytest.mark.parametrize("sparse", [False, True])
def test_planted_genes_stand_first_and_last(sparse: bool) -> None:
    table, inside = profiles()
    found = finish(domain_genes(csr_matrix(table) if sparse else table, GENES, inside, ~inside, most=8))
    assert len(found) == 8
    assert (found[0].gene, found[-1].gene) == ("G4", "G9")
    assert found[0].log2_fold > 1 > 0 > found[-1].log2_fold
    assert found[0].q < 1e-6
    assert (found[-1].inside, found[-1].outside) == (0, 1)


@pytest.mark.parametrize("sparse", [False, True])
def test_the_ratio_is_of_the_means_of_counts_however_much_a_gene_varies(sparse: bool) -> None:
    table, inside = profiles()
    counts = np.expm1(table)
    counts[:, 4] = np.where(np.arange(90) % 10 == 0, 800, 0)
    counts[inside, 4] *= 2
    counts[:, 7] = 50
    counts[inside, 7] = 200
    logged = np.log1p(counts)
    logged[inside, 9] = -0.1
    found = finish(domain_genes(csr_matrix(logged) if sparse else logged, GENES, inside, ~inside, most=30))
    by_gene = {item.gene: item.log2_fold for item in found}
    share_inside, share_outside = 4 / 40, 5 / 50
    assert by_gene["G4"] == pytest.approx(np.log2(2 * share_inside / share_outside), abs=1e-3)
    assert by_gene["G7"] == pytest.approx(2, abs=1e-3)
    there = counts[~inside, 9]
    assert by_gene["G9"] == pytest.approx(np.log2(there.min() / 40 / there.mean()), abs=1e-3)


def test_only_the_two_sides_count_and_a_gene_with_a_missing_value_does_not() -> None:
    table, inside = profiles()
    outside = (np.arange(90) >= 60) | inside
    table[70, 4] = np.nan
    table[50:60] = 1e3
    found = finish(domain_genes(table, GENES, inside, outside))
    assert "G4" not in {item.gene for item in found}
    assert len(found) == 29
    assert all(abs(item.log2_fold) < 60 for item in found)


def test_a_side_with_two_places_is_refused() -> None:
    table, _ = profiles()
    with pytest.raises(InputError, match="2 places lie in the domain and 88"):
        finish(domain_genes(table, GENES, np.arange(90) < 2, np.arange(90) >= 2))
