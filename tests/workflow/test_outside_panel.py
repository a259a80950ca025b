"""Any measured gene of a retrieval model, and no training spot that finds itself, from train to predict."""

from dataclasses import replace

import anndata
import numpy as np
import pytest

from geneglass.data.cohort import Cohort, read_cohort, write_cohort
from geneglass.data.genes import normalise, spot_totals
from geneglass.data.section import open_section, require_spots
from geneglass.errors import InputError, UsageError
from geneglass.model.checkpoint import load_model, read_info
from geneglass.model.recipe import QueryData
from geneglass.workflow.any_gene import AnyGene, open_any_gene
from geneglass.workflow.config import PredictConfig, TrainConfig
from geneglass.workflow.embed import embed
from geneglass.workflow.events import finish
from geneglass.workflow.predict import predict
from geneglass.workflow.train import train

SETTINGS = {"epochs": 2, "validate": False, "k": 5, "embed_dim": 8}


@pytest.fixture(scope="module")
def cohort(tiny_cohort, tmp_path_factory):
    """Two sections of one patient and one of another."""
    sections = read_cohort(tiny_cohort).sections
    path = tmp_path_factory.mktemp("patients") / "cohort.toml"
    owners = ("one", "one", "two")
    write_cohort(Cohort(path, tuple(replace(s, patient=p) for s, p in zip(sections, owners, strict=True))))
    return path


