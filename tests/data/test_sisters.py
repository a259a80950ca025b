"""Sections that are not as independent as a cohort says."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from PIL import Image
from scipy import sparse

from geneglass.data.cohort import Cohort, SectionSource, read_cohort
from geneglass.data.section import Section, open_section
from geneglass.data.sisters import require_apart, sister_sentences, twins
from geneglass.data.split import make_fold
from geneglass.errors import InputError

Maker = Callable[..., Section]


def blob(seed: int, height: int = 24, width: int = 36) -> np.ndarray:
    """Return the (row, column) of array positions under a piece of tissue of its own shape."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform(0.35, 0.65, 2) * (height, width)
    waves = rng.uniform(-0.3, 0.3, 4)
    places = np.argwhere(np.ones((height, width)))
    y, x = (places - middle).T / np.array([[height], [width]]) * 2.6
    angle = np.arctan2(y, x)
    return places[np.hypot(y, x) < 1 + sum(w * np.cos((i + 1) * angle + w * 9) for i, w in enumerate(waves))]


@pytest.fixture
def made(tmp_path: Path) -> "Maker":
    """Make a section: tissue by `shape`, counts by `seed`, on a slide of its own colour where one is given."""
    opened: list[Section] = []

    def made(
        name: str,
        patient: str | None,
        *,
        shape: int | np.ndarray = 0,
        seed: int = 0,
        slide: int | None = None,
        shift_px: float = 0.0,
        array: bool = True,
        keep: slice = slice(None),
        genes: int = 20,
    ) -> Section:
        places = (blob(shape) if isinstance(shape, int) else shape)[keep]
        rng = np.random.default_rng(seed)
        depth = rng.uniform(5, 50, (10_000, 1))[places[:, 0] * 100 + places[:, 1]]
        counts = np.random.default_rng(seed + 1).poisson(depth * np.ones((1, 20)))[:, :genes] + 1.0
        obs = pd.DataFrame(index=[f"{x}x{y}" for y, x in places])
        if array:
            obs["array_row"], obs["array_col"] = places.T
        table = AnnData(counts, obs=obs, var=pd.DataFrame(index=[f"g{i}" for i in range(genes)]))
        table.obsm["spatial"] = places[:, ::-1] * 10.0 + 5 + shift_px
        table.write_h5ad(tmp_path / f"{name}.h5ad")
        source = SectionSource(name, patient, spots=tmp_path / f"{name}.h5ad", mpp=20.0)
        if slide is not None:
            path = tmp_path / f"slide_{slide}.png"
            Image.new("RGB", (900, 300), (230, 200, slide)).save(path)
            source = replace(source, slide=path)
        opened.append(open_section(source))
        return opened[-1]

    yield made
    for section in opened:
        section.close()


def found(*sections: Section) -> list[str]:
    return [pair.what for pair in twins(sections)]


def test_independent_sections_are_left_in_peace(made: Maker) -> None:
    sections = [made(name, name.lower(), shape=i, seed=i * 7, slide=i) for i, name in enumerate("ABCDE")]
    assert sister_sentences(sections) == ()
    assert sister_sentences([]) == ()


def test_one_patient_is_told_in_one_sentence(made: Maker) -> None:
    sections = [made(f"{p}{i}", p, shape=3 * i + (p == "b"), seed=i) for p in "ab" for i in range(2)]
    (told,) = sister_sentences(sections)
    assert (
        told == "Sections of one patient: a0, a1 of a; b0, b1 of b: leaving one of them out leaks; hold out patients."
    )


def test_the_same_counts_are_told_whatever_the_patients(made: Maker) -> None:
    one, other, same = made("A", "a"), made("B", "b"), made("C", "a")
    told = sister_sentences([one, other])
    assert told == ("A (patient a) and B (patient b) hold the same counts: give both one `patient`, or a split leaks.",)
    told = sister_sentences([one, same])
    assert told[0] == "A and C of patient a hold the same counts: one section stands twice; leave one out."
    assert len(told) == 2


def test_one_measurement_processed_twice_is_found(made: Maker) -> None:
    assert found(made("A", "a"), made("B", "b", keep=slice(10, None), genes=18, array=False)) == ["the same counts"]
    assert found(made("C", "a", shape=1), made("D", "b", shape=1, seed=5, keep=slice(0, 250))) == []


def thinned(n_spots: int, n_genes: int, first: int) -> sparse.csr_matrix:
    """Return counts of one molecule for each spot."""
    columns = (np.arange(n_spots) + first) % n_genes
    return sparse.csr_matrix((np.ones(n_spots, np.float32), columns, np.arange(n_spots + 1)), (n_spots, n_genes))


def test_sections_of_one_depth_are_compared_without_a_complaint(made: Maker) -> None:
    sections = [made(name, name, seed=i) for i, name in enumerate("AB")]
    for number, section in enumerate(sections):
        assert section.spots is not None
        section.spots.table.X = thinned(*section.spots.table.shape, number)
    assert found(*sections) == ["nearly the same outline of tissue"]


