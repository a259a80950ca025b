"""A network is compiled when it pays, and runs as it is where compiling fails."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from geneglass.model.compiled import PatientNetwork

BATCH = 4


class Doubling(nn.Module):
    def forward(self, pixels: Tensor) -> Tensor:
        return 2 * pixels.mean(dim=(2, 3))


class Compiler:
    """Counts what is compiled, and with what the compiled network is run."""

    def __init__(self) -> None:
        self.calls, self.lengths = 0, []

    def __call__(self, network: nn.Module) -> Callable[[Tensor], Tensor]:
        self.calls += 1

        def run(pixels: Tensor) -> Tensor:
            self.lengths.append(len(pixels))
            return network(pixels)

        return run


def batch(length: int = BATCH) -> Tensor:
    return torch.arange(length * 3 * 6 * 5, dtype=torch.float32).view(length, 3, 6, 5)


def test_only_whole_batches_after_enough_patches_run_compiled_and_it_is_compiled_once() -> None:
    compiler = Compiler()
    runner = PatientNetwork(Doubling(), BATCH, after=2 * BATCH, compiler=compiler)
    for length in (4, 4, 3):
        runner(batch(length))
        assert not runner.compiled
    for length in (4, 2, 4):
        torch.testing.assert_close(runner(batch(length)), Doubling()(batch(length)))
    assert runner.compiled
    assert (compiler.calls, compiler.lengths) == (1, [4, 4])


class Module:
    """What torch gives back: it has a length only if the network has one, and says so by an error."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def __len__(self) -> int:
        raise TypeError("Doubling does not support len()")

    def __call__(self, pixels: Tensor) -> Tensor:
        return self.network(pixels)


def test_a_compiled_module_that_is_neither_true_nor_false_goes_on_being_used() -> None:
    runner = PatientNetwork(Doubling(), BATCH, after=0, compiler=Module)
    for _ in range(3):
        runner(batch())
        assert runner.compiled


def test_without_a_number_it_is_never_compiled() -> None:
    compiler = Compiler()
    runner = PatientNetwork(Doubling(), BATCH, after=None, compiler=compiler)
    for _ in range(5):
        runner(batch())
    assert compiler.calls == 0


def fails_at_once(network: nn.Module) -> Callable[[Tensor], Tensor]:
    raise RuntimeError("Failed to find a C compiler")


def fails_when_run(network: nn.Module) -> Callable[[Tensor], Tensor]:
    def run(pixels: Tensor) -> Tensor:
        raise ImportError("no triton")

    return run


@pytest.mark.parametrize("compiler", [fails_at_once, fails_when_run])
def test_where_compiling_fails_the_network_runs_as_it_is_and_it_is_not_tried_again(compiler) -> None:
    tried = []
    runner = PatientNetwork(Doubling(), BATCH, after=0, compiler=lambda net: tried.append(net) or compiler(net))
    for _ in range(3):
        torch.testing.assert_close(runner(batch()), Doubling()(batch()))
    assert not runner.compiled
    assert len(tried) == 1


def test_what_is_wrong_with_the_input_is_still_said() -> None:
    runner = PatientNetwork(Doubling(), BATCH, after=0, compiler=fails_when_run)
    with pytest.raises(IndexError):
        runner(torch.zeros(BATCH, 3))
