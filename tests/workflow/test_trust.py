"""What a model file says of each gene, from sections predicted without having been seen."""

import numpy as np

from geneglass.model.trust import VERDICTS, best_null, null_names, verdict_texts
from geneglass.workflow.trust import HeldOut, trust

GENES = 4
NOTHING = np.full(GENES, np.nan, np.float32)


def held_out(patients, *, seed=0):
    """Gene 0 is shown by the image, gene 1 by depth, gene 2 by nothing; gene 3 never varies."""
    rng = np.random.default_rng(seed)
    made = []
    for patient in patients:

        def about(*r):
            return np.float32([*(np.array(r) + rng.normal(0, 0.03, 3)), np.nan])

        nulls = {"depth only": about(0.1, 0.5, 0), "position only": about(0.2, 0, 0), "gene mean": NOTHING}
        made.append(HeldOut(patient, about(0.6, 0.3, 0), nulls, np.float32([0.8, 0.9, np.nan, np.nan])))
    return made


def test_trust_holds_r_interval_nulls_ceiling_and_verdict():
    found = trust(held_out("abcdef"))
    np.testing.assert_allclose(found["r"][:3], [0.6, 0.3, 0], atol=0.04)
    assert (found["r_low"][:3] < found["r"][:3]).all()
    assert (found["r"][:3] < found["r_high"][:3]).all()
    np.testing.assert_allclose(found["null.depth only"][:3], [0.1, 0.5, 0], atol=0.04)
    np.testing.assert_array_equal(found["null.gene mean"][:3], 0)
    np.testing.assert_allclose(found["null_r"][:2], [0.2, 0.5], atol=0.04)
    assert found["null_r"][2] >= 0
    np.testing.assert_allclose(found["ceiling"], np.float32([0.8, 0.9, np.nan, np.nan]))
    assert [VERDICTS[code] for code in found["verdict"]] == ["better", "not better", "not better", "not assessable"]
    assert all(np.isnan(found[name][3]) for name in ("r", "r_low", "r_high", "null_r"))


def test_few_patients_have_r_but_no_verdict():
    found = trust(held_out("abcd"))
    assert np.isfinite(found["r"][:3]).all()
    assert not found["verdict"].any()


def test_words_of_a_model_file():
    found = trust(held_out("abcdef"))
    assert null_names(found) == ("depth only", "gene mean", "position only")
    assert best_null(found, GENES)[:2].tolist() == ["position only", "depth only"]
    assert best_null(found, GENES)[3] == ""
    assert verdict_texts(found, GENES).tolist() == ["better", "not better", "not better", "not assessable"]
    assert best_null({}, 2).tolist() == ["", ""]
    assert verdict_texts({}, 2).tolist() == ["not assessable"] * 2


def test_a_section_without_a_ceiling_counts_as_none_of_it():
    sections = held_out("ab")
    blank = HeldOut("c", sections[0].r, sections[0].nulls, NOTHING)
    np.testing.assert_allclose(trust([*sections, blank])["ceiling"][0], 0.8 * 2 / 3, rtol=1e-6)


def test_a_gene_that_a_fold_did_not_score_is_left_out_of_it():
    sections = held_out("abcdef")
    unscored = HeldOut("g", NOTHING, dict.fromkeys(sections[0].nulls, NOTHING), np.full(GENES, 0.1, np.float32))
    some, all_of_it = trust(sections), trust([*sections, unscored])
    for name in ("r", "null_r", "ceiling", "verdict"):
        np.testing.assert_array_equal(some[name], all_of_it[name])