@pytest.fixture(scope="module")
def model(cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "m.safetensors"
    config = TrainConfig(cohort, out, recipe="mclstexp", panel_size=20, cross_fit=False, settings=SETTINGS)
    return finish(train(config))


@pytest.fixture(scope="module")
def ridge(cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("ridge") / "ridge.safetensors"
    return finish(train(TrainConfig(cohort, out, recipe="ridge", panel_size=20, cross_fit=False)))


@pytest.fixture
def config(model, cohort, tmp_path):
    return PredictConfig(
        model=model, section=f"{cohort}#{read_cohort(cohort).sections[-1].name}", out=tmp_path / "p.h5ad"
    )


@pytest.fixture(scope="module")
def whole(model, cohort, tmp_path_factory):
    """The prediction of every gene, and the file it was written to."""
    out = tmp_path_factory.mktemp("whole") / "p.h5ad"
    places = f"{cohort}#{read_cohort(cohort).sections[-1].name}"
    return finish(predict(PredictConfig(model=model, section=places, out=out, genes="all"))), out


def expected_map(cohort, model, table, gene):
    """Return the mean of the neighbours' values, from the files themselves."""
    values = []
    for source in read_cohort(cohort).sections:
        spots = require_spots(open_section(source))
        totals = spot_totals(spots)
        kept = totals >= read_info(model).min_counts
        column = np.asarray(spots.table[kept, [gene]].X.todense())
        values.append(normalise(column, totals[kept])[:, 0])
    rows, weights = table.obsm["neighbour_rows"], table.obsm["neighbour_weights"]
    return (np.concatenate(values)[rows] * weights).sum(axis=1)


def test_all_gives_every_measured_gene_and_labels_those_outside_the_panel(cohort, model, whole):
    table, out = whole
    written = anndata.read_h5ad(out)
    info = read_info(model)
    assert written.n_vars == len(info.measured_genes) == 60
    assert list(written.var_names[:20]) == list(info.genes)
    assert written.var["in_panel"].tolist() == [True] * 20 + [False] * 40
    assert (written.var["note"][20:] == "untested").all()
    assert (written.var["note"][:20] == "").all()
    assert written.var["trust_r"][20:].isna().all()
    assert written.uns["geneglass"]["untested"].startswith("40 of the 60 genes are outside the model's panel")
    for gene in written.var_names[[0, 20, 59]]:
        np.testing.assert_allclose(table[:, gene].X[:, 0], expected_map(cohort, model, table, gene), atol=1e-5)


def test_genes_by_name_may_lie_outside_the_panel_and_are_told(config, model, whole):
    info = read_info(model)
    outside = next(gene for gene in info.measured_genes if gene not in info.genes)
    messages = []
    job = predict(replace(config, genes=f"{outside},{info.genes[3]}"))
    while True:
        try:
            messages.append(next(job).message)
        except StopIteration as stop:
            table = stop.value
            break
    assert list(table.var_names) == [info.genes[3], outside]
    assert any("1 of the 2 genes are outside" in message for message in messages)
    np.testing.assert_allclose(table.X, whole[0][:, [info.genes[3], outside]].X, atol=1e-6)
    with pytest.raises(UsageError, match=r"Not among the 60 genes that all sections .*: NOSUCH; choose"):
        finish(predict(replace(config, genes="NOSUCH")))


def test_models_that_do_not_retrieve_refuse(config, ridge):
    assert read_info(ridge).measured_genes == ()
    with pytest.raises(UsageError, match="can predict the 20 genes of its panel only"):
        finish(predict(replace(config, model=ridge, genes="all")))


def test_any_gene_is_computed_when_asked_for(config, model, whole):
    panel = finish(predict(config))
    maps = open_any_gene(config.out, model)
    assert set(maps.genes) == set(whole[0].var_names)
    for gene in (maps.genes[0], maps.genes[-1]):
        np.testing.assert_allclose(maps.gene_map(gene), whole[0][:, gene].X[:, 0], atol=1e-6)
    assert maps.tested(panel.var_names[0])
    assert not maps.tested(maps.genes[-1])
    with pytest.raises(InputError, match="NOSUCH was not measured"):
        maps.gene_map("NOSUCH")


def test_panel_gene_that_was_not_asked_for_is_not_made_up(config, model):
    genes = read_info(model).genes
    maps = AnyGene(finish(predict(replace(config, genes=genes[0]))), model)
    assert genes[1] not in maps.genes
    with pytest.raises(InputError, match="predict again with it"):
        maps.gene_map(genes[1])


def test_any_gene_needs_the_model_of_the_prediction(config, ridge, tmp_path):
    table = finish(predict(config))
    with pytest.raises(InputError, match=r"was not made with ridge\.safetensors"):
        AnyGene(table, ridge)
    (tmp_path / "junk.h5ad").write_text("junk")
    with pytest.raises(InputError, match="can not be read as a prediction"):
        open_any_gene(tmp_path / "junk.h5ad", ridge)
    finish(predict(replace(config, model=ridge)))
    maps = open_any_gene(config.out, ridge)
    assert maps.genes == read_info(ridge).genes
    with pytest.raises(InputError, match="outside the 20 genes of the panel"):
        maps.gene_map("NOSUCH")


def test_a_training_sections_own_spots_are_never_retrieved(cohort, model, tmp_path):
    recipe, info = load_model(model)
    section_of = recipe.bank.section_of.numpy()
    for number, source in enumerate(read_cohort(cohort).sections):
        # Under another name, too: it is known by its content.
        renamed = tmp_path / f"{number}.toml"
        write_cohort(Cohort(renamed, (replace(source, name="elsewhere"),)))
        for places in (f"{cohort}#{source.name}", str(renamed)):
            found = finish(predict(PredictConfig(model, places, tmp_path / "p.h5ad", genes="all")))
            assert found.obs["trained_on"].all()
            assert set(np.unique(section_of[found.obsm["neighbour_rows"]])) <= {0, 1, 2} - {number}
        features = finish(embed(open_section(source), recipe.encoder, open_section(source).centres_yx))
        query = QueryData(source.name, source.patient, features, np.zeros((len(features), 2), np.float32))
        answer = recipe.predict(query, exclude_patient=True)
        owners = np.unique(section_of[answer.neighbours.rows])
        assert {info.sections[owner].patient for owner in owners} == {"two" if source.patient == "one" else "one"}
