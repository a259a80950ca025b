"""Blinded reading: which of two unlabelled maps is the measured one, and how often a reader can tell."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from zlib import crc32

import numpy as np

from geneglass.data.atomic import atomic_path
from geneglass.errors import InputError

LEFT, RIGHT, CANNOT_TELL = "left", "right", "cannot tell"
CHOICES = (LEFT, RIGHT, CANNOT_TELL)
MEASURED, PREDICTED = "measured", "predicted"
CONFIDENCE = 0.95
"""Of the binomial interval."""


@dataclass(frozen=True)
class Reading:
    """One answer of a reader.

    Attributes
    ----------
    time
        When it was given, ISO 8601 with the offset from UTC.
    reader
        Name of the person.
    section, gene
        What was shown.
    left, right
        Which side was which: "measured" or "predicted".
    choice
        Which side the reader takes for the measured one, one of `CHOICES`.
    recognised
        "yes" or "no"; empty where the reader could not tell.
    seconds
        From the maps to the answer.
    seed
        What the order of genes and sides follows from.
    model, model_hash
        What had predicted.
    """

    time: str
    reader: str
    section: str
    gene: str
    left: str
    right: str
    choice: str
    recognised: str
    seconds: str
    seed: str
    model: str = ""
    model_hash: str = ""


HEADER = tuple(item.name for item in fields(Reading))


@dataclass(frozen=True)
class Summary:
    """How often the measured map was recognised.

    Attributes
    ----------
    recognised, answered
        Answers that were right, of those that named a side.
    could_not_tell
        Answers that named none; they count neither way.
    low, high
        Exact (Clopper-Pearson) 95 % interval of the share recognised; NaN without an answer.
    """

    recognised: int
    answered: int
    could_not_tell: int
    low: float
    high: float

    def sentence(self) -> str:
        """Return the summary as a person reads it."""
        aside = "" if not self.could_not_tell else f" Could not tell: {self.could_not_tell}."
        if not self.answered:
            return f"No answer named a side yet.{aside}"
        share = self.recognised / self.answered
        chance = "within" if self.low <= 0.5 <= self.high else "outside"
        return (
            f"The measured map was recognised in {self.recognised} of {self.answered} answers: {_percent(share)}, "
            f"{_percent(CONFIDENCE)} interval {_percent(self.low)} to {_percent(self.high)}; guessing, "
            f"{_percent(0.5)}, lies {chance} it.{aside}"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def measured_is_left(seed: int, section: str, gene: str) -> bool:
    """Return on which side the measured map of a gene stands: by a coin that seed, section and gene decide."""
    return bool(np.random.default_rng([seed, crc32(section.encode()), crc32(gene.encode())]).integers(2))


def in_random_order(genes: Sequence[str], seed: int, count: int) -> tuple[str, ...]:
    """Return so many of the genes, each once, in an order that the seed decides, whichever order they are given in."""
    ordered = sorted(set(genes))
    chosen = np.random.default_rng([seed, 1]).permutation(len(ordered))[:count]
    return tuple(ordered[i] for i in chosen)


def sides(seed: int, section: str, gene: str) -> tuple[str, str]:
    """Return what stands on the left and on the right."""
    return (MEASURED, PREDICTED) if measured_is_left(seed, section, gene) else (PREDICTED, MEASURED)


def recognised(left: str, choice: str) -> str:
    """Return whether a choice names the measured side: "yes", "no", or empty where it names none."""
    if choice == CANNOT_TELL:
        return ""
    return "yes" if (choice == LEFT) == (left == MEASURED) else "no"


def read_readings(path: Path) -> tuple[Reading, ...]:
    """Return the readings of a file; none where there is no file.

    Raises
    ------
    InputError
        When the file is no list of readings: it is then not added to either.
    """
    if not path.exists():
        return ()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ()) != HEADER:
                raise InputError(
                    f"{path.name} is no list of readings (its first line is not {', '.join(HEADER[:4])}, ...): choose "
                    "another file, it was not changed."
                )
            return tuple(Reading(**{name: row[name] or "" for name in HEADER}) for row in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name} can not be read ({error}): choose another file, it was not changed.") from error


def record(path: Path, reading: Reading) -> None:
    """Add a reading to a file, which is made with a header where it is missing.

    The whole file is written anew and put in the place of the old one, so that no kill can damage what stands there;
    two windows that record into one file wait for each other.

    Raises
    ------
    InputError
        When the file is no list of readings, or can not be written.
    """
    from filelock import FileLock

    with FileLock(path.with_name(f".{path.name}.lock")):
        before = read_readings(path)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, HEADER, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(item) for item in (*before, reading))
        with atomic_path(path) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8", newline="")


def summary(readings: Iterable[Reading]) -> Summary:
    """Return how often the measured map was recognised."""
    outcomes = [reading.recognised for reading in readings]
    right, wrong = outcomes.count("yes"), outcomes.count("no")
    answered = right + wrong
    low = high = float("nan")
    if answered:
        from scipy.stats import binomtest

        interval = binomtest(right, answered).proportion_ci(CONFIDENCE)
        low, high = float(interval.low), float(interval.high)
    return Summary(right, answered, len(outcomes) - answered, low, high)
