"""Reading what platforms write: exact numbers, ids as text, instants in UTC.

A number never passes through binary floating point, not even where the platform writes one: the
digits of the message are what counts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from adapters.contract import Malformed, Settings
from partner_sdk.wire.amounts import MAX_MICROS, minor_digits

__all__ = [
    "category",
    "currency_code",
    "decimal_micros",
    "epoch",
    "identifier",
    "instant",
    "key_at",
    "load",
    "local_instant",
    "mail_date",
    "micros_of_minor",
    "minor_of_micros",
    "number",
    "object_at",
    "optional",
    "plain",
    "quantity_micros",
    "records",
    "text",
]

_MICROS = Decimal(1_000_000)
#: Exponent of the largest amount, and how many digits decimal arithmetic keeps exactly.
_LARGEST = 12
_DIGITS = 20


def load(body: bytes) -> Any:
    """Read JSON: decimals exactly, NaN and infinities not at all. Raises Malformed."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("the body is not JSON") from error


def _no_constant(_name: str) -> Any:
    raise ValueError("not a number of JSON")


def key_at(body: bytes, *path: str) -> str:
    """What stands at a path of the body; of one that has none there, the hash of it all."""
    try:
        value = load(body)
    except Malformed:
        value = None
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return hashlib.sha256(body).hexdigest()
    return str(value)


def plain(value: Any) -> Any:
    """What was read, as values that JSON writes exactly: decimals become texts."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def object_at(value: Any, at: str) -> Mapping[str, Any]:
    """An object that is there. Raises Malformed."""
    if not isinstance(value, Mapping):
        raise Malformed(f"{at} is not an object")
    return value


def records(value: Any, at: str) -> Sequence[Mapping[str, Any]]:
    """A list of objects; a missing one is empty. Raises Malformed."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise Malformed(f"{at} is not a list of objects")
    return value


def identifier(value: Any, at: str) -> str:
    """An id as text, however the platform writes it and whatever its size. Raises Malformed."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise Malformed(f"{at} is not an id")
    return str(value)


def number(value: Any, at: str) -> str:
    """An id that is a number, which leads nowhere else in an address. Raises Malformed."""
    found = identifier(value, at)
    if not (found.isascii() and found.isdecimal()):
        raise Malformed(f"{at} is not a number")
    return found


def text(value: Any, at: str) -> str:
    """A text that is there. Raises Malformed."""
    if not isinstance(value, str) or not value:
        raise Malformed(f"{at} is not a text")
    return value


def optional(value: Any) -> str | None:
    """A text, or None for everything that is none."""
    return value if isinstance(value, str) and value else None


def decimal_micros(value: Any, at: str) -> int:
    """A decimal as text or number (`"12.3400"`, `48`, `0.5`) → micros, exactly.

    Raises Malformed for anything finer than a millionth, or beyond 10¹².
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Malformed(f"{at} is not an amount")
    try:
        number = Decimal(value)
    except (InvalidOperation, ValueError) as error:
        raise Malformed(f"{at} is not an amount") from error
    if not number.is_finite():
        raise Malformed(f"{at} is not an amount")
    # Looked at before any arithmetic: that would round, or write out a million digits.
    if number and number.adjusted() > _LARGEST:
        raise Malformed(f"{at} is beyond 10^12")
    if len(number.as_tuple().digits) > _DIGITS or (number and number.adjusted() < -_DIGITS):
        raise Malformed(f"{at} is finer than a millionth")
    micros = number * _MICROS
    units = int(micros)
    if units != micros:
        raise Malformed(f"{at} is finer than a millionth")
    return _bounded(units, at)


def micros_of_minor(value: Any, currency: str, at: str, *, digits: int | None = None) -> int:
    """An integer of minor units (cents, yen, fils) → micros. Raises Malformed.

    `digits` after the point are those of ISO 4217, where the platform does not count otherwise.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(f"{at} is not an integer of minor units")
    if digits is None:
        digits = minor_digits(currency)
    return _bounded(value * 10 ** (6 - digits), at)


def minor_of_micros(micros: int, currency: str, *, digits: int | None = None) -> int:
    """Micros → minor units, rounded down: never more than was asked for."""
    if digits is None:
        digits = minor_digits(currency)
    return int(micros // 10 ** (6 - digits))


def currency_code(value: Any, at: str) -> str:
    """A currency in any case → three capital letters. Raises Malformed."""
    found = text(value, at).upper()
    if len(found) != 3 or not found.isascii() or not found.isalpha():
        raise Malformed(f"{at} is not a currency")
    return found


def quantity_micros(value: Any, at: str) -> int:
    """A quantity, `"1.5"` or 2, cut to the thousandth that sales know → micros."""
    try:
        micros = decimal_micros(value, at)
    except Malformed:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,12}\.[0-9]{7,20}", value):
            raise
        micros = decimal_micros(value[: value.index(".") + 4], at)
    if micros < 0:
        raise Malformed(f"{at} is negative")
    return micros - micros % 1000


def category(settings: Settings, *names: Any, otherwise: str = "goods") -> str:
    """The first of a line's names that the connection maps to a category, else the rule's own."""
    return next((n for n in names if isinstance(n, str) and n in settings.categories), otherwise)


def _bounded(micros: int, at: str) -> int:
    if abs(micros) > MAX_MICROS:
        raise Malformed(f"{at} is beyond 10^12")
    return micros


def instant(value: Any, at: str) -> datetime:
    """An RFC 3339 time with its offset → UTC. Raises Malformed for one without."""
    try:
        found = datetime.fromisoformat(text(value, at))
    except ValueError as error:
        raise Malformed(f"{at} is not a time") from error
    if found.tzinfo is None:
        raise Malformed(f"{at} has no offset")
    return found.astimezone(UTC)


def local_instant(value: Any, zone: str, at: str) -> datetime:
    """A time without offset, of a zone that is known otherwise → UTC.

    Of an hour that clocks repeat, the first; an hour that they skip lies after the gap.
    """
    try:
        found = datetime.fromisoformat(text(value, at).replace(" ", "T"))
    except ValueError as error:
        raise Malformed(f"{at} is not a time") from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=ZoneInfo(zone))
    return found.astimezone(UTC)


def epoch(value: Any, at: str) -> datetime:
    """Seconds since 1970 → UTC. Raises Malformed."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 36:
        raise Malformed(f"{at} is not a time in seconds")
    return datetime.fromtimestamp(value, UTC)


def mail_date(value: Any, at: str) -> datetime:
    """An RFC 2822 date → UTC. Raises Malformed."""
    try:
        found = parsedate_to_datetime(text(value, at))
    except ValueError as error:
        raise Malformed(f"{at} is not a date") from error
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
