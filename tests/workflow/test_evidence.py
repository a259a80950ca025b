"""Why a place was predicted so: votes that add up to the prediction, and pictures of those who voted."""

from dataclasses import replace

import numpy as np
import pytest

from geneglass.data.cohort import find_section, read_cohort
from geneglass.data.genes import kept_spots, normalise, spot_totals
from geneglass.data.section import open_section
from geneglass.data.types import Region
from geneglass.errors import InputError
from geneglass.model.checkpoint import read_info
from geneglass.model.reference_spots import load_spots
from geneglass.workflow.config import PredictConfig, TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.evidence import mean_of, open_evidence, why_none
from geneglass.workflow.explain import Explainer, Question
from geneglass.workflow.predict import predict
from geneglass.workflow.reference_pictures import SIZE_PX, ReferencePictures
from geneglass.workflow.train import train

QUICK = {"epochs": 2, "validate": False, "k": 6, "weighting": "softmax"}


@pytest.fixture(scope="module")
def trained(tiny_cohort, tmp_path_factory):
    """Return model file and prediction of the third section, with every gene and with thumbnails in the file."""
    folder = tmp_path_factory.mktemp("evidence")
    model = folder / "bleep.safetensors"
    config = TrainConfig(
        cohort=tiny_cohort,
        out=model,
        recipe="bleep",
        settings=QUICK,
        hold_out=("section:Cleo",),
        panel_size=20,
        cross_fit=False,
        store_thumbnails=True,
    )
    finish(train(config))
    asked = PredictConfig(model=model, section=f"{tiny_cohort}#Cleo", out=folder / "Cleo.h5ad", genes="all")
    return model, finish(predict(asked))


@pytest.fixture(scope="module")
def evidence(trained):
    model, prediction = trained
    return finish(open_evidence(prediction, model))


@pytest.fixture
def pictures(trained, tiny_cohort):
    model, _ = trained
    found = ReferencePictures(model, read_info(model), read_cohort(tiny_cohort).sections)
    yield found
    found.close()


def test_votes_of_every_place_add_up_to_what_was_predicted(trained, evidence):
    _, prediction = trained
    gene = prediction.var_names[3]
    predicted = prediction[:, [gene]].X.ravel()
    for place in range(0, prediction.n_obs, 7):
        votes = evidence.votes(place, gene)
        assert [vote.weight for vote in votes] == sorted((vote.weight for vote in votes), reverse=True)
        assert mean_of(votes) == pytest.approx(predicted[place], abs=1e-5)
        assert {vote.section for vote in votes} <= {"Ada", "Bo"}
        assert all(-1.01 <= vote.similarity <= 1.01 for vote in votes)


def test_a_vote_names_its_spot_and_that_was_measured(evidence, tiny_cohort):
    gene = evidence.spots.info.genes[0]
    for vote in evidence.votes(5, gene):
        section = open_section(find_section(f"{tiny_cohort}#{vote.section}"))
        totals = spot_totals(section.spots)
        row = np.flatnonzero(kept_spots(totals, evidence.spots.info.min_counts))[vote.number]
        counts = section.spots.table[[row], [gene]].X.toarray()
        assert vote.value == pytest.approx(normalise(counts, totals[[row]])[0, 0], rel=1e-5)
        assert vote.patient == section.patient
        section.close()


def test_a_gene_outside_the_panel_is_known_once_its_counts_were_read(trained, evidence):
    _, prediction = trained
    gene = next(name for name, inside in prediction.var["in_panel"].items() if not inside)
    assert np.isnan(evidence.votes(0, gene)[0].value)
    complete = replace(evidence, spots=evidence.spots.with_counts())
    assert not evidence.spots.knows(gene)
    assert complete.spots.knows(gene)
    assert mean_of(complete.votes(0, gene)) == pytest.approx(prediction[0, gene].X.item(), abs=1e-5)


def test_where_a_reference_voted_is_the_same_seen_from_the_other_side(evidence):
    row = evidence.votes(0, None)[0].row
    places, weights = evidence.voted(row)
    assert 0 in places
    for place in range(len(evidence.rows)):
        cast = {vote.row: vote.weight for vote in evidence.votes(place, None)}
        assert (row in cast) == (place in places)
    np.testing.assert_allclose(weights[list(places).index(0)], evidence.votes(0, None)[0].weight)


