"""Embedding: cached by content, resumed where it stopped."""

import numpy as np
import pytest
import torch

from geneglass.data.cohort import read_cohort
from geneglass.data.section import Section, open_section, require_slide
from geneglass.errors import InputError
from geneglass.model.make import make_encoder
from geneglass.workflow import embed as embed_module
from geneglass.workflow.embed import embed
from geneglass.workflow.events import finish

CONTEXTS = ("", "&context=150", "&context=300")


@pytest.fixture
def section(tiny_cohort) -> Section:
    return open_section(read_cohort(tiny_cohort).sections[0])


def test_one_row_per_place_and_finite(section):
    encoder = make_encoder("texture")
    features = finish(embed(section, encoder, section.centres_yx))
    assert features.shape == (len(section.centres_yx), encoder.dim)
    assert np.isfinite(features).all()


def test_second_run_reads_the_cache_and_is_equal(section, monkeypatch):
    encoder = make_encoder("texture")
    first = finish(embed(section, encoder, section.centres_yx))

    def refuse(*_):
        raise AssertionError("the encoder was asked again")

    monkeypatch.setattr(encoder, "encode", refuse)
    np.testing.assert_array_equal(finish(embed(section, encoder, section.centres_yx)), first)


def test_another_context_reads_the_same_raw_features_from_the_cache(section, monkeypatch):
    plain, wide, wider = (make_encoder(f"timm:mobilenetv3_small_050@random?px=32{more}") for more in CONTEXTS)
    raw = finish(embed(section, plain, section.centres_yx))

    def refuse(*_):
        raise AssertionError("the encoder was asked again")

    for encoder in (wide, wider):
        monkeypatch.setattr(encoder, "encode_each", refuse)
        found = finish(embed(section, encoder, section.centres_yx))
        mpp = np.float32(require_slide(section)[1])
        np.testing.assert_array_equal(found, encoder.finish(raw, section.centres_yx * mpp))
    assert len({encoder.identity for encoder in (plain, wide, wider)}) == 3


@pytest.mark.parametrize("other", ["px=64", "px=32&um=30", "px=32&mean=0.5"])
def test_what_decides_raw_features_decides_what_is_read_from_the_cache(other):
    network = "timm:mobilenetv3_small_050@random"
    one, changed = make_encoder(f"{network}?px=32&context=150"), make_encoder(f"{network}?{other}&context=150")
    assert one.raw_identity != changed.raw_identity


def test_a_damaged_cache_file_is_computed_again(section):
    encoder = make_encoder("texture")
    first = finish(embed(section, encoder, section.centres_yx))
    for path in embed_module.cache_folder("features").glob("*.npy"):
        path.write_bytes(path.read_bytes()[:200])
    np.testing.assert_array_equal(finish(embed(section, encoder, section.centres_yx)), first)


def test_a_cancelled_run_goes_on_where_it_was(section, monkeypatch):
    monkeypatch.setattr(embed_module, "CHUNK", 20)
    encoder = make_encoder("texture")
    job = embed(section, encoder, section.centres_yx)
    while next(job).done <= 20:
        pass
    job.close()
    seen = []
    original = encoder.encode
    monkeypatch.setattr(encoder, "encode", lambda patches: seen.append(len(patches[0])) or original(patches))
    finish(embed(section, encoder, section.centres_yx))
    assert sum(seen) == len(section.centres_yx) - 20


def test_order_of_places_is_kept(section):
    encoder = make_encoder("texture")
    forward = finish(embed(section, encoder, section.centres_yx))
    backward = finish(embed(section, encoder, section.centres_yx[::-1].copy()))
    np.testing.assert_allclose(backward[::-1], forward, atol=2e-4)


def greedy(encoder, most, monkeypatch):
    """Let an encoder run out of memory above some patches at a time, and return the lengths it was given."""
    seen, plain = [], encoder.encode

    def encode(patches):
        seen.append(len(patches[0]))
        if len(patches[0]) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return plain(patches)

    monkeypatch.setattr(encoder, "encode", encode)
    return seen


def test_too_little_memory_halves_the_patches_at_a_time_and_gives_the_same(section, monkeypatch, tmp_path):
    encoder = make_encoder("texture")
    expected = finish(embed(section, encoder, section.centres_yx))
    monkeypatch.setenv("GENEGLASS_CACHE", str(tmp_path))
    seen = greedy(encoder, 20, monkeypatch)
    events, job = [], embed(section, encoder, section.centres_yx)
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            np.testing.assert_allclose(stop.value, expected, atol=1e-5)
            break
    assert [event.message for event in events if event.message] == [
        "Memory did not suffice for 64 patches at a time: going on with 32.",
        "Memory did not suffice for 32 patches at a time: going on with 16.",
    ]
    assert sum(n for n in seen if n <= 20) == len(section.centres_yx)


def test_too_little_memory_for_one_patch_is_one_sentence(section, monkeypatch):
    encoder = make_encoder("texture")
    greedy(encoder, 0, monkeypatch)
    with pytest.raises(InputError, match="does not suffice for one patch: take a smaller network"):
        finish(embed(section, encoder, section.centres_yx))
