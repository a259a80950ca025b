"""Counts of all genes of the reference spots: what comes out is the mean of the neighbours' values."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from scipy import sparse

from geneglass.data.genes import normalise
from geneglass.errors import InputError
from geneglass.model import reference as reference_module
from geneglass.model.checkpoint import ModelInfo, load_model, load_reference, read_info, save_model
from geneglass.model.make import make_encoder, make_recipe
from geneglass.model.recipe import UNIT, Neighbours, TrainData
from geneglass.model.reference import ReferenceCounts, SectionCounts, join_counts
from geneglass.model.retrieval import Bank

ENCODER = "timm:resnet18@random?px=32"


def section(name, n, genes, seed, top=40):
    random = np.random.default_rng(seed)
    counts = random.integers(0, top, (n, len(genes))) * (random.random((n, len(genes))) < 0.4)
    return SectionCounts(
        name, sparse.csr_matrix(counts.astype(np.float32)), genes, counts.sum(1).astype(np.float32) + 5
    )


SECTIONS = [section("a", 9, ("X", "Y", "Z", "W"), 0), section("b", 6, ("Q", "Z", "X", "Y"), 1)]


@dataclass
class Retrieving:
    """As much of a trained recipe as is looked at."""

    bank: Bank
    unit: str = UNIT
    retrieves: bool = True


def bank_of(sections):
    owners = torch.from_numpy(np.repeat(np.arange(len(sections)), [len(s.totals) for s in sections]))
    n = len(owners)
    return Bank(torch.randn(n, 3), torch.rand(n, 2), owners, tuple(s.name for s in sections), (None,) * len(sections))


@pytest.fixture
def reference():
    return join_counts(SECTIONS, Retrieving(bank_of(SECTIONS)))


def dense(genes):
    rows = [s.counts.toarray()[:, [s.genes.index(g) for g in genes]] for s in SECTIONS]
    return normalise(np.concatenate(rows), np.concatenate([s.totals for s in SECTIONS]))


def neighbours(n, k, spots, seed=3):
    random = np.random.default_rng(seed)
    weights = random.random((n, k)).astype(np.float32)
    return Neighbours(random.integers(0, spots, (n, k)), weights / weights.sum(1, keepdims=True), weights)


def test_genes_that_all_sections_measured_are_kept_in_the_order_of_the_first(reference):
    assert reference.genes == ("X", "Y", "Z")
    assert reference.counts.shape == (15, 3)


def test_average_is_the_weighted_mean_of_normalised_counts(reference):
    found = neighbours(7, 4, 15)
    expected = np.einsum("nk,nkg->ng", found.weights, dense(("Z", "X"))[found.rows])
    np.testing.assert_allclose(reference.average(found, ("Z", "X")), expected, rtol=1e-5, atol=1e-6)


def test_spots_without_counts_are_zero():
    empty = SectionCounts("a", sparse.csr_matrix((2, 3), dtype=np.float32), ("X", "Y", "Z"), np.zeros(2, np.float32))
    kept = join_counts([empty], Retrieving(bank_of([empty])))
    np.testing.assert_array_equal(kept.average(neighbours(3, 2, 2), ("X", "Z")), np.zeros((3, 2)))


def test_unknown_gene_and_rows_of_another_model_are_refused(reference):
    with pytest.raises(InputError, match="W was not measured in every section"):
        reference.average(neighbours(2, 2, 15), ("X", "W"))
    with pytest.raises(InputError, match="15 reference spots: give the model"):
        reference.average(Neighbours(np.array([[15]]), np.ones((1, 1), np.float32), np.ones((1, 1))), ("X",))


def test_genes_are_computed_a_few_at_a_time(reference, monkeypatch):
    monkeypatch.setattr(reference_module, "MIN_GENES_AT_ONCE", 2)
    monkeypatch.setattr(reference_module, "VALUES_AT_ONCE", 30)
    parts = list(reference.chunks(reference.genes))
    assert parts == [slice(0, 2), slice(2, 3)]
    found = neighbours(4, 3, 15)
    joined = np.concatenate([reference.average(found, reference.genes[part]) for part in parts], axis=1)
    np.testing.assert_array_equal(joined, reference.average(found, reference.genes))


@pytest.mark.parametrize(("top", "kind"), [(40, torch.uint8), (400, torch.uint16), (70_000, torch.int32)])
def test_counts_are_kept_in_the_smallest_whole_numbers(top, kind):
    one = section("a", 30, ("X", "Y", "Z"), 2, top)
    tensors = join_counts([one], Retrieving(bank_of([one]))).tensors()
    assert tensors["data"].dtype == kind
    assert tensors["indices"].dtype == torch.uint8
    back = ReferenceCounts.from_tensors(tensors, one.genes)
    np.testing.assert_array_equal(back.counts.toarray(), one.counts.toarray())


def test_counts_that_are_no_whole_numbers_stay_as_they_are():
    one = section("a", 30, ("X", "Y", "Z"), 2)
    half = SectionCounts("a", one.counts * 0.5, one.genes, one.totals)
    tensors = join_counts([half], Retrieving(bank_of([half]))).tensors()
    assert tensors["data"].dtype == torch.float32


def test_bank_of_other_spots_or_another_order_is_refused():
    swapped = Retrieving(bank_of(SECTIONS[::-1]))
    with pytest.raises(InputError, match=r"\(6 of b, 9 of a\) are not .* \(9 of a, 6 of b\)"):
        join_counts(SECTIONS, swapped)
    mixed = bank_of(SECTIONS)
    mixed.section_of[0], mixed.section_of[-1] = 1, 0
    with pytest.raises(InputError, match="train again"):
        join_counts(SECTIONS, Retrieving(mixed))


def test_recipes_without_retrieval_or_in_another_unit_keep_nothing():
    bank = bank_of(SECTIONS)
    assert join_counts(SECTIONS, Retrieving(bank, retrieves=False)) is None
    assert join_counts(SECTIONS, Retrieving(bank, unit="log10(1 + x)")) is None


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    recipe = make_recipe("mclstexp", {"epochs": 1, "embed_dim": 8, "k": 4}, ("Z", "X"), make_encoder(ENCODER))
    data = []
    for item in SECTIONS:
        n = len(item.totals)
        random = np.random.default_rng(n)
        counts = item.counts.toarray()[:, [item.genes.index(gene) for gene in ("Z", "X")]]
        places = random.random((n, 2)).astype(np.float32)
        features = random.normal(size=(n, 512)).astype(np.float32)
        expression = normalise(counts, item.totals)
        data.append(TrainData(item.name, "p", features, places, expression=expression, counts=counts))
    list(recipe.fit(data))
    save_model(path, recipe, ModelInfo("mclstexp", {}, ENCODER, ("Z", "X")), join_counts(SECTIONS, recipe))
    return path


def test_model_file_gives_the_counts_back_and_still_loads(saved):
    assert read_info(saved).measured_genes == ("X", "Y", "Z")
    recipe, _ = load_model(saved)
    found = neighbours(5, 3, 15)
    kept = load_reference(saved)
    np.testing.assert_allclose(kept.average(found, ("Z", "X")), recipe.bank.average(found), rtol=1e-5, atol=1e-6)


def test_file_of_an_earlier_version_is_read_and_refuses_genes_outside_its_panel(saved, tmp_path):
    old = tmp_path / "old.safetensors"
    with safe_open(saved, framework="pt") as file:
        header = json.loads(file.metadata()["geneglass"])
        tensors = {n: file.get_tensor(n) for n in file.keys() if not n.startswith("reference.")}  # noqa: SIM118
    del header["measured_genes"]
    save_file(tensors, old, metadata={"geneglass": json.dumps(header)})
    assert read_info(old).measured_genes == ()
    load_model(old)
    with pytest.raises(InputError, match="keeps no genes beside the 2 of its panel"):
        load_reference(old)


@pytest.mark.parametrize("name", ["data", "indptr", "totals"])
def test_incomplete_counts_are_one_sentence(saved, tmp_path, name):
    broken = tmp_path / "broken.safetensors"
    with safe_open(saved, framework="pt") as file:
        header = file.metadata()
        tensors = {n: file.get_tensor(n) for n in file.keys()}  # noqa: SIM118
    for edit in (lambda t: t[:-1].clone(), None):
        changed = dict(tensors)
        whole = changed.pop(f"reference.{name}")
        if edit is not None:
            changed[f"reference.{name}"] = edit(whole)
        save_file(changed, broken, metadata=header)
        with pytest.raises(InputError, match="are not complete"):
            load_reference(broken)