def test_pictures_come_from_the_reference_sections_own_slides(evidence, pictures, tiny_cohort):
    vote = evidence.votes(0, None)[0]
    picture = finish(pictures.read([vote], 120.0))[vote.row]
    assert picture.pixels.shape == (SIZE_PX, SIZE_PX, 3)
    assert (picture.field_um, picture.reason) == (120.0, "")
    section = open_section(find_section(f"{tiny_cohort}#{vote.section}"))
    assert picture.spot in section.spots.table.obs_names
    y, x = section.centres_yx[section.spots.table.obs_names.get_loc(picture.spot)]
    edge_px = 120.0 / section.mpp
    corner = round(float(y - edge_px / 2)), round(float(x - edge_px / 2))
    seen = section.slide.read(Region(0, *corner, round(edge_px), round(edge_px)))
    section.close()
    assert np.abs(seen.mean(axis=(0, 1)) - picture.pixels.mean(axis=(0, 1))).max() < 3
    assert picture.pixels.std() > 1


def test_without_the_cohort_thumbnails_of_the_file_stand_in_and_say_why(evidence, trained, pictures):
    model, _ = trained
    info = read_info(model)
    assert info.thumbnail_um == 200.0
    alone = ReferencePictures(model, info, ())
    vote = evidence.votes(0, None)[0]
    picture = finish(alone.read([vote], 120.0))[vote.row]
    assert picture.field_um == 200.0
    assert "is not at hand" in picture.reason
    same = finish(pictures.read([vote], 200.0))[vote.row]
    small = same.pixels.reshape(96, 2, 96, 2, 3).mean(axis=(1, 3))
    assert np.abs(small - picture.pixels).mean() < 12
    none = ReferencePictures(model, replace(info, thumbnail_um=0.0), ())
    assert finish(none.read([vote], 120.0))[vote.row].pixels is None


def test_a_section_of_the_same_name_with_other_counts_is_not_taken_for_the_models(evidence, trained, tiny_cohort):
    model, _ = trained
    sources = read_cohort(tiny_cohort).sections
    vote = evidence.votes(0, None)[0]
    other = next(source for source in sources if source.name != vote.section)
    pictures = ReferencePictures(model, read_info(model), [replace(other, name=vote.section)])
    picture = finish(pictures.read([vote], 100.0))[vote.row]
    assert "other counts" in picture.reason
    pictures.close()


def test_another_model_and_a_recipe_that_does_not_retrieve_are_refused_in_a_sentence(trained, tmp_path):
    model, prediction = trained
    foreign = prediction.copy()
    foreign.uns["geneglass"] = dict(foreign.uns["geneglass"]) | {"model_hash": "0", "model": "other.safetensors"}
    with pytest.raises(InputError, match=r"made with other\.safetensors, not with this bleep\.safetensors"):
        finish(open_evidence(foreign, model))
    bare = prediction.copy()
    del bare.obsm["neighbour_rows"]
    bare.uns["geneglass"] = dict(bare.uns["geneglass"]) | {"recipe": "ridge"}
    assert "looks up no reference patches" in why_none(bare)
    with pytest.raises(InputError, match="ridge computes a value"):
        finish(open_evidence(bare, model))
    assert why_none(prediction) == ""


def test_reference_spots_say_how_many_they_are(trained):
    spots = load_spots(trained[0])
    assert len(spots) == sum(section.n_spots for section in spots.info.sections)
    np.testing.assert_array_equal(spots.first_of, [0, spots.info.sections[0].n_spots])


def test_an_explainer_answers_question_after_question_with_pictures(trained, tiny_cohort):
    model, prediction = trained
    sources = read_cohort(tiny_cohort).sections
    section = open_section(sources[-1])
    explainer = Explainer(prediction, section, [model.with_name("gone.safetensors"), model], sources)
    outside = next(name for name, inside in prediction.var["in_panel"].items() if not inside)
    for gene in (prediction.var_names[0], outside):
        question = Question(prediction.obs_names[3], gene, 150.0, 2)
        found = finish(explainer.explain(question))
        assert found.mean == pytest.approx(prediction[3, gene].X.item(), abs=1e-5)
        assert [found.pictures[vote.row].pixels.shape[2] for vote in found.shown] == [3, 3]
        assert found.own.shape == (SIZE_PX, SIZE_PX, 3)
    names, weights = explainer.voted(found.votes[0].row)
    assert dict(zip(names, weights, strict=True))[question.place] == pytest.approx(found.votes[0].weight)
    with pytest.raises(InputError, match="was not predicted"):
        finish(explainer.explain(Question("elsewhere", None, 150.0, 2)))
    explainer.close()
    section.close()
    with pytest.raises(InputError, match=r"bleep\.safetensors\) is not at hand: choose it"):
        finish(Explainer(prediction, section, [], sources).explain(question))
