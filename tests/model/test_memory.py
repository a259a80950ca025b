"""Too little memory is known by its error, whoever raises it."""

import pytest
import torch

from geneglass.model.memory import free_memory, halved_told, out_of_memory


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (MemoryError(), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_an_error_of_memory_is_told_from_others(error, expected):
    assert out_of_memory(error) is expected


def test_pytorch_says_so_on_this_machine_as_expected():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**52, dtype=torch.float32)
    assert out_of_memory(caught.value)
    free_memory()


def test_the_sentence_has_both_numbers():
    assert halved_told("patches", 2048, 1024) == (
        "Memory did not suffice for 2,048 patches at a time: going on with 1,024."
    )
