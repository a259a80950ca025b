"""Image-free predictors on real breast sections reach the figures that this data is known to give."""

from functools import cache

import pytest

import geneglass.workflow.nulls as nulls
from geneglass.data.cohort import Cohort, SectionSource, read_cohort, write_cohort
from geneglass.data.spot_formats import open_spots
from geneglass.errors import InputError, UsageError
from geneglass.workflow.nulls import score_nulls

SECTIONS = [
    f"{patient}{i}" for patient, n in zip("ABCDEFG", (6, 6, 6, 6, 3, 3, 3), strict=True) for i in range(1, n + 1)
]
K10, K40 = "position only, K = 10", "position only, K = 40"


@pytest.fixture(scope="module")
def breast(shared_data, tmp_path_factory):
    """The 32 sections of seven patients on which published scores were taken: all but A1; no slide is needed."""
    counts = shared_data / "her2st" / "data" / "ST-cnts"
    sources = tuple(SectionSource(name, patient=name[0], spots=counts / f"{name}.tsv.gz") for name in SECTIONS[1:])
    path = tmp_path_factory.mktemp("breast") / "cohort.toml"
    write_cohort(Cohort(path, sources))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nulls, "open_spots", cache(open_spots))  # each table is parsed once for all tests
        yield path, shared_data / "her2st" / "genes_785.txt"


@pytest.fixture(scope="module")
def published(breast):
    return score_nulls(breast[0], protocol="mclstexp", panel=breast[1], split="section")


def test_published_protocol_to_three_decimals(published):
    assert published["n_spots"] == 11_548
    figures = published["by_ranking"]
    assert figures["depth only"]["r"] == pytest.approx(0.3037, abs=5e-4)
    assert figures["depth only"]["r_top_test_mean"] == pytest.approx(0.5810, abs=5e-4)
    assert figures[K10]["r"] == pytest.approx(0.1970, abs=5e-4)
    assert figures[K10]["r_top_test_mean"] == pytest.approx(0.4119, abs=5e-4)
    assert figures[K40]["r"] == pytest.approx(0.227, abs=5e-4)
    assert figures[K40]["r_top_test_mean"] == pytest.approx(0.433, abs=5e-4)
    assert published["predictors"]["depth only"]["r_top"] == figures["depth only"]["r_top_test_mean"]


def test_full_depth_unit_to_three_decimals(breast):
    scores = score_nulls(breast[0], panel=breast[1], split="section", min_counts=0)
    assert scores["n_spots"] == 11_548
    figures = scores["by_ranking"]
    assert figures["depth only"]["r"] == pytest.approx(0.1254, abs=5e-4)
    assert figures["depth only"]["r_top_test_mean"] == pytest.approx(0.1594, abs=5e-4)
    assert figures[K10]["r"] == pytest.approx(0.0827, abs=5e-4)
    assert figures[K10]["r_top_test_mean"] == pytest.approx(0.2508, abs=5e-4)
    assert figures["random references"]["r"] == pytest.approx(0, abs=0.01)


def test_position_tells_nothing_of_other_patients(breast):
    scores = score_nulls(breast[0], protocol="mclstexp", panel=breast[1], split="patient")
    assert not scores["leaks"]
    assert abs(scores["by_ranking"][K10]["r"]) < 0.02
    assert abs(scores["by_ranking"][K40]["r"]) < 0.02
    assert scores["by_ranking"]["depth only"]["r"] == pytest.approx(0.3037, abs=5e-4)


def test_full_depth_unit_says_nothing_of_other_patients_by_position(breast):
    scores = score_nulls(breast[0], panel=breast[1], split="patient", min_counts=0)
    assert abs(scores["by_ranking"][K10]["r"]) < 0.02
    assert scores["by_ranking"]["depth only"]["r_top_test_mean"] == pytest.approx(0.1594, abs=5e-4)


def test_raw_counts_protocol(breast):
    scores = score_nulls(breast[0], protocol="hest", panel=breast[1], split="section")
    depth = scores["by_ranking"]["depth only"]
    assert [depth["r"], depth["r_top_test_mean"], depth["r_top_test_variance"]] == pytest.approx(
        [0.311, 0.604, 0.582], abs=1e-3
    )


def test_what_leaks_and_what_is_published_is_marked(published):
    said = " ".join(published["sentences"])
    assert "11,548 spots of 32 sections are scored." in said
    assert published["leaks"]
    assert "leaking: sister sections of the test patient are in training" in said
    assert "As published" in said
    assert "bootstrap over 7 patients" in said
    assert published["predictors"]["gene mean"]["undefined"] == 785 * 32


def test_sections_need_no_slide_and_panel_is_chosen_without_one(tiny_cohort, tmp_path):
    cohort = read_cohort(tiny_cohort)
    bare = tuple(SectionSource(s.name, patient=s.patient, spots=s.spots) for s in cohort.sections)
    path = tmp_path / "cohort.toml"
    write_cohort(Cohort(path, bare))
    scores = score_nulls(path)
    assert set(scores["predictors"]) == {"depth only", K10, K40, "gene mean", "random references"}
    assert sum(s["set_aside"] for s in scores["sections"]) > 0
    assert scores["n_spots"] == sum(s["spots"] - s["set_aside"] for s in scores["sections"])


def test_unknown_protocol_and_split_are_refused(tiny_cohort):
    with pytest.raises(UsageError, match="mclstexp"):
        score_nulls(tiny_cohort, protocol="bleep")
    with pytest.raises(UsageError, match="patient or section"):
        score_nulls(tiny_cohort, split="spot")


def test_nothing_left_to_score_is_one_sentence(tiny_cohort, tmp_path):
    panel = tmp_path / "panel.txt"
    table = open_spots(read_cohort(tiny_cohort).sections[0].spots).table
    panel.write_text("\n".join(table.var_names[:5]))
    with pytest.raises(InputError, match="is trained on but has no spot with 1000000000 counts or more; lower"):
        score_nulls(tiny_cohort, min_counts=10**9, panel=panel)
    panel.write_text("no_such_gene\n")
    with pytest.raises(InputError, match="no_such_gene"):
        score_nulls(tiny_cohort, panel=panel)
