"""Model files are listed with what they were trained on; those used lately are remembered."""

import os

import numpy as np
import pytest

from geneglass.model.checkpoint import ModelInfo, SectionInfo, save_model
from geneglass.model.make import make_encoder, make_recipe
from geneglass.model.recipe import TrainData
from geneglass.workflow.model_files import (
    MOST_REMEMBERED,
    forget_model,
    model_paths,
    read_model_file,
    remember_model,
    remembered_models,
    trained_on_text,
    trust_text,
)

SECTIONS = (
    SectionInfo("C2", "C", n_spots=180),
    SectionInfo("C3", "C", n_spots=1000),
    SectionInfo("A1", "A", n_spots=1),
)


@pytest.fixture
def info():
    trust = {"r": np.array([0.5, np.nan, 0.1], np.float32), "verdict": np.array([2, 0, 1], np.int8)}
    return ModelInfo("ridge", {}, "texture", ("ERBB2", "CD74", "ACTB"), sections=SECTIONS, trust=trust)


def written(path, info):
    rng = np.random.default_rng(0)
    encoder = make_encoder("texture")
    recipe = make_recipe("ridge", {}, info.genes, encoder)
    counts = rng.poisson(5, (30, 3)).astype(np.float32)
    features = rng.normal(size=(30, encoder.dim)).astype(np.float32)
    data = TrainData("C2", "C", features, rng.normal(size=(30, 2)), expression=np.log1p(counts), counts=counts)
    list(recipe.fit([data]))
    save_model(path, recipe, info)
    return path


def test_the_folder_and_what_was_used_lately_are_listed_once_the_latest_first(tmp_path):
    folder, elsewhere = tmp_path / "models", tmp_path / "elsewhere"
    for place in (folder, elsewhere):
        place.mkdir()
    paths = [folder / "a.safetensors", folder / "b.safetensors", elsewhere / "c.safetensors"]
    for age_s, path in zip((30, 10, 20), paths, strict=True):
        path.write_bytes(b"")
        os.utime(path, (1e9 - age_s, 1e9 - age_s))
    (folder / "notes.txt").write_text("")
    used = [paths[2], paths[0], elsewhere / "gone.safetensors"]
    assert model_paths(folder, used) == (paths[1], paths[2], paths[0])
    assert model_paths(tmp_path / "missing") == ()


def test_a_model_says_what_it_was_trained_on_and_how_far_it_can_be_trusted(tmp_path, info):
    found = read_model_file(written(tmp_path / "m.safetensors", info))
    assert found.fault == ""
    assert trained_on_text(found.info) == "C2, C3, A1 (3 sections of 2 patients, 1,181 spots)"
    assert trust_text(found.info) == "held-out r: median 0.30, best 0.50; 1 gene better than without the image"


def test_a_model_without_patients_and_trust_says_that(info):
    bare = ModelInfo("ridge", {}, "texture", ("A",), sections=(SectionInfo("left", n_spots=40),))
    assert trained_on_text(bare) == "left (1 section, 40 spots)"
    assert trust_text(bare) == "not checked on tissue left out"


def test_a_damaged_file_is_listed_with_its_fault(tmp_path):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"\x07" * 40)
    found = read_model_file(path)
    assert found.info is None
    assert "broken.safetensors can not be read" in found.fault


def test_the_note_keeps_the_last_used_first_and_no_more_than_so_many(tmp_path):
    note = tmp_path / "data" / "recent.json"
    assert remembered_models(note) == ()
    models = [tmp_path / f"{number}.safetensors" for number in range(MOST_REMEMBERED + 2)]
    for model in (*models, models[3]):
        remember_model(note, model)
    kept = remembered_models(note)
    assert kept[:2] == (models[3], models[-1])
    assert len(kept) == len(set(kept)) == MOST_REMEMBERED
    forget_model(note, models[3])
    assert models[3] not in remembered_models(note)


@pytest.mark.parametrize("damage", ["{", '{"a": 1}', "[1, 2]"])
def test_a_damaged_note_is_an_empty_one(tmp_path, damage):
    note = tmp_path / "recent.json"
    note.write_text(damage)
    assert remembered_models(note) == ()
