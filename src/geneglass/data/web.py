"""One request over HTTP, and in plain words why it failed."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geneglass.errors import InputError

if TYPE_CHECKING:
    from requests import Response

_BLOCK = 2**16
_PASSING = {429, 500, 502, 503, 504}
_TOLD = {
    401: "the server wants a log-in",
    403: "the server refuses access",
    404: "it is not there",
    410: "it is not there any more",
    429: "the server is asked too often",
}


@dataclass(frozen=True)
class Patience:
    """How long a download waits.

    Attributes
    ----------
    connect_s, read_s
        Longest wait for an answer, and for the next bytes.
    retries
        Tries in a row, after the first, that may bring less than 1 MiB.
    pause_s
        Wait before each of them.
    """

    connect_s: float = 20.0
    read_s: float = 60.0
    retries: int = 4
    pause_s: float = 3.0


class BrokenOffError(Exception):
    """The line broke or the server is busy: another try may help."""


def ask(address: str, patience: Patience, *, start: int = 0, version: str = "") -> "Response":
    """Return the answer to a request for a file; its body is not read yet.

    Parameters
    ----------
    address
        Of the file; redirects are followed, over http and https alone.
    start
        The first byte that is wanted.
    version
        The ETag or date of the file that the bytes before it came from: the rest of another is not wanted.

    Raises
    ------
    BrokenOffError
        When the server can not be reached or does not answer in time.
    InputError
        When the address is none that can be asked.
    """
    import requests
    from urllib3.exceptions import HTTPError

    # The bytes as they are stored: a part of them could not be decompressed.
    headers = {"User-Agent": "geneglass", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if version:
            headers["If-Range"] = version
    try:
        return requests.get(address, headers=headers, stream=True, timeout=(patience.connect_s, patience.read_s))
    except (requests.ConnectionError, requests.Timeout) as error:
        raise BrokenOffError(_cause(error)) from error
    except (requests.RequestException, HTTPError, ValueError) as error:
        raise InputError(f"{address} can not be fetched: {_cause(error)}; check the address.") from error


def require_file(response: "Response") -> None:
    """Check that an answer brings a file or a part of one.

    Raises
    ------
    BrokenOffError
        When the server is busy or has a fault, which may pass.
    InputError
        When it refuses.
    """
    code = response.status_code
    if code in (200, 206):
        return
    why = _TOLD.get(code, "the server has a fault" if code >= 500 else "the server gave no file")
    if code in _PASSING:
        raise BrokenOffError(f"{why}, HTTP {code}")
    raise InputError(
        f"{response.url} can not be fetched: {why} (HTTP {code}); check the address, or give another place that "
        "holds the data with --mirror."
    )


def begins_at(response: "Response", start: int) -> bool:
    """Return whether a partial answer begins at a byte."""
    return response.headers.get("Content-Range", "").startswith(f"bytes {start}-")


def blocks_of(response: "Response") -> Generator[bytes]:
    """Yield the body as it was sent: a .gz file is not to be decompressed on the way."""
    from urllib3.exceptions import HTTPError

    try:
        yield from response.raw.stream(_BLOCK, decode_content=False)
    except (HTTPError, OSError) as error:
        raise BrokenOffError(_cause(error)) from error


def _cause(error: BaseException) -> str:
    """Return in a few words why a line broke, from the innermost of the errors that wrap each other."""
    text = f"{type(error).__name__} {error}"
    if "Timeout" in text or "timed out" in text:
        return "the server did not answer in time"
    if any(known in text for known in ("NameResolution", "getaddrinfo", "Name or service")):
        return "the server's name is not known here: there may be no connection"
    if "refused" in text or "unreachable" in text:
        return "the server can not be reached"
    if "IncompleteRead" in text or "Connection broken" in text or "reset" in text or "Remote end closed" in text:
        return "the line broke off"
    return " ".join(str(error).split())[:120] or type(error).__name__
