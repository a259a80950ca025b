"""Weights from elsewhere: read as tensors or refused in one sentence."""

import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from geneglass.errors import InputError
from geneglass.model.weights import load_weights, read_weights


class _Payload:
    """What a hostile file would hold: unpickling it calls a function."""

    def __reduce__(self):
        return (print, ("code of the file ran",))


def test_both_kinds_of_file_give_the_same_tensors(tmp_path):
    tensors = {"a.weight": torch.arange(6.0).view(2, 3)}
    torch.save({"state_dict": {f"module.{k}": v for k, v in tensors.items()}, "epoch": 3}, tmp_path / "w.pt")
    save_file(tensors, tmp_path / "w.safetensors")
    for name in ("w.pt", "w.safetensors"):
        found = read_weights(tmp_path / name)
        assert list(found) == ["a.weight"]
        assert torch.equal(found["a.weight"], tensors["a.weight"])


def test_pickled_code_is_refused_and_does_not_run(tmp_path, capsys):
    torch.save({"weights": _Payload()}, tmp_path / "evil.pt")
    (tmp_path / "raw.pt").write_bytes(pickle.dumps(_Payload()))
    for name in ("evil.pt", "raw.pt"):
        with pytest.raises(InputError, match=r"pickled code could run|damaged"):
            read_weights(tmp_path / name)
    assert "ran" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_damaged_file_is_one_sentence(tmp_path, name):
    save = torch.save if name.endswith(".pt") else save_file
    save({"a": torch.ones(500)}, tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"this is text"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=name):
            read_weights(tmp_path / name)


def test_missing_file_and_file_without_tensors(tmp_path):
    with pytest.raises(InputError, match="no weights file"):
        read_weights(tmp_path / "none.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(InputError, match="no named tensors"):
        read_weights(tmp_path / "list.pt")


def test_weights_that_do_not_fit_name_the_first_few():
    network = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    own = network.state_dict()
    wrong = {"0.weight": torch.ones(9, 9), "0.bias": own["0.bias"], "head.weight": torch.ones(1), "new": torch.ones(1)}
    with pytest.raises(InputError) as caught:
        load_weights(network, wrong, source="file.pt", ignore=("head",))
    text = str(caught.value)
    assert "file.pt" in text
    assert "2 missing (1.weight, 1.bias)" in text
    assert "1 unknown (new)" in text
    assert "(9, 9) instead of (2, 3)" in text


def test_half_precision_is_widened():
    network = nn.Linear(3, 2)
    load_weights(network, {k: torch.ones_like(v).half() for k, v in network.state_dict().items()}, source="half")
    assert network.weight.dtype == torch.float32
    assert torch.equal(network.weight, torch.ones(2, 3))
