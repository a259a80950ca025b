"""What settings may be: each check raises a UsageError whose sentence names the setting and what was given."""

from typing import Any

from geneglass.errors import UsageError


def require(holds: bool, sentence: str) -> None:
    """Raise a UsageError with this sentence unless a setting is as it must be."""
    if not holds:
        raise UsageError(sentence)


def require_at_least(least: int, config: Any, *names: str) -> None:
    """Require these settings to be `least` or more."""
    for name in names:
        value = getattr(config, name)
        require(value >= least, f"{name} must be at least {least}, got {value}.")


def require_not_negative(config: Any, *names: str) -> None:
    """Require these settings to be 0 or more."""
    for name in names:
        value = getattr(config, name)
        require(value >= 0, f"{name} must not be negative, got {value}.")


def require_positive(config: Any, *names: str) -> None:
    """Require these settings to be more than 0."""
    for name in names:
        value = getattr(config, name)
        require(value > 0, f"{name} must be positive, got {value}.")


def require_share(config: Any, *names: str) -> None:
    """Require these settings to be shares that leave something."""
    for name in names:
        value = getattr(config, name)
        require(0 <= value < 1, f"{name} must be at least 0 and under 1, got {value}.")
