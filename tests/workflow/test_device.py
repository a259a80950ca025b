"""Devices: named, checked, and never silently replaced."""

import pytest
import torch

from geneglass.errors import InputError
from geneglass.workflow.device import device_choices, pick_device


def test_auto_takes_cuda_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("auto") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == "cpu"


def test_a_device_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert pick_device("cuda:0") == "cuda:0"
    with pytest.raises(InputError, match="cuda:1"):
        pick_device("cuda:1")
    with pytest.raises(InputError, match="abacus"):
        pick_device("abacus")


def test_choices_name_every_card_and_the_processor(monkeypatch):
    names = ["NVIDIA H100", "NVIDIA H100", "NVIDIA L4"]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(names))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda i: names[i])
    assert device_choices() == (
        ("auto", "Automatic: NVIDIA H100"),
        ("cuda:0", "NVIDIA H100 (cuda:0)"),
        ("cuda:1", "NVIDIA H100 (cuda:1)"),
        ("cuda:2", "NVIDIA L4 (cuda:2)"),
        ("cpu", "Processor"),
    )


def test_without_a_card_the_processor_is_the_automatic_choice(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert device_choices() == (("auto", "Automatic: Processor"), ("cpu", "Processor"))
