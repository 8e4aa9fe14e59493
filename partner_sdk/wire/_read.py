"""Readers that refuse a member of another type, for the typed answers."""

from datetime import datetime

from partner_sdk.wire.instants import parse_instant


def text(value: object) -> str:
    """Return text, or raise TypeError."""
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def optional_text(value: object) -> str | None:
    """Return text or None, or raise TypeError."""
    return None if value is None else text(value)


def whole(value: object) -> int:
    """Return a whole number, or raise TypeError; true and 1.0 are not whole numbers."""
    if type(value) is not int:
        raise TypeError("expected a whole number")
    return value


def instant(value: object) -> datetime | None:
    """Return the instant, None for null."""
    return None if value is None else parse_instant(value)
