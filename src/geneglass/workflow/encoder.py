"""The encoder of a job, with the terms of its weights said before they are fetched."""

from geneglass.model.encoder import Encoder
from geneglass.model.make import encoder_notice, make_encoder
from geneglass.workflow.events import Event, Job


def open_encoder(name: str, *, device: str, download: bool) -> Job[Encoder]:
    """Return the encoder of this name; one event tells licence, gate and size where weights are about to be fetched."""
    yield from say_terms(name, download=download)
    return make_encoder(name, device=device, download=download)


def say_terms(name: str, *, download: bool) -> Job[None]:
    """Yield the terms of the weights that this encoder is about to fetch, if any."""
    notice = encoder_notice(name) if download else ""
    if notice:
        yield Event("Fetching weights", 0, 0, message=notice)
