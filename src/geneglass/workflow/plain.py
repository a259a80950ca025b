"""What a job found, as JSON can hold it; imports nothing heavy, for the command line."""

import math
from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """Return a value of JSON types only: what is no finite number becomes None, what JSON does not know its text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)
