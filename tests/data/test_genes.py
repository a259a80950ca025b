"""Depth, normalisation and the choice of a panel."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from geneglass.data.cohort import read_cohort
from geneglass.data.genes import choose_panel, kept_spots, normalise, panel_counts, read_panel, spot_totals
from geneglass.data.spot_formats import open_spots
from geneglass.data.spots import Spots
from geneglass.errors import InputError


def spots_of(counts: np.ndarray, genes: list[str]) -> Spots:
    return Spots(AnnData(sparse.csr_matrix(counts.astype(np.float32)), var=pd.DataFrame(index=genes)), None)


def test_depth_is_over_all_genes_of_the_file() -> None:
    spots = spots_of(np.array([[1, 2, 3], [0, 0, 0], [4, 0, 1]]), list("ABC"))
    totals = spot_totals(spots)
    np.testing.assert_array_equal(totals, [6, 0, 5])
    assert totals.dtype == np.float32
    values = normalise(panel_counts(spots, ["C", "A"]), totals)
    np.testing.assert_allclose(values, np.log1p([[5000, 1e4 / 6], [0, 0], [2000, 8000]]), rtol=1e-6)
    assert values.dtype == np.float32


def test_spots_at_the_limit_are_kept() -> None:
    np.testing.assert_array_equal(kept_spots(np.array([499, 500, 501], np.float32), 500), [False, True, True])
    assert kept_spots(np.zeros(3, np.float32), 0).all()


def test_panel_counts_follow_names_not_order() -> None:
    one = spots_of(np.array([[1, 2, 3]]), list("ABC"))
    other = spots_of(np.array([[3, 1, 2]]), list("CAB"))
    np.testing.assert_array_equal(panel_counts(one, ["B", "C"]), panel_counts(other, ["B", "C"]))


def test_absent_genes_are_counted_and_named() -> None:
    spots = spots_of(np.ones((2, 2)), ["A", "B"])
    with pytest.raises(InputError, match=r"2 genes .X, Y. of the 3 asked for are not among the 2 measured"):
        panel_counts(spots, ["X", "A", "Y"])


def section(seed: int, genes: list[str], variable: set[str], *, shift: float = 1.0) -> Spots:
    """Return 200 spots in which the variable genes differ fourfold between two halves."""
    rng = np.random.default_rng(seed)
    rate = np.full((200, len(genes)), 30.0) * shift
    for column, gene in enumerate(genes):
        if gene in variable:
            rate[:100, column] *= 4
    return spots_of(rng.poisson(rate), genes)


def test_the_variable_genes_are_chosen_whatever_the_order_of_files() -> None:
    genes = [f"g{i:02d}" for i in range(40)]
    variable = {"g03", "g17", "g31"}
    one, other = section(1, genes, variable), section(2, genes[::-1], variable)
    chosen = choose_panel([one, other], 3, 500)
    assert set(chosen) == variable
    assert choose_panel([other, one], 3, 500) == chosen


def test_a_difference_between_sections_is_no_variance() -> None:
    genes = [f"g{i:02d}" for i in range(30)]
    one, other = section(1, genes, {"g05"}), section(2, genes, {"g05"})
    lifted = other.table.X.toarray()
    lifted[:, 9] *= 40
    assert choose_panel([one, spots_of(lifted, genes)], 1, 500) == ("g05",)


def test_only_genes_of_every_section_are_chosen() -> None:
    genes = [f"g{i:02d}" for i in range(20)]
    one, other = section(1, genes, {"g00"}), section(2, genes[1:], {"g01"})
    chosen = choose_panel([one, other], 100, 500)
    assert "g00" not in chosen
    assert len(chosen) == 19
    with pytest.raises(InputError, match="no gene in common"):
        choose_panel([one, section(3, ["x"], set())], 5, 0)


def test_genes_of_few_spots_are_not_chosen() -> None:
    genes = [f"g{i:02d}" for i in range(20)]
    counts = section(1, genes, set()).table.X.toarray()
    counts[:, 4] = 0
    counts[:9, 4] = 500
    assert "g04" not in choose_panel([spots_of(counts, genes)], 20, 500)
    counts[:10, 4] = 500
    assert choose_panel([spots_of(counts, genes)], 20, 500)[0] == "g04"


def test_spots_under_the_limit_do_not_choose() -> None:
    genes = [f"g{i:02d}" for i in range(20)]
    counts = section(1, genes, {"g05"}).table.X.toarray()
    shallow = np.zeros((60, 20))
    shallow[:30, 7] = 2
    shallow[30:, 8] = 2
    deep, both = spots_of(counts, genes), spots_of(np.concatenate([counts, shallow]), genes)
    assert choose_panel([both], 20, 500) == choose_panel([deep], 20, 500)
    assert choose_panel([both], 20, 0) != choose_panel([deep], 20, 0)


def test_noise_of_counting_is_no_variance() -> None:
    """A gene of few counts varies more by chance than a frequent one by its pattern, and is still not chosen."""
    rng = np.random.default_rng(4)
    counts = rng.poisson(100.0, (300, 20)).astype(float)
    counts[:, 0] = rng.poisson(np.where(np.arange(300) < 150, 80.0, 125.0))
    counts[:, 1] = rng.poisson(1.0, 300)
    genes = [f"g{i:02d}" for i in range(20)]
    spots = spots_of(counts, genes)
    values = normalise(counts.astype(np.float32), spot_totals(spots))
    assert values[:, 1].var() > values[:, 0].var()
    assert choose_panel([spots], 1, 500) == ("g00",)


def test_no_spot_deep_enough_is_an_error() -> None:
    with pytest.raises(InputError, match=r"Not one spot .* has 500 counts .the deepest has 6"):
        choose_panel([spots_of(np.full((3, 2), 3.0), ["A", "B"])], 5, 500)
    with pytest.raises(InputError, match="none was given"):
        choose_panel([], 5, 500)


def test_a_panel_file_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "panel.txt"
    path.write_text("# breast\nERBB2\n\n  GAPDH \r\nKRT8")
    assert read_panel(path) == ("ERBB2", "GAPDH", "KRT8")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"# none\n\n", "names no gene"),
        (b"A\nB\nA\n", r"names 1 gene .A. more than once"),
        (b"\xff\xfe\x00", "not a text file"),
        (None, "No such file"),
    ],
)
def test_a_faulty_panel_file_is_told(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "panel.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        read_panel(path)


def test_the_published_panel_is_in_every_section_of_patient_c(shared_data: Path, her2st_cohort: Path) -> None:
    panel = read_panel(shared_data / "her2st" / "genes_785.txt")
    assert len(panel) == 785
    sections = [open_spots(s.spots) for s in read_cohort(her2st_cohort).sections if s.patient == "C" and s.spots]
    assert [panel_counts(spots, panel).shape[1] for spots in sections] == [785] * 4
    under = [int((~kept_spots(spot_totals(spots), 500)).sum()) for spots in sections]
    assert sum(under) == 5
    assert sum(spots.table.n_obs for spots in sections) == 732
    chosen = choose_panel(sections, 200, 500)
    assert len(set(chosen)) == 200
    assert {"SCGB2A2", "IGHM", "IGLC3"} <= set(chosen[:10])
