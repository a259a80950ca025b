"""Which slide and which annotations belong to which spot table, by their names and folders."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from geneglass.data.cohort import SectionSource
from geneglass.data.cohort_scan import LABELS, Scan, place_of, stem, words
from geneglass.data.cohort_sniff import needs_positions, reach_xy, size_px
from geneglass.errors import InputError


@dataclass(frozen=True)
class Matched:
    """Sections found, sentences on what was decided, and why of what is not used."""

    sections: tuple[SectionSource, ...]
    told: tuple[str, ...]
    left_out: dict[Path, str]


@dataclass(frozen=True)
class _Spots:
    """A spot table, what it is called, and the folder in which the rest of its section would lie."""

    path: Path
    name: str
    home: Path


Rule = Callable[[_Spots, Path, Sequence[_Spots]], bool]

SLIDE_RULES: tuple[Rule, ...] = (
    lambda spots, file, _: _plain(stem(file)).lower() == spots.name.lower(),
    lambda spots, file, _: file.parent.name.lower() == spots.name.lower(),
    lambda spots, file, every: spots.home in file.parents and _alone_at(spots.home, every),
    lambda spots, file, _: _has_words(words(stem(file)), words(spots.name)),
)
"""Strongest first: same name; a folder of that name; the only spots in the folder; the name among the file's words."""


def match(found: Scan) -> Matched:
    """Return one section for each spot table, with the slide and the annotations that are its own.

    A slide is taken by one section, by the strongest rule that fits. Where several fit one section, the largest
    that holds all its spots is taken. A picture that ends before the spots do is a reduced copy and left out.
    """
    told: list[str] = []
    left_out = dict(found.left_out)
    tables = _named(found)
    slides, domains = _assign(tables, found.slides), _assign(tables, found.domains)
    positions = {place_of(path): path for path in found.positions}
    sections = []
    for index, item in enumerate(tables):
        section = SectionSource(item.name, spots=item.path, positions=positions.get(_plain(stem(item.path))))
        if section.positions is None and needs_positions(item.path):
            left_out[item.path] = "no spot file with its positions was found"
            continue
        slide = _largest(section, slides.get(index, []), told, left_out)
        annotations = _annotations(item, domains.get(index, []), found.labels, told)
        sections.append(replace(section, slide=slide, annotations=annotations))
    used = {path for item in sections for path in (item.slide, item.annotations, item.positions)}
    for files, reason in (
        (found.slides, "a slide whose spots were not found: it can be predicted, not trained on"),
        ((*found.domains, *found.labels), "annotations whose spots were not found"),
        (found.positions, "a spot file whose counts were not found"),
    ):
        for path in files:
            if path not in used:
                left_out.setdefault(path, reason)
    return Matched(tuple(sections), tuple(told), left_out)


def _named(found: Scan) -> list[_Spots]:
    """Return the spot tables, each with a name of its own: its file's, else its folder's, else both."""
    plain = []
    for path in found.spots:
        is_folder = path.is_dir()
        home = path.parent if not is_folder or path.name == "outs" else path
        plain.append(_Spots(path, _plain(stem(home if path.name == "outs" else path)), home))
    for longer in (lambda item: item.home.name, lambda item: f"{item.home.parent.name}_{item.name}"):
        plain = [replace(item, name=longer(item)) if _is_repeated(item, plain) else item for item in plain]
    for number, item in enumerate(plain):
        if any(other.name == item.name for other in plain[:number]):
            plain[number] = replace(item, name=f"{item.name}_{number + 1}")
    return plain


def _plain(name: str) -> str:
    """Return a name without what GEO and the ST pipeline add to it ("P2_ST_rep1" of GSM4284316_P2_ST_rep1_stdata)."""
    return re.sub(r"^GSM\d+_(?=.)|(?<=.)_stdata$", "", name)


def _is_repeated(item: _Spots, every: Sequence[_Spots]) -> bool:
    return sum(other.name == item.name for other in every) > 1


def _alone_at(home: Path, every: Sequence[_Spots]) -> bool:
    return sum(home == other.home or home in other.home.parents for other in every) == 1


def _has_words(text: list[str], part: list[str]) -> bool:
    return any(text[i : i + len(part)] == part for i in range(len(text) - len(part) + 1))


def _assign(tables: Sequence[_Spots], files: Sequence[Path]) -> dict[int, list[Path]]:
    """Return the files of each table; a file goes to one table alone, and only by the strongest rule."""
    assigned: dict[int, list[Path]] = {}
    left = list(files)
    for rule in SLIDE_RULES:
        fitting = {file: [i for i, item in enumerate(tables) if rule(item, file, tables)] for file in left}
        taken = {file: found[0] for file, found in fitting.items() if len(found) == 1 and found[0] not in assigned}
        for file, index in taken.items():
            assigned.setdefault(index, []).append(file)
        left = [file for file in left if file not in taken]
    return assigned


def _largest(section: SectionSource, slides: list[Path], told: list[str], left_out: dict[Path, str]) -> Path | None:
    if not slides:
        return None
    reach = None if section.spots is None else reach_xy(section.spots, section.positions)
    sizes: dict[Path, tuple[int, int]] = {}
    for path in slides:
        try:
            width_px, height_px = size_px(path)
        except InputError as error:
            left_out[path] = str(error)
            continue
        if reach is not None and (reach[0] > width_px or reach[1] > height_px):
            left_out[path] = (
                f"{width_px} x {height_px} px, but the spots of {section.name} reach x {reach[0]:.0f}, "
                f"y {reach[1]:.0f}: a reduced copy (give its `scale`), or the slide of other spots"
            )
        else:
            sizes[path] = (width_px, height_px)
    if not sizes:
        return None
    first, *others = sorted(sizes, key=lambda path: (-sizes[path][0] * sizes[path][1], path.name))
    for path in others:
        left_out[path] = f"the smaller of the slides of {section.name}"
    if others:
        told.append(f"{section.name}: of {len(sizes)} slides the largest was taken, {first.name}.")
    return first


def _annotations(table: _Spots, domains: list[Path], labels: list[Path], told: list[str]) -> Path | None:
    own = [path for path in labels if path.name[: -len(LABELS)].lower() == table.name.lower()]
    every = [*domains, *own]
    if len(every) > 1:
        told.append(f"{table.name}: of {len(every)} annotations {every[0].name} was taken.")
    return every[0] if every else None
