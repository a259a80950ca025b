"""Domains, a disk that can be full, and what a window finds in its folder: for tests of autosaving."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import shapely

from geneglass.data.annotation import Domain
from geneglass.data.geojson import read_domains
from geneglass.data.section import Section
from geneglass.viewer.autosave import Autosave

A, B = Domain("Tumor", shapely.box(20, 30, 220, 190)), Domain("Stroma", shapely.box(250, 30, 400, 190))
A_NAMED = replace(A, name="Nest")


class Disk:
    """A disk that can be full."""

    full = False

    def sync(self, _handle: int) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def opened(folder: Path, section: Section) -> Autosave:
    """Return the autosave of a new window that has looked for what was left of a section."""
    autosave = Autosave(folder)
    autosave.open(section)
    autosave.wait()
    return autosave


def save(autosave: Autosave, *domains: Domain) -> None:
    autosave.save(domains)
    autosave.wait()


def on_disk(folder: Path) -> tuple[Domain, ...]:
    """Return what all files of the folder hold, of open windows too."""
    return tuple(domain for path in folder.rglob("*.geojson") for domain in read_domains(path)[0])


def offered(folder: Path, section: Section) -> tuple[Domain, ...]:
    """Return what a new window would offer of a section."""
    autosave = opened(folder, section)
    kept = autosave.found()
    autosave.close()
    autosave.wait()
    assert kept is not None
    return kept.domains
