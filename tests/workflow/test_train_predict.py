"""Train and predict on the tiny synthetic cohort, as the window and the command line do."""

from dataclasses import replace

import anndata
import numpy as np
import pytest
from scipy.sparse import csr_matrix

from geneglass.data.cache import cache_folder
from geneglass.data.cohort import read_cohort
from geneglass.data.section import open_section
from geneglass.errors import InputError
from geneglass.model.checkpoint import load_model, read_info
from geneglass.model.trust import null_names
from geneglass.workflow.config import PredictConfig, TrainConfig
from geneglass.workflow.events import finish
from geneglass.workflow.predict import predict
from geneglass.workflow.train import train


@pytest.fixture(scope="module")
def trained(tiny_cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "ridge.safetensors"
    last = read_cohort(tiny_cohort).sections[-1]
    return finish(
        train(
            TrainConfig(
                cohort=tiny_cohort, out=out, recipe="ridge", panel_size=40, hold_out=(f"patient:{last.patient}",)
            )
        )
    )


@pytest.fixture
def config(trained, tiny_cohort, tmp_path):
    last = read_cohort(tiny_cohort).sections[-1].name
    return PredictConfig(model=trained, section=f"{tiny_cohort}#{last}", out=tmp_path / "p.h5ad")


def test_model_file_says_what_it_was_trained_on(trained, tiny_cohort):
    info = read_info(trained)
    names = [section.name for section in read_cohort(tiny_cohort).sections]
    assert [section.name for section in info.sections] == names[:-1]
    assert len(info.genes) == 40
    assert all(section.slide_hash and section.spots_hash for section in info.sections)


def test_trust_is_measured_on_tissue_left_out(trained):
    trust = read_info(trained).trust
    assert trust["r"].shape == (40,)
    assert {"depth only", "shuffled query"} < set(null_names(trust))
    assert trust["verdict"].dtype == np.int8
    low, r, high = trust["r_low"], trust["r"], trust["r_high"]
    known = np.isfinite(r) & np.isfinite(low)
    assert known.any()
    assert (low[known] <= r[known] + 1e-6).all()
    assert (r[known] <= high[known] + 1e-6).all()


def test_prediction_file_follows_the_contract(config, tiny_cohort):
    table = finish(predict(config))
    written = anndata.read_h5ad(config.out)
    section = open_section(read_cohort(tiny_cohort).sections[-1])
    assert list(written.obs_names) == list(section.spots.table.obs_names)
    np.testing.assert_allclose(written.obsm["spatial"], section.centres_yx[:, ::-1], atol=1e-3)
    np.testing.assert_array_equal(written.X, table.X)
    assert not written.obs["trained_on"].any()
    np.testing.assert_array_equal(written.var["trust_r"], read_info(config.model).trust["r"])
    assert {"trust_r_low", "trust_r_high", "null_r", "ceiling", "best_null"} <= set(written.var.columns)
    assert (written.var["verdict"] == "not assessable").all()
    facts = written.uns["geneglass"]
    assert facts["mpp"] == pytest.approx(section.mpp)
    assert facts["model_hash"]
    assert facts["slide_hash"]
    assert (facts["left_out"], bool(facts["leaks"])) == ("patients", False)
    assert np.isfinite(written.X).all()
    assert ((written.obs["confidence"] >= 0) & (written.obs["confidence"] <= 1)).all()


def test_training_section_is_marked_by_content_not_by_name(config, tiny_cohort):
    first = read_cohort(tiny_cohort).sections[0]
    table = finish(predict(replace(config, section=f"{tiny_cohort}#{first.name}")))
    assert table.obs["trained_on"].all()


def test_grid_covers_tissue_with_named_tiles(config):
    table = finish(predict(replace(config, stride_um=60.0)))
    assert table.obs_names[0].startswith("tile_")
    assert table.obs_names.is_unique
    steps = np.diff(np.unique(table.obsm["spatial"][:, 0]))
    assert steps.min() == pytest.approx(60.0 / table.uns["geneglass"]["mpp"], rel=0.05)


def test_genes_by_name_and_unknown_gene(config, trained):
    genes = read_info(trained).genes[:2]
    assert list(finish(predict(replace(config, genes=", ".join(genes)))).var_names) == list(genes)
    with pytest.raises(InputError, match="NOSUCHGENE"):
        finish(predict(replace(config, genes="NOSUCHGENE")))


def test_small_batches_answer_the_same(config):
    whole = finish(predict(config))
    parts = finish(predict(replace(config, batch=7)))
    np.testing.assert_allclose(parts.X, whole.X, atol=1e-5)


def test_same_seed_same_model(tiny_cohort, tmp_path):
    states = []
    for name in ("a", "b"):
        out = tmp_path / f"{name}.safetensors"
        finish(train(TrainConfig(cohort=tiny_cohort, out=out, recipe="ridge", panel_size=20, cross_fit=False)))
        states.append(load_model(out)[0].state())
    for key, tensor in states[0].items():
        assert (tensor == states[1][key]).all(), key


def test_cancel_leaves_no_model_and_the_old_one_whole(tiny_cohort, tmp_path):
    out = tmp_path / "m.safetensors"
    out.write_bytes(b"the old model")
    job = train(TrainConfig(cohort=tiny_cohort, out=out, recipe="ridge", panel_size=20))
    for _ in range(3):
        next(job)
    job.close()
    assert out.read_bytes() == b"the old model"
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_places_where_the_mean_is_the_better_guess_are_marked(config):
    everything = finish(predict(replace(config, out=config.out.with_name("all.h5ad"), abstain_below=1.0)))
    usual = finish(predict(replace(config, out=config.out.with_name("usual.h5ad"))))
    confidence = usual.obs["confidence"].to_numpy()
    assert usual.uns["geneglass"]["calibrated"].startswith("calibrated on 2 held-out patients")
    np.testing.assert_array_equal(usual.obs["abstained"], confidence < 0.5)
    assert everything.obs["abstained"].all()


def test_everything_held_out_is_refused(tiny_cohort, tmp_path):
    patients = {section.patient for section in read_cohort(tiny_cohort).sections}
    config = TrainConfig(
        cohort=tiny_cohort, out=tmp_path / "m.safetensors", hold_out=tuple(f"patient:{p}" for p in patients)
    )
    with pytest.raises(InputError, match="held out"):
        finish(train(config))


def test_a_section_without_a_usable_spot_is_refused_by_name_before_a_slide_is_embedded(tiny_cohort, tmp_path):
    one, two, *_ = read_cohort(tiny_cohort).sections
    table = anndata.read_h5ad(two.spots)
    table.X = csr_matrix(np.full(table.shape, 3, np.float32))
    table.write_h5ad(tmp_path / "shallow.h5ad")
    (tmp_path / "panel.txt").write_text("\n".join(table.var_names[:10]))
    lines = [f'[[section]]\nname = "{s.name}"\npatient = "{s.patient}"\nslide = "{s.slide}"\n' for s in (one, two)]
    lines = [lines[0] + f'spots = "{one.spots}"\n', lines[1] + 'spots = "shallow.h5ad"\n']
    (tmp_path / "cohort.toml").write_text("\n".join(lines))
    config = TrainConfig(
        cohort=tmp_path / "cohort.toml",
        out=tmp_path / "m.safetensors",
        panel=tmp_path / "panel.txt",
    )
    words = f"^Section {two.name} is trained on but has no spot with 500 counts or more; lower min_counts or leave"
    with pytest.raises(InputError, match=words):
        finish(train(config))
    assert not list(cache_folder("features").glob("*"))


def test_interrupted_run_resumes_to_the_same_model(tiny_cohort, tmp_path):
    config = TrainConfig(cohort=tiny_cohort, out=tmp_path / "m.safetensors", recipe="ridge", panel_size=20)
    job = train(config)
    while not next(job).stage.startswith("Checking"):
        pass
    job.close()
    resumed = train(replace(config, resume=True))
    messages = []
    while True:
        try:
            messages.append(next(resumed).message)
        except StopIteration:
            break
    assert any("taken over" in message for message in messages)
    again = finish(train(replace(config, out=tmp_path / "n.safetensors")))
    first, second = load_model(config.out)[0].state(), load_model(again)[0].state()
    assert all((first[key] == second[key]).all() for key in first)


def test_two_training_sections_on_one_slide_never_retrieve_themselves(tiny_cohort, tmp_path):
    first = read_cohort(tiny_cohort).sections[0]
    table = anndata.read_h5ad(first.spots)
    sections = []
    for name, rows in (("left", slice(None, None, 2)), ("right", slice(1, None, 2))):
        table[rows].copy().write_h5ad(tmp_path / f"{name}.h5ad")
        sections.append(f'[[section]]\nname = "{name}"\nslide = "{first.slide}"\nspots = "{name}.h5ad"\n')
    (tmp_path / "cohort.toml").write_text("\n".join(sections))
    settings = {"epochs": 2, "validate": False, "k": 5}
    config = TrainConfig(
        cohort=tmp_path / "cohort.toml",
        out=tmp_path / "m.safetensors",
        recipe="mclstexp",
        panel_size=20,
        min_counts=0,
        cross_fit=False,
        settings=settings,
    )
    model = finish(train(config))
    section_of = load_model(model)[0].bank.section_of.numpy()
    for number, name in enumerate(("left", "right")):
        places = f"{tmp_path / 'cohort.toml'}#{name}"
        found = finish(predict(PredictConfig(model=model, section=places, out=tmp_path / "p.h5ad")))
        assert (section_of[found.obsm["neighbour_rows"]] != number).all()


def test_resume_keeps_only_what_is_the_same(config):
    first = finish(predict(config))
    kept = finish(predict(replace(config, resume=True)))
    np.testing.assert_array_equal(kept.X, first.X)
    config.out.write_text("junk")
    again = finish(predict(replace(config, resume=True)))
    np.testing.assert_allclose(again.X, first.X, atol=1e-6)


def test_a_training_that_diverges_is_refused(tiny_cohort, tmp_path):
    config = TrainConfig(
        cohort=tiny_cohort,
        out=tmp_path / "m.safetensors",
        recipe="mclstexp",
        panel_size=20,
        settings={"learning_rate": float("inf"), "epochs": 3, "validate": False},
    )
    with pytest.raises(InputError, match="loss became"):
        finish(train(config))
    assert not config.out.exists()
