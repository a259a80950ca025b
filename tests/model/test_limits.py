"""Each check lets its limit through or not, and its sentence names the setting."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from geneglass.errors import UsageError
from geneglass.model.limits import require_at_least, require_not_negative, require_positive, require_share


@pytest.mark.parametrize(
    ("check", "fine", "wrong", "words"),
    [
        (partial(require_at_least, 2), (2, 9), (1, 1.99), "depth must be at least 2, got"),
        (require_not_negative, (0, 0.0, 3), (-1, -1e-9), "depth must not be negative, got"),
        (require_positive, (1e-9, 3), (0, -1), "depth must be positive, got"),
        (require_share, (0, 0.99), (-0.1, 1, float("nan")), "depth must be at least 0 and under 1, got"),
    ],
)
def test_what_is_let_through_and_what_is_not(
    check: Callable[..., None], fine: tuple[Any, ...], wrong: tuple[Any, ...], words: str
) -> None:
    for value in fine:
        check(SimpleNamespace(width=value, depth=value), "width", "depth")
    for value in wrong:
        with pytest.raises(UsageError, match=f"{words} {value}"):
            check(SimpleNamespace(width=fine[0], depth=value), "width", "depth")
