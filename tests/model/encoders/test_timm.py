"""timm networks as encoders: names, weights from files, nothing downloaded unasked."""

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from geneglass.data.types import PatchSpec
from geneglass.errors import InputError, UsageError
from geneglass.model.encoder_name import EncoderName
from geneglass.model.make import make_encoder
from hub_cache import put_in_cache
from stand_ins import patches

MOBILENET = "weights/mobilenet_v2_imagenet_features_fp16.pt"


def test_names_are_taken_apart_and_put_together():
    name = EncoderName.parse("timm", "resnet18@a/b.pt?um=150&mean=0.5,0.4,0.3&pad_type=same&download=1")
    assert (name.network, name.weights) == ("resnet18", "a/b.pt")
    assert name.options == {"um": 150, "mean": (0.5, 0.4, 0.3), "pad_type": "same", "download": 1}
    assert str(name) == "timm:resnet18@a/b.pt?um=150&mean=0.5,0.4,0.3&pad_type=same"
    assert EncoderName.parse("timm", str(name).removeprefix("timm:")).options["mean"] == (0.5, 0.4, 0.3)


def test_field_of_view_and_preprocessing_follow_the_network():
    encoder = make_encoder("timm:resnet18@random")
    assert encoder.patches == (PatchSpec(112.0, 224),)
    assert encoder.dim == encoder.raw_dim == 512
    assert encoder.std[0] == pytest.approx(0.229)
    wide = make_encoder("timm:resnet18@random?um=150&px=96&mean=0.5&std=0.25")
    assert wide.patches == (PatchSpec(150.0, 96),)
    assert (wide.mean, wide.std) == ((0.5,) * 3, (0.25,) * 3)
    assert make_encoder("timm:resnet18@random?native=1").patches[0].native


def test_several_fields_of_view_stand_side_by_side():
    encoder = make_encoder("timm:resnet18@random?px=64&um=64,192")
    alone = make_encoder("timm:resnet18@random?px=64")
    encoder.bfloat16 = alone.bfloat16 = False
    assert encoder.patches == (PatchSpec(64.0, 64), PatchSpec(192.0, 64))
    assert encoder.name == "timm:resnet18@random?px=64&um=64,192"
    assert encoder.spans == ((0, 512), (512, 1024))
    near, far = patches(3, 64), patches(3, 64, seed=1)
    expected = np.concatenate([alone.encode((near,)), alone.encode((far,))], axis=1)
    np.testing.assert_allclose(encoder.encode((near, far)), expected, rtol=1e-3, atol=1e-4)
    assert encoder.identity != alone.identity


def test_features_are_those_of_the_network_on_standardised_patches():
    encoder = make_encoder("timm:resnet18@random?px=64")
    encoder.bfloat16 = False
    images = patches(3, 64)
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    x = (x - torch.tensor(encoder.mean).view(1, 3, 1, 1)) / torch.tensor(encoder.std).view(1, 3, 1, 1)
    with torch.inference_mode():
        expected = encoder.network()(x).numpy()
    np.testing.assert_allclose(encoder.encode((images,)), expected, rtol=1e-3, atol=1e-4)


def test_bfloat16_features_stay_close():
    encoder = make_encoder("timm:resnet18@random?px=64")
    images = patches(4, 64)
    encoder.bfloat16 = False
    exact = encoder.encode((images,))
    encoder.bfloat16 = True
    assert np.abs(encoder.encode((images,)) - exact).max() < 0.05 * np.abs(exact).max()


def test_a_place_alone_or_among_others_has_the_same_features():
    encoder = make_encoder("timm:resnet18@random?px=64")
    encoder.bfloat16 = False
    images = patches(5, 64)
    np.testing.assert_allclose(encoder.encode((images,))[3:4], encoder.encode((images[3:4],)), rtol=1e-3, atol=1e-4)
    assert encoder.encode((images[:0],)).shape == (0, 512)


def test_dim_is_what_comes_out_also_with_layers_after_the_pooling():
    encoder = make_encoder("timm:mobilenetv3_small_050@random?px=32")
    assert encoder.encode((patches(2, 32),)).shape == (2, encoder.dim) == (2, 1024)


def test_random_weights_are_seeded_and_identity_tells_weights_and_view_apart():
    torch.manual_seed(1)
    one = make_encoder("timm:resnet18@random?px=64")
    torch.manual_seed(2)
    assert make_encoder("timm:resnet18@random?px=64").identity == one.identity
    assert make_encoder("timm:resnet18@random?px=64&um=80").identity != one.identity
    assert make_encoder("timm:resnet18@random?px=64&mean=0.5").identity != one.identity
    other = make_encoder("timm:resnet18@random?px=64")
    with torch.no_grad():
        other.network().conv1.weight[0, 0, 0, 0] += 1e-3
    assert other.identity != one.identity


def test_weights_from_a_file_classifier_included(tmp_path):
    source = timm.create_model("resnet18", num_classes=7)
    torch.save(source.state_dict(), tmp_path / "w.pth")
    encoder = make_encoder(f"timm:resnet18@{tmp_path / 'w.pth'}?px=64")
    assert torch.equal(encoder.network().layer1[0].conv1.weight, source.layer1[0].conv1.weight)


