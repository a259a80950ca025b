"""Published weights: from the local cache, and from the network only when that was asked for."""

from pathlib import Path

from geneglass.errors import InputError

WEIGHTS = "model.safetensors"


def find_weights(
    repository: str, *, size_mb: float | None, licence: str | None, download: bool, with_config: bool = False
) -> Path:
    """Return the local path of a hub repository's weights.

    Parameters
    ----------
    repository
        Its name on the Hugging Face hub ("timm/densenet121.ra_in1k").
    size_mb, licence
        Shown to the person who is asked whether to download; None where not known.
    download
        Whether the network may be used.
    with_config
        Whether its config.json is needed beside the weights.

    Raises
    ------
    InputError
        When the weights are not in the cache and may not be, or can not be, downloaded.
    """
    from huggingface_hub import try_to_load_from_cache

    names = ("config.json", WEIGHTS) if with_config else (WEIGHTS,)
    cached = [try_to_load_from_cache(repository, name) for name in names]
    if all(isinstance(path, str) for path in cached):
        return Path(str(cached[-1]))
    if not download:
        size = f", about {size_mb:.0f} MB" if size_mb else ""
        raise InputError(
            f"The weights {repository} are not on this machine (licence: {licence or 'see the hub page'}{size}): "
            "allow the download with --download (download=True in Python), or give a local file as timm:NAME@FILE."
        )
    return [_download(repository, name) for name in names][-1]


def _download(repository: str, name: str) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(repository, name))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as err:
        cause = (str(err).splitlines() or [type(err).__name__])[0]
        raise InputError(
            f"{name} of {repository} could not be downloaded ({cause}): check the connection and, for gated weights, "
            "your access on the hub, or give a local file as timm:NAME@FILE."
        ) from err
