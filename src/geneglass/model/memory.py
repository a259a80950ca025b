"""What to do when a device has too little memory: ask for half as much at a time."""

import gc

_SIGNS = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
"""How PyTorch and the libraries below it say so; on the processor it is a plain `RuntimeError`."""


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory did not suffice."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign.lower() in str(error).lower() for sign in _SIGNS)


def free_memory() -> None:
    """Give back what a failed computation held; call it when its error is no longer being handled."""
    import torch

    gc.collect()
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()


def halved_told(what: str, before: int, after: int) -> str:
    """Return the sentence that says so.

    Parameters
    ----------
    what
        The things a batch is made of, in the plural ("spots").
    before, after
        How many there were at a time, and are now.
    """
    return f"Memory did not suffice for {before:,} {what} at a time: going on with {after:,}."