def test_the_same_outline_under_two_patients_is_told_and_under_one_is_not(made: Maker) -> None:
    one, other = made("A", "a"), made("B", None, seed=9, keep=slice(3, None))
    (told,) = sister_sentences([one, other])
    assert told.startswith("A (patient a) and B (patient ?) hold nearly the same outline of tissue: if they are sister")
    assert not twins([one, other])[0].certain
    (told,) = sister_sentences([one, made("C", "a", seed=9, keep=slice(3, None))])
    assert told.startswith("Sections of one patient")


def test_without_array_positions_the_centres_tell_wherever_they_lie(made: Maker) -> None:
    one = made("A", "a", array=False)
    assert found(one, made("B", "b", seed=9, shift_px=321.0, array=False)) == ["nearly the same outline of tissue"]
    assert found(one, made("C", "c", seed=9, shape=4, array=False)) == []


@pytest.mark.parametrize("array", [True, False])
@pytest.mark.parametrize("lattice", ["square", "hexagonal"])
def test_a_covered_array_tells_nothing(made: Maker, lattice: str, array: bool) -> None:
    places = np.argwhere(np.ones((24, 36)))
    if lattice == "hexagonal":
        places = places[places.sum(axis=1) % 2 == 0]
    assert found(*(made(name, name, shape=places, seed=i, array=array) for i, name in enumerate("AB"))) == []


def test_a_slide_in_two_sections_is_one_tissue_only_where_their_spots_meet(made: Maker) -> None:
    one = made("A", "a", slide=1)
    assert found(one, made("B", "b", shape=5, seed=5, slide=1)) == ["the same piece of one slide"]
    assert found(one, made("C", "c", shape=5, seed=5, slide=1, shift_px=0, keep=slice(0, 3))) == [
        "the same piece of one slide"
    ]
    apart = made("D", "d", shape=blob(5) + np.array([0, 50]), seed=5, slide=1)
    assert found(one, apart) == []


def test_many_pairs_are_counted(made: Maker) -> None:
    sections = [made(f"S{i}", f"p{i}") for i in range(5)]
    told = sister_sentences(sections)
    assert len(told) == 7
    assert told[-1].startswith("4 more pairs")


def test_real_cohorts_do_not_cry_wolf(shared_data: Path, tmp_path: Path, mob_cohort: Path) -> None:
    folder = shared_data / "her2st" / "data" / "ST-cnts"
    names = [path.name.removesuffix(".tsv.gz") for path in sorted(folder.glob("[CEFH]*.gz"))]
    sources = [SectionSource(name, name[0], spots=folder / f"{name}.tsv.gz") for name in names]
    sections = [open_section(source) for source in sources]
    (told,) = sister_sentences(sections)
    assert "C1, C2, C3, C4, C5, C6 of C" in told
    # Under a patient each, the sisters that lie most alike are told; of two patients, F3 and H1 do most, and are not.
    alone = [replace(section, source=replace(section.source, patient=section.name)) for section in sections]
    pairs = twins(alone)
    assert {pair.what for pair in pairs} == {"nearly the same outline of tissue"}
    assert {pair.first.name + pair.second.name for pair in pairs} == {"E1E2", "E1E3", "F1F2", "H1H2"}
    mob = [open_section(replace(source, slide=None)) for source in read_cohort(mob_cohort).sections]
    assert sister_sentences(mob) == (
        "Sections of one patient: MOB1, MOB2 of mouse1: leaving one of them out leaks; hold out patients.",
    )


def test_the_sample_does_not_cry_wolf(tiny_cohort: Path) -> None:
    cohort: Cohort = read_cohort(tiny_cohort)
    sections = [open_section(source) for source in cohort.sections]
    assert sister_sentences(sections) == ()
    assert len(list(combinations(sections, 2))) == 3
    shown = read_cohort(Path(__file__).parents[2] / "sample_data" / "cohort.toml")
    sections += [open_section(replace(source, slide=None, patient=source.name)) for source in shown.sections]
    assert sister_sentences(sections) == ()
    for section in sections:
        section.close()


def test_a_split_with_a_section_on_both_sides_is_refused_unless_it_says_that_it_leaks(made: Maker) -> None:
    sections = {name: made(name, name.lower()) for name in "AB"} | {"C": made("C", "c", shape=4, seed=9)}
    honest = make_fold("b", [sections[n].source for n in "AC"], [sections["B"].source])
    with pytest.raises(InputError, match=r"The split leaks: A .patient a. and B .patient b. hold the same counts"):
        require_apart([honest], sections)
    require_apart([replace(honest, leaks=True)], sections)
    require_apart([make_fold("c", [sections[n].source for n in "AB"], [sections["C"].source])], sections)


def test_an_outline_alone_refuses_no_split(made: Maker) -> None:
    sections = {"A": made("A", "a"), "B": made("B", "b", seed=9)}
    assert found(*sections.values()) == ["nearly the same outline of tissue"]
    require_apart([make_fold("b", [sections["A"].source], [sections["B"].source])], sections)
