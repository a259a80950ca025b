"""What a fetch notes beside the data: where it is from, its licence, and hashes that nobody published."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from geneglass.data.atomic import atomic_path
from geneglass.errors import InputError

NAME = "geneglass-fetch.json"
_HASH = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class FetchRecord:
    """What was fetched into a folder.

    Attributes
    ----------
    name, title, citation, licence, address
        The set, as it was shown, and the base address it came from.
    first_hashes
        The hash at the first fetch of each file for which none is published; later ones must have the same.
    unpacked
        For each archive the sections it was unpacked for, and the size in bytes of each file that came of it.
    """

    name: str
    title: str = ""
    citation: str = ""
    licence: str = ""
    address: str = ""
    first_hashes: Mapping[str, str] = field(default_factory=dict)
    unpacked: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)

    def with_hash(self, path: str, first_hash: str) -> "FetchRecord":
        """Return the record with the hash of one more file."""
        return replace(self, first_hashes={**self.first_hashes, path: first_hash})

    def with_unpacked(self, archive: str, sections: tuple[str, ...], sizes: Mapping[str, int]) -> "FetchRecord":
        """Return the record with what came of an archive for some sections."""
        new = dict(self.unpacked.get(archive, {})) | dict.fromkeys(sections, sizes)
        return replace(self, unpacked={**self.unpacked, archive: new})

    def is_unpacked(self, folder: Path, archive: str, sections: tuple[str, ...]) -> bool:
        """Return whether all that an archive holds for sections lies in the folder, each file of the right size."""
        done = self.unpacked.get(archive, {})
        return all(name in done for name in sections) and all(
            (folder / path).is_file() and (folder / path).stat().st_size == n_bytes
            for name in sections
            for path, n_bytes in done[name].items()
        )


def read_record(folder: Path, name: str) -> FetchRecord:
    """Return what was noted in a folder, an empty record where nothing was.

    Raises
    ------
    InputError
        When the folder holds another set, or the note is damaged.
    """
    path = folder / NAME
    if not path.exists():
        return FetchRecord(name)
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        record = FetchRecord(**{item.name: raw[item.name] for item in fields(FetchRecord)})
        hashes = [*record.first_hashes.values()]
        sizes = [size for done in record.unpacked.values() for files in done.values() for size in files.values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} can not be read ({type(error).__name__}); delete it and fetch again.") from error
    if not all(_HASH.fullmatch(str(text)) for text in hashes) or not all(isinstance(size, int) for size in sizes):
        raise InputError(f"{path} can not be read (a value is of the wrong kind); delete it and fetch again.")
    if record.name != name:
        raise InputError(f"{folder} holds the public set {record.name}; choose another folder with --to.")
    return record


def write_record(folder: Path, record: FetchRecord) -> None:
    """Write the note beside the data."""
    with atomic_path(folder / NAME) as temporary:
        temporary.write_text(json.dumps(asdict(record), indent=1, ensure_ascii=False), encoding="utf-8")
