"""Downloads that go on where they stopped: over HTTP, into a `.part` file, until it is complete and checked."""

import errno
import logging
import os
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geneglass.data.atomic import require_space
from geneglass.data.checksum import matches, sha256_of
from geneglass.data.web import BrokenOffError, Patience, ask, begins_at, blocks_of, require_file
from geneglass.errors import InputError

if TYPE_CHECKING:
    from requests import Response

_WORTH_GOING_ON = 2**20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Progress:
    """How far a download or an unpacking is.

    Attributes
    ----------
    done, total
        Bytes; `total` 0 means not known.
    message
        A sentence worth keeping, empty otherwise.
    """

    done: int
    total: int
    message: str = ""


class Download:
    """One file on its way: `steps` fetches it, and pooch calls the object to put it in place.

    What has arrived is kept as `NAME.part` beside the target, through a kill too; the next run asks only for
    the rest (HTTP Range), on condition that the file on the server is the same (If-Range). A server that
    ignores or refuses that sends the whole file again.

    Parameters
    ----------
    address
        An http or https address.
    target
        The file to be.
    known_hash
        "sha256:...", "md5:..." or "git:..." as published; None where none is.
    n_bytes
        Its size as published; None where none is.
    """

    def __init__(
        self,
        address: str,
        target: Path,
        *,
        known_hash: str | None = None,
        n_bytes: int | None = None,
        patience: Patience | None = None,
    ) -> None:
        if not address.startswith(("http://", "https://")):
            raise InputError(f"{address} is no web address; give one that starts with http:// or https://.")
        self.address = address
        self.target = target
        self.known_hash = known_hash
        self.n_bytes = n_bytes
        self.patience = patience or Patience()
        self._part = target.with_name(f"{target.name}.part")
        self._tag = target.with_name(f"{target.name}.part.tag")

    def steps(self) -> Generator[Progress]:
        """Fetch what is missing of the `.part` file; closing the generator leaves what has arrived.

        Raises
        ------
        InputError
            When the server can not be reached or does not give the file, the line keeps breaking off, the size
            is not the published one, or the disk is full or not writable.
        """
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            yield from self._tries()
        except OSError as error:
            raise InputError(self._disk_sentence(error)) from error

    def _tries(self) -> Generator[Progress]:
        left = self.patience.retries
        while True:
            before = self._have()
            try:
                yield from self._fetch()
            except BrokenOffError as broken:
                have = self._have()
                left = self.patience.retries if have - before >= _WORTH_GOING_ON else left - 1
                if left < 0:
                    raise InputError(
                        f"{self.address} could not be fetched ({broken}): check the connection and run this again; "
                        f"the {have:,} bytes that have arrived are kept."
                    ) from broken
                yield Progress(have, self.n_bytes or 0, f"{self.target.name}: {broken}; trying again.")
                time.sleep(self.patience.pause_s)
            else:
                return

    def _have(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _start(self) -> int:
        """Return from which byte to go on; a part that can not be trusted to fit is dropped."""
        have = self._have()
        too_long = self.n_bytes is not None and have > self.n_bytes
        unsure = self.known_hash is None and not self._tag.exists()
        if have and (too_long or unsure):
            self.drop()
            return 0
        return have

    def drop(self) -> None:
        """Forget what has arrived."""
        self._part.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)

    def _fetch(self) -> Generator[Progress]:
        start = self._start()
        if start and start == self.n_bytes:
            return
        with ask(self.address, self.patience, start=start, version=self._version()) as response:
            if response.status_code == 416 and response.headers.get("Content-Range") == f"bytes */{start}":
                return
            if response.status_code == 416 or (response.status_code == 206 and not begins_at(response, start)):
                self.drop()
                raise BrokenOffError("the server can not go on from there")
            require_file(response)
            if response.status_code != 206:
                start = 0
            length = response.headers.get("Content-Length", "")
            total = start + int(length) if length.isdecimal() else None
            self._check_size(total)
            require_space(self._part, (total or 0) - start)
            self._note_version(response)
            yield from self._receive(response, start, total)

    def _version(self) -> str:
        return self._tag.read_text(encoding="latin-1") if self._tag.exists() else ""

    def _check_size(self, total: int | None) -> None:
        if self.n_bytes is None or total is None or total == self.n_bytes:
            return
        self.drop()
        raise InputError(
            f"{self.address} is not the file that was published: it has {total:,} bytes instead of {self.n_bytes:,}; "
            "nothing was kept. Try again later, or give another place that holds the data with --mirror."
        )

    def _note_version(self, response: "Response") -> None:
        """Keep what tells whether the server's file is still the same when the rest is asked for."""
        tag = response.headers.get("ETag", "")
        version = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")
        if version:
            self._tag.write_text(version, encoding="latin-1")
        elif response.status_code == 200:
            self._tag.unlink(missing_ok=True)

    def _receive(self, response: "Response", start: int, total: int | None) -> Generator[Progress]:
        have = start
        with self._part.open("r+b" if start else "wb") as file:
            file.seek(start)
            for block in blocks_of(response):
                have += len(block)
                self._check_size(max(have, self.n_bytes or 0))
                file.write(block)
                yield Progress(have, total or self.n_bytes or 0)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        if have < (total or self.n_bytes or 0):
            raise BrokenOffError(f"the line broke off at {have:,} of {total or self.n_bytes:,} bytes")

    def _disk_sentence(self, error: OSError) -> str:
        if error.errno in _FULL:
            return (
                f"The disk is full: {self.target} could not be written to its end; free some space and run this again, "
                "it goes on from what is here."
            )
        return f"Cannot write {self.target} ({error.strerror or error}); choose another folder with --to."

    def put_in_place(self) -> str:
        """Check what has arrived and give it its name, through pooch; return the hash it was checked by.

        Raises
        ------
        InputError
            When it is not what was published: it is deleted then, and nothing is put in place.
        """
        import pooch

        checked_by = self._hash_for_pooch()
        try:
            with _quiet(pooch.get_logger()):
                pooch.retrieve(self.address, checked_by, self.target.name, self.target.parent, downloader=self)
        except ValueError as error:
            self.drop()
            raise self._wrong() from error
        except OSError as error:
            raise InputError(self._disk_sentence(error)) from error
        self.drop()
        return checked_by

    def _hash_for_pooch(self) -> str:
        """Return the published hash, or the sha256 of what came where there is none that pooch knows."""
        known = self.known_hash
        if known is not None and not known.startswith("git:"):
            return known
        if known is not None and not matches(self._part, known):
            self.drop()
            raise self._wrong()
        return f"sha256:{sha256_of(self._part)}"

    def _wrong(self) -> InputError:
        return InputError(
            f"{self.address} is not the file that is expected: its hash is not {self.known_hash}; it was deleted. Run "
            "this again, or give another place that holds the data with --mirror."
        )

    def __call__(self, url: str, output_file: str, pooch: Any) -> None:
        """Give pooch what has arrived; its arguments are those of every pooch downloader.

        As a second name of the same file where the disk can do that: a kill while pooch reads it through loses
        nothing then.
        """
        path = Path(output_file)
        path.unlink(missing_ok=True)
        try:
            path.hardlink_to(self._part)
        except OSError:
            self._part.replace(path)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep pooch from announcing a download that is over."""
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
