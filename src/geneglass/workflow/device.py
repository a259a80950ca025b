"""Which device a job runs on."""

from geneglass.errors import InputError, UsageError

PROCESSOR = "Processor"


def pick_device(wanted: str) -> str:
    """Return "cuda" or "cpu" for `auto`, or the wanted device after checking that it is there.

    Raises
    ------
    UsageError
        When the name is unknown.
    InputError
        When the device is not on this machine.
    """
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = wanted.partition(":")
    if kind not in ("cpu", "cuda") or (index and not index.isdigit()):
        raise UsageError(f"Unknown device {wanted!r}. Choose auto, cpu, cuda or cuda:N.")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise InputError(
            f"Device {wanted!r} is not on this machine, which has {torch.cuda.device_count()} CUDA devices; "
            "choose auto or cpu."
        )
    return wanted


def device_choices() -> tuple[tuple[str, str], ...]:
    """Return (name, words) of every device of this machine, `auto` first: "NVIDIA H100 (cuda:0)", "Processor"."""
    import torch

    cards = [(f"cuda:{i}", torch.cuda.get_device_name(i)) for i in range(torch.cuda.device_count())]
    best = cards[0][1] if cards else PROCESSOR
    named = tuple((device, f"{card} ({device})") for device, card in cards)
    return (("auto", f"Automatic: {best}"), *named, ("cpu", PROCESSOR))
