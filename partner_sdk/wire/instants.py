"""Instants on the wire: RFC 3339 text with an offset, always UTC inside.

Precision is a microsecond. Finer text is refused rather than cut, so that what a partner sent
is what is stored and compared.
"""

import re
from datetime import UTC, datetime

__all__ = ["InvalidInstant", "format_instant", "parse_instant"]

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)


class InvalidInstant(ValueError):  # noqa: N818 - the name says it
    """The text is not an RFC 3339 instant with an offset; the message says why."""


def parse_instant(text: object) -> datetime:
    """Read an RFC 3339 instant and return it in UTC.

    Raises:
        InvalidInstant: not text, no offset, finer than a microsecond, or not a real time
            (a leap second, 30 February, an hour 24).
    """
    if not isinstance(text, str) or _INSTANT.fullmatch(text) is None:
        raise InvalidInstant(
            'must be an RFC 3339 instant with an offset, such as "2026-11-22T09:30:00Z"'
        )
    if text[11:13] == "24":
        # RFC 3339 hours end at 23; newer readers of ISO 8601 take 24:00 as the next day.
        raise InvalidInstant("must be a real date and time of day")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInstant("must be a real date and time of day") from error


def format_instant(instant: datetime) -> str:
    """Write an aware datetime in UTC with ``Z``; six decimals, and only if not zero.

    Raises:
        ValueError: the datetime has no time zone.
    """
    if instant.tzinfo is not UTC:
        if instant.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        instant = instant.astimezone(UTC)
    return instant.replace(tzinfo=None).isoformat() + "Z"
