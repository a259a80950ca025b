"""Model files: what comes back is what went in, and nothing else is taken for one."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from geneglass.errors import InputError
from geneglass.model.checkpoint import ModelInfo, SectionInfo, load_model, read_info, save_model
from geneglass.model.make import make_encoder, make_recipe
from geneglass.model.recipe import TrainData

GENES = ("ERBB2", "GNAS", "KRT5", "ACTA2")
ENCODER = "timm:resnet18@random?px=32"
FORMS = {
    "mclstexp": {"epochs": 2, "embed_dim": 8, "k": 4},
    "mclstexp:faithful": {"epochs": 1, "embed_dim": 8, "k": 4, "fine_tune": False},
    "ridge": {},
}


def section(name, seed, n=20):
    random = np.random.default_rng(seed)
    counts = random.poisson(4, (n, len(GENES))).astype(np.float32)
    places = np.stack(np.divmod(np.arange(n), 5), 1).astype(np.float32)
    features = random.normal(size=(n, 512)).astype(np.float32)
    return TrainData(name, "p", features, places * 200, places, None, expression=np.log1p(counts), counts=counts)


@pytest.fixture(scope="module", params=sorted(FORMS))
def saved(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model.safetensors"
    recipe = make_recipe(request.param, FORMS[request.param], GENES, make_encoder(ENCODER), seed=3)
    list(recipe.fit([section("a", 0), section("b", 1), section("c", 2)]))
    info = ModelInfo(
        recipe=request.param,
        settings=FORMS[request.param],
        encoder=ENCODER,
        genes=GENES,
        unit=recipe.unit,
        seed=3,
        version="0.1",
        min_counts=500,
        sections=(SectionInfo("a", "p", "slide", "spots", 20, 0.69), SectionInfo("b")),
        trust={"r": np.array([0.1, np.nan, -0.2, 0.5], np.float32)},
        left_out="sections",
        leaks=True,
    )
    save_model(path, recipe, info)
    return path, recipe, info


@pytest.fixture
def other(saved, tmp_path):
    """The model file with its header changed by a function."""
    path = saved[0]

    def change(edit):
        with safe_open(path, framework="pt") as file:
            header = json.loads(file.metadata()["geneglass"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        edit(header, tensors)
        save_file(tensors, tmp_path / "other.safetensors", metadata={"geneglass": json.dumps(header)})
        return tmp_path / "other.safetensors"

    return change


def test_loaded_model_gives_equal_output(saved):
    path, recipe, _ = saved
    loaded, _ = load_model(path)
    query = section("new", 9, n=7).query()
    one, two = recipe.predict(query), loaded.predict(query)
    np.testing.assert_array_equal(one.values, two.values)
    np.testing.assert_array_equal(one.confidence, two.confidence)
    if one.neighbours is not None:
        np.testing.assert_array_equal(one.neighbours.rows, two.neighbours.rows)


def test_the_expression_of_the_bank_is_kept_sparse_and_comes_back_bit_for_bit(saved):
    path, recipe, _ = saved
    if not recipe.retrieves:
        pytest.skip("ridge keeps no reference spots")
    with safe_open(path, framework="pt") as file:
        names = {name for name in file.keys() if name.startswith("recipe.bank.expression")}  # noqa: SIM118
        kept = len(file.get_tensor("recipe.bank.expression.data"))
    expression = recipe.bank.expression
    assert names == {f"recipe.bank.expression.{part}" for part in ("data", "indices", "indptr")}
    assert kept == int((expression > 0).sum()) < expression.numel()
    back = load_model(path)[0].bank.expression
    assert back.is_contiguous()
    assert torch.equal(back.view(torch.int32), expression.view(torch.int32))


def test_a_file_whose_bank_was_kept_whole_is_still_read(saved, other):
    path, recipe, _ = saved
    if not recipe.retrieves:
        pytest.skip("ridge keeps no reference spots")

    def whole(header, tensors):
        header["format"] = 1
        for part in ("data", "indices", "indptr"):
            del tensors[f"recipe.bank.expression.{part}"]
        tensors["recipe.bank.expression"] = recipe.bank.expression.clone()

    assert torch.equal(load_model(other(whole))[0].bank.expression, recipe.bank.expression)
    # An earlier geneglass, which knows format 1 alone, must say that it is too old for this file.
    with safe_open(path, framework="pt") as file:
        assert json.loads(file.metadata()["geneglass"])["format"] > 1


def test_header_says_everything(saved):
    path, recipe, info = saved
    found = read_info(path)
    assert (found.genes, found.unit, found.seed, found.sections) == (info.genes, info.unit, info.seed, info.sections)
    assert found.mpp == (0.5,)
    assert found.settings == vars(recipe.config)
    assert found.encoder_identity == recipe.encoder.identity
    np.testing.assert_array_equal(found.trust["r"], info.trust["r"])
    assert (found.left_out, found.leaks) == ("sections", True)


def test_earlier_files_do_not_say_what_was_left_out(other):
    def earlier(header, _):
        del header["left_out"], header["leaks"]

    found = read_info(other(earlier))
    assert (found.left_out, found.leaks) == ("", False)


def test_file_holds_no_pickle(saved):
    content = saved[0].read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    assert json.loads(content[8 : 8 + length])["__metadata__"].keys() == {"geneglass"}
    assert b"\x80\x04" not in content[: 8 + length]


@pytest.mark.parametrize("keep", [0, 5, 200, 0.5, 0.999])
def test_truncated_file_is_one_sentence(saved, tmp_path, keep):
    content = saved[0].read_bytes()
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(content[: keep if isinstance(keep, int) else int(len(content) * keep)])
    for read in (read_info, load_model):
        with pytest.raises(InputError, match=r"cut\.safetensors can not be read"):
            read(cut)


def test_other_files_are_no_models(tmp_path):
    with pytest.raises(InputError, match="no model file"):
        read_info(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("not a model at all, but long enough to look like something")
    with pytest.raises(InputError, match="can not be read"):
        read_info(tmp_path / "text.safetensors")
    save_file({"a": torch.ones(2)}, tmp_path / "weights.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match="no geneglass model"):
        read_info(tmp_path / "weights.safetensors")


def test_model_of_a_newer_version_says_so(other):
    path = other(lambda header, _: header.update(format=99, version="9.9"))
    with pytest.raises(InputError, match=r"newer geneglass \(9\.9\): update"):
        read_info(path)


def test_panel_that_does_not_fit_the_tensors_is_refused(other):
    path = other(lambda header, _: header.update(genes=[*GENES, "EXTRA"]))
    with pytest.raises(InputError, match="5 genes"):
        load_model(path)


def test_missing_tensors_and_header_fields_are_refused(other):
    def drop(_, tensors):
        del tensors[next(name for name in tensors if name.startswith("recipe."))]

    with pytest.raises(InputError, match="does not hold a complete"):
        load_model(other(drop))
    with pytest.raises(InputError, match="lacks what"):
        read_info(other(lambda header, _: header.pop("genes")))


def test_other_encoder_weights_are_refused(other):
    path = other(lambda header, _: header.update(encoder_identity="0123-float32"))
    with pytest.raises(InputError, match="other weights"):
        load_model(path)


def test_number_type_of_the_machine_does_not_matter(other):
    def flip(header, _):
        digest, _, kind = header["encoder_identity"].partition("-")
        header["encoder_identity"] = f"{digest}-{'float32' if kind == 'bfloat16' else 'bfloat16'}"

    load_model(other(flip))


def test_failed_write_leaves_the_old_model(saved, tmp_path, monkeypatch):
    path, recipe, info = saved
    target = tmp_path / "kept.safetensors"
    target.write_bytes(path.read_bytes())

    def full(tensors, file, metadata):
        file.write_bytes(b"half of a mod")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(InputError, match="disk is full"):
        save_model(target, recipe, replace(info, seed=4))
    assert target.read_bytes() == path.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["kept.safetensors"]


def test_settings_of_another_version_are_told_with_the_file(other):
    def rename(header, _):
        header["settings"]["once_called_otherwise"] = 1

    with pytest.raises(InputError, match=r"other\.safetensors was trained by another version of geneglass"):
        load_model(other(rename))


@pytest.mark.parametrize("text", [{"of another version": 1}, ["a list"], 7])
def test_text_of_another_version_is_refused_in_one_sentence(other, text):
    def add(header, _):
        header["texts"]["calibration"] = text

    with pytest.raises(InputError, match=r"does not hold a complete .* damaged or of a newer version") as told:
        load_model(other(add))
    assert "__init__" not in str(told.value)
