"""Spots with the domain they lie in, as tables for other programs, and regions from such tables."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from geneglass.data.annotation import RGB, Domain, spots_in
from geneglass.data.atomic import atomic_path
from geneglass.data.labels import label_column, with_labels
from geneglass.data.palette import next_colour
from geneglass.data.regions import regions_of
from geneglass.data.section import Section, require_spots
from geneglass.data.types import FloatArray
from geneglass.errors import InputError

COLUMNS = ("spot", "x_px", "y_px", "domain")


def write_spot_domains(path: Path, names: Sequence[str], centres_yx: FloatArray, domains: Sequence[Domain]) -> None:
    """Write a table of spots, separated by commas: name, centre in level-0 pixels of the slide, domain or nothing.

    Raises
    ------
    InputError
        When the file can not be written.
    """
    found = spots_in(domains, centres_yx)
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name, (y, x), domain in zip(names, np.asarray(centres_yx).tolist(), found, strict=True):
            writer.writerow((name, f"{x:.2f}", f"{y:.2f}", domain or ""))


def write_spots_h5ad(path: Path, section: Section) -> None:
    """Write the measured spots of a section with `obs["domain"]` and who drew it (`obs["annotator"]`).

    Raises
    ------
    InputError
        When the section has no spots, or the file can not be written.
    """
    table = require_spots(section).table.copy()
    found = spots_in(section.domains, section.centres_yx)
    of_name = {domain.name: domain.annotator or "" for domain in section.domains}
    table.obs["domain"] = pd.Categorical(found, categories=sorted(of_name))
    who = [of_name.get(name, "") if name is not None else "" for name in found]
    table.obs["annotator"] = pd.Categorical(who)
    with atomic_path(path) as temporary:
        table.write_h5ad(temporary)


def read_regions(path: Path, section: Section, colours: Mapping[str, RGB]) -> tuple[Domain, ...]:
    """Return the regions that a table names for the spots of a section.

    Parameters
    ----------
    path
        An h5ad with `obs["domain"]` or a column of labels, joined by the spots' names; or a table of labels as
        `geneglass.data.labels` reads it, or one written by `write_spot_domains`.
    section
        With measured spots.
    colours
        By name; another name gets one that the fewest names have.

    Raises
    ------
    InputError
        When the file can not be read, names no region, or not one of the section's spots.
    """
    spots = require_spots(section)
    if path.name.lower().endswith(".h5ad"):
        labels = _from_h5ad(path, list(spots.table.obs_names))
    elif tuple(_head(path)) == COLUMNS:
        labels = _from_csv(path, list(spots.table.obs_names))
    else:
        labels = _texts(with_labels(spots, path).table.obs["label"])
    if not any(labels):
        raise InputError(f"{path.name} names no region for any spot of {section.name}; give the file of this section.")
    every = dict(colours)
    for name in sorted(set(labels) - {""} - every.keys()):
        every[name] = next_colour(every)
    return regions_of(np.array(labels, dtype=object), section.centres_yx, every)


def _from_h5ad(path: Path, wanted: Sequence[str]) -> list[str]:
    import anndata

    try:
        obs = anndata.read_h5ad(path, backed="r").obs
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path.name} can not be read as h5ad: {str(error)[:80]}; write it again.") from error
    column = "domain" if "domain" in obs else label_column(obs)
    if column is None:
        raise InputError(f"{path.name} has no column `domain` or `label` in obs; add one with the name of each region.")
    return _texts(obs[column].reindex(list(wanted)))


def _from_csv(path: Path, wanted: Sequence[str]) -> list[str]:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False).drop_duplicates("spot").set_index("spot")
    return _texts(frame["domain"].reindex(list(wanted)))


def _head(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return file.readline().strip().split(",")
    except OSError as error:
        raise InputError(f"{path} can not be read: {error.strerror or error}.") from None


def _texts(column: "pd.Series[str]") -> list[str]:
    return ["" if pd.isna(value) else str(value).strip() for value in column]
