"""Registries that find their own members: one file in a folder is one extension."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from geneglass.errors import UsageError

T = TypeVar("T")


class Registry(Mapping[str, T]):
    """Named members of one kind, registered by a decorator and discovered at the first look-up.

    Parameters
    ----------
    kind
        What a member is, in the singular, for error messages ("recipe").
    package
        The package whose modules are imported at the first look-up.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self._members: dict[str, T] = {}
        self._scanned = False

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that adds a member under `name`; a name is taken only once."""

        def add(member: T) -> T:
            if name in self._members:
                raise ValueError(f"The {self.kind} name {name!r} is taken; choose another.")
            self._members[name] = member
            return member

        return add

    def _scan(self) -> None:
        if self._scanned:
            return
        self._scanned = True
        for module in pkgutil.iter_modules(importlib.import_module(self.package).__path__):
            importlib.import_module(f"{self.package}.{module.name}")

    def __getitem__(self, name: str) -> T:
        self._scan()
        if name not in self._members:
            names = ", ".join(sorted(self._members))
            raise UsageError(f"Unknown {self.kind} {name!r}. Choose one of: {names}.")
        return self._members[name]

    def __contains__(self, name: object) -> bool:
        self._scan()
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        self._scan()
        return iter(sorted(self._members))

    def __len__(self) -> int:
        self._scan()
        return len(self._members)
