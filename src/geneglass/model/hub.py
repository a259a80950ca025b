"""Published weights: from the local cache, and from the network only when that was asked for."""

from dataclasses import dataclass
from pathlib import Path

from geneglass.errors import InputError
from geneglass.model.weights import first_line

SAFETENSORS = "model.safetensors"


@dataclass(frozen=True)
class HubWeights:
    """Weights in a repository of the Hugging Face hub, and what a person is told before they are fetched.

    Attributes
    ----------
    repository
        Its name on the hub ("timm/densenet121.ra_in1k").
    licence
        The licence of the weights; None where it is not known here.
    size_mb
        About how much is fetched; None where not known.
    gated
        Whether the owner gives access only to accounts that accepted the licence on the hub page.
    files
        Names the weights may go by there; the first that exists is taken.
    beside
        Files needed beside them (a timm config).
    asked_as
        How an encoder with a local file is named, for errors.
    """

    repository: str
    licence: str | None = None
    size_mb: float | None = None
    gated: bool = False
    files: tuple[str, ...] = (SAFETENSORS,)
    beside: tuple[str, ...] = ()
    asked_as: str = "timm:NAME"

    @property
    def terms(self) -> str:
        """Return licence, gate and size in a few words."""
        gate = f", gated: access is given on {self.page}" if self.gated else ""
        size = f", about {self.size_mb:,.0f} MB" if self.size_mb else ""
        return f"licence: {self.licence or f'see {self.page}'}{gate}{size}"

    @property
    def page(self) -> str:
        """Return the address of the repository's page."""
        from huggingface_hub import constants

        return f"{constants.ENDPOINT}/{self.repository}"

    @property
    def notice(self) -> str:
        """Return the sentence that is shown before the weights are fetched."""
        return (
            f"The weights {self.repository} are fetched from the hub ({self.terms}); using them accepts that licence."
        )

    def cached(self) -> Path | None:
        """Return where the weights lie on this machine, or None."""
        from huggingface_hub import try_to_load_from_cache

        if not all(isinstance(try_to_load_from_cache(self.repository, name), str) for name in self.beside):
            return None
        found = (try_to_load_from_cache(self.repository, name) for name in self.files)
        return next((Path(path) for path in found if isinstance(path, str)), None)


def find_weights(weights: HubWeights, *, download: bool) -> Path:
    """Return the local path of published weights.

    Parameters
    ----------
    weights
        Where they are published and on what terms.
    download
        Whether the network may be used; a token is taken from HF_TOKEN or the login that the hub's client keeps.

    Raises
    ------
    InputError
        When the weights are not in the cache and may not be, or can not be, downloaded.
    """
    cached = weights.cached()
    if cached is not None:
        return cached
    if not download:
        raise InputError(
            f"The weights {weights.repository} are not on this machine ({weights.terms}): allow the download with "
            f"--download (download=True in Python), or give a local file as {weights.asked_as}@FILE."
        )
    for name in weights.beside:
        _download(weights, name)
    return _first_of(weights)


def _first_of(weights: HubWeights) -> Path:
    from huggingface_hub.errors import EntryNotFoundError

    *others, last = weights.files
    for name in others:
        try:
            return _download(weights, name)
        except InputError as err:
            if not isinstance(err.__cause__, EntryNotFoundError):
                raise
    return _download(weights, last)


def _download(weights: HubWeights, name: str) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(weights.repository, name))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as err:
        raise InputError(_refused(weights) if _is_refusal(err) else _failed(weights, name, err)) from err


def _is_refusal(err: BaseException) -> bool:
    """Return whether the hub answered that this account, or nobody without one, may have the file."""
    return getattr(getattr(err, "response", None), "status_code", None) in (401, 403)


def _refused(weights: HubWeights) -> str:
    from huggingface_hub import get_token

    login = (
        "the token of this machine has no access yet"
        if get_token()
        else "log in with `hf auth login` or set HF_TOKEN to a token with read access"
    )
    return (
        f"The hub gives no access to {weights.repository}: accept its licence ({weights.licence or 'see the page'}) on "
        f"{weights.page} with your account and {login}, or give a local file as {weights.asked_as}@FILE."
    )


def _failed(weights: HubWeights, name: str, err: BaseException) -> str:
    return (
        f"{name} of {weights.repository} could not be downloaded ({first_line(err)}): check the connection, or give a "
        f"local file as {weights.asked_as}@FILE."
    )
