"""Pathology networks by short name: preprocessing and pooling with random weights, files, terms."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from geneglass.data.types import PatchSpec
from geneglass.errors import InputError, UsageError
from geneglass.model.make import encoder_notice, make_encoder
from geneglass.model.pathology_networks import PATHOLOGY_NETWORKS
from hub_cache import put_in_cache
from stand_ins import patches

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
BIOPTIMUS = ((0.707223, 0.578729, 0.703617), (0.211883, 0.230117, 0.177517))
HIBOU = ((0.7068, 0.5755, 0.722), (0.195, 0.2316, 0.1816))
LUNIT = ((0.70322989, 0.53606487, 0.66096631), (0.21716536, 0.26081574, 0.20723464))
SCALED = {
    **dict.fromkeys(("uni", "uni2-h", "virchow", "virchow2", "phikon", "phikon-v2", "gigapath", "gpfm"), IMAGENET),
    **dict.fromkeys(("h-optimus-0", "h-optimus-1", "h0-mini"), BIOPTIMUS),
    **dict.fromkeys(("hibou-b", "hibou-l"), HIBOU),
    **dict.fromkeys(("midnight-12k", "kaiko-s16", "kaiko-s8", "kaiko-b16", "kaiko-b8", "kaiko-l14"), HALF),
    **dict.fromkeys(("lunit-s16", "lunit-s8"), LUNIT),
}
WITH_MEAN = {"virchow": 1, "virchow2": 5, "midnight-12k": 1}
"""Those whose features hold the mean of the patch tokens, and the tokens that come before these."""


def make(name, **options):
    encoder = make_encoder(name, **options)
    encoder.bfloat16 = False
    return encoder


def weights_of(name):
    return {key: value.contiguous() for key, value in make(name).network().vit.state_dict().items()}


@pytest.mark.parametrize("name", PATHOLOGY_NETWORKS)
def test_preprocessing_and_pooling_are_the_published_ones(name):
    # Narrow and of one block, to be quick; many start with their blocks all but switched off, which would see little.
    encoder = make(f"{name}@random?depth=1&embed_dim=192&num_heads=6&init_values=1.0")
    assert encoder.patches == (PatchSpec(112.0, 224),)
    images = patches(2)
    raw = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in SCALED[name])
    features = encoder.encode((images,))
    assert features.shape == (2, 384 if name in WITH_MEAN else 192) == (2, encoder.dim)
    np.testing.assert_allclose(features, pooled(encoder, (raw - mean) / std, name), rtol=1e-3, atol=1e-4)
    assert np.abs(features - pooled(encoder, (raw - 0.6) / 0.25, name)).max() > 1e-2


def pooled(encoder, pixels, name):
    with torch.inference_mode():
        tokens = encoder.network().vit.forward_features(pixels)
    parts = [tokens[:, 0]]
    if name in WITH_MEAN:
        parts.append(tokens[:, WITH_MEAN[name] :].mean(1))
    return torch.cat(parts, 1).numpy()


def test_the_pooling_can_be_chosen():
    short = make("h0-mini@random?depth=1")
    long = make("h0-mini@random?depth=1&pool=cls+mean")
    images = patches(1)
    assert (short.dim, long.dim) == (768, 1536)
    np.testing.assert_allclose(long.encode((images,))[:, :768], short.encode((images,)), rtol=1e-3, atol=1e-4)
    assert short.identity != long.identity
    with pytest.raises(UsageError, match=r"cls or cls\+mean"):
        make("h0-mini@random?depth=1&pool=max")


def test_several_fields_of_view_stand_side_by_side():
    encoder = make("lunit-s16@random?depth=1&px=64&um=64,192,576")
    assert encoder.patches == (PatchSpec(64.0, 64), PatchSpec(192.0, 64), PatchSpec(576.0, 64))
    assert encoder.spans == ((0, 384), (384, 768), (768, 1152))
    views = tuple(patches(3, 64, seed) for seed in range(3))
    alone = make("lunit-s16@random?depth=1&px=64")
    expected = np.concatenate([alone.encode((view,)) for view in views], axis=1)
    np.testing.assert_allclose(encoder.encode(views), expected, rtol=1e-3, atol=1e-4)
    assert encoder.network()(torch.zeros(1, 3, 64, 64)).shape == (1, 384)


def test_px_alone_keeps_the_scale():
    assert make("lunit-s16@random?depth=1&px=96").patches == (PatchSpec(48.0, 96),)


@pytest.mark.parametrize("name", ["kaiko-s16", "Kaiko-S16", "pathology:kaiko-s16", "pathology:Kaiko-S16"])
def test_short_and_full_names_are_one_encoder(name):
    assert make_encoder(f"{name}@random?depth=1&px=32").name == "pathology:kaiko-s16@random?depth=1&px=32"


@pytest.mark.parametrize("ending", ["safetensors", "pth"])
def test_weights_from_a_file(ending, tmp_path):
    source = make("lunit-s16@random?depth=1&px=32")
    weights = weights_of("lunit-s16@random?depth=1&px=32")
    path = tmp_path / f"w.{ending}"
    save_file(weights, path) if ending == "safetensors" else torch.save({"state_dict": weights}, path)
    read = make(f"lunit-s16@{path}?depth=1&px=32")
    images = patches(2, 32)
    np.testing.assert_array_equal(read.encode((images,)), source.encode((images,)))
    assert read.identity == source.identity


def test_half_precision_weights_are_widened(tmp_path):
    weights = weights_of("lunit-s16@random?depth=1&px=32")
    save_file({name: value.half() for name, value in weights.items()}, tmp_path / "w.safetensors")
    network = make(f"lunit-s16@{tmp_path / 'w.safetensors'}?depth=1&px=32").network()
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_a_file_of_another_network_is_said(tmp_path):
    weights = weights_of("kaiko-b16@random?depth=1&embed_dim=96")
    save_file(weights, tmp_path / "b.safetensors")
    with pytest.raises(InputError, match=r"b\.safetensors do not fit"):
        make(f"kaiko-s16@{tmp_path / 'b.safetensors'}?depth=1")
    with pytest.raises(InputError, match="no weights file"):
        make("uni@nowhere.bin")


def test_without_consent_the_terms_are_told_and_nothing_is_fetched(hub):
    with pytest.raises(InputError) as caught:
        make_encoder("uni")
    text = str(caught.value)
    for part in ("MahmoodLab/UNI", "CC BY-NC-ND", "gated", "1,214 MB", "--download", "uni@FILE"):
        assert part in text
    assert "gated" not in encoder_notice("phikon")
    assert "Owkin non-commercial" in encoder_notice("phikon")
    assert "apache" in encoder_notice("timm:resnet18")
    assert "45 MB" in encoder_notice("timm:resnet18")
    assert "MahmoodLab/UNI" in encoder_notice("timm:hf-hub:MahmoodLab/UNI")
    for name in ("texture", "uni@random", "uni@some.bin", "timm:resnet18@random"):
        assert encoder_notice(name) == ""


def test_cached_weights_need_no_notice_and_no_network(hub):
    weights = weights_of("lunit-s16@random")
    put_in_cache(hub, "1aurent/vit_small_patch16_224.lunit_dino", model__safetensors=weights)
    assert encoder_notice("lunit-s16") == ""
    found = make_encoder("lunit-s16").network().vit.state_dict()
    assert all(torch.equal(found[name], value) for name, value in weights.items())


@pytest.mark.parametrize("name", ["ctranspath", "OpenMidnight", "CONCH", "pathology:conch"])
def test_what_is_left_out_says_why(name):
    with pytest.raises(UsageError, match="can not be run here"):
        make_encoder(name)


def test_names_and_options_that_are_not_there():
    with pytest.raises(UsageError, match=r"uni2-h.*virchow2"):
        make_encoder("pathology:uni3")
    with pytest.raises(UsageError, match="Unknown encoder 'uni3'"):
        make_encoder("uni3?um=100")
    with pytest.raises(UsageError, match="does not take these options"):
        make_encoder("lunit-s16@random?colour=3")
    with pytest.raises(UsageError, match=r"does not take these options \(AssertionError\)"):
        make_encoder("hibou-l@random?depth=1&embed_dim=96")
    with pytest.raises(UsageError, match="input of 70 pixels"):
        make_encoder("lunit-s16@random?depth=1&px=70")
    with pytest.raises(UsageError, match="takes no argument"):
        make_encoder("texture?um=100")