def test_an_option_that_changes_no_weight_changes_the_identity(tmp_path):
    torch.save(timm.create_model("densenet121").state_dict(), tmp_path / "w.pth")
    name = f"timm:densenet121@{tmp_path / 'w.pth'}?px=32"
    assert make_encoder(name).identity != make_encoder(f"{name}&final_act=0").identity
    assert make_encoder(name).identity == make_encoder(f"{name}&um=16").identity


def computes_what_torchvision_does(encoder, source, atol):
    encoder.bfloat16 = False
    images = patches(2, 64)
    with torch.inference_mode():
        expected = source.features(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255).mean((2, 3)).numpy()
    np.testing.assert_allclose(encoder.encode((images,)), expected, rtol=1e-3, atol=atol)


def test_torchvision_densenet_weights_fit_and_the_last_activation_can_be_left_out(tmp_path):
    import torchvision

    torch.manual_seed(0)
    source = torchvision.models.densenet121().eval()
    save_file(source.state_dict(), tmp_path / "d.safetensors")
    encoder = make_encoder(f"timm:densenet121@{tmp_path / 'd.safetensors'}?px=64&final_act=0&mean=0&std=1")
    computes_what_torchvision_does(encoder, source, 1e-4)


def test_mobilenet_from_a_local_file_computes_what_torchvision_does(tmp_path):
    import torchvision

    torch.manual_seed(0)
    source = torchvision.models.mobilenet_v2().eval()
    torch.save(source.state_dict(), tmp_path / "m.pt")
    encoder = make_encoder(f"timm:mobilenetv2_100@{tmp_path / 'm.pt'}?px=64&mean=0&std=1")
    computes_what_torchvision_does(encoder, source, 1e-5)


def test_real_imagenet_weights_load_and_see_more_than_random_ones(shared_data):
    path = shared_data / MOBILENET
    if not path.exists():
        pytest.skip(f"{path.name} is not in the real data")
    stored = torch.load(path, weights_only=True)
    encoder = make_encoder(f"timm:mobilenetv2_100@{path}?pad_type=same&mean=0.5&std=0.5")
    own = encoder.network().state_dict()
    assert torch.equal(own["conv_stem.weight"], stored["features.0.0.weight"].float())
    assert torch.equal(own["conv_head.weight"], stored["features.18.0.weight"].float())
    # Two textures, three samples each: trained features put like with like.
    y, x = np.mgrid[:224, :224]
    random = np.random.default_rng(0)
    stripes = [128 + 100 * np.sign(np.sin((x + s) / 6)) for s in random.integers(0, 40, 3)]
    blobs = [128 + 100 * np.sin((x + s) / 9) * np.sin((y + s) / 9) for s in random.integers(0, 40, 3)]
    images = np.repeat(np.clip(np.stack(stripes + blobs), 0, 255).astype(np.uint8)[..., None], 3, axis=3)
    features = encoder.encode((images,))
    assert features.shape == (6, 1280)
    near = np.corrcoef(features)
    within = np.r_[near[:3, :3][np.triu_indices(3, 1)], near[3:, 3:][np.triu_indices(3, 1)]]
    assert within.min() > near[:3, 3:].max() + 0.1


def test_nothing_is_downloaded_unasked(hub):
    with pytest.raises(InputError) as caught:
        make_encoder("timm:resnet18")
    text = str(caught.value)
    assert "apache" in text
    assert "MB" in text
    assert "--download" in text
    assert "local file" in text


def test_cached_weights_are_used_without_the_network(hub):
    torch.manual_seed(3)
    source = timm.create_model("resnet18").state_dict()
    put_in_cache(hub, timm.create_model("resnet18").pretrained_cfg["hf_hub_id"], model__safetensors=source)
    encoder = make_encoder("timm:resnet18")
    assert torch.equal(encoder.network().conv1.weight, source["conv1.weight"])


def test_hub_models_are_read_from_the_cache_with_their_config(hub):
    with pytest.raises(InputError, match="someone/net"):
        make_encoder("timm:hf-hub:someone/net")
    source = timm.create_model("resnet18", num_classes=3).state_dict()
    own = {"mean": [0.7] * 3, "std": [0.2] * 3, "classifier": "fc"}
    config = {"architecture": "resnet18", "num_classes": 3, "pretrained_cfg": own}
    put_in_cache(hub, "someone/net", model__safetensors=source, config__json=config)
    encoder = make_encoder("timm:hf-hub:someone/net")
    assert torch.equal(encoder.network().conv1.weight, source["conv1.weight"])
    assert encoder.mean == (0.7,) * 3


@pytest.mark.parametrize(
    "option",
    [
        "um=-1",
        "um=wide",
        "um=336,112",
        "um=112,112",
        "um=112,336&native=1",
        "px=1.5",
        "px=0",
        "std=0",
        "mean=1,2",
        "what",
        "unknown=3",
    ],
)
def test_bad_options_are_usage_errors(option):
    with pytest.raises(UsageError):
        make_encoder(f"timm:resnet18@random?{option}")


def test_unknown_networks_and_final_act_where_it_is_not_known():
    with pytest.raises(UsageError, match="resnet18"):
        make_encoder("timm:resnet18x@random")
    with pytest.raises(UsageError, match="Name a timm network"):
        make_encoder("timm:")
    with pytest.raises(UsageError, match="DenseNet only"):
        make_encoder("timm:resnet18@random?final_act=0")
