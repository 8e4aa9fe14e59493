"""Public identifiers: a prefix that names the kind, and 128 bits that carry nothing.

``mem_01h455vb4pex5vsknk084sn02q`` is ``mem_`` and 26 lower-case Crockford base32 digits of a
UUID. There is exactly one spelling of an id: upper case and look-alikes are refused, so ids
can be compared as text. Windows are named by their business date: ``win_20261122``.
"""

import re
from datetime import date
from uuid import UUID

__all__ = ["PREFIXES", "InvalidId", "decode", "decode_window", "encode", "encode_window", "uuid7"]

#: Every prefix that the hub hands out, and the kind of thing behind it.
PREFIXES = {
    "mem": "member",
    "prt": "partner",
    "agr": "agreement version",
    "lot": "lot of points",
    "hld": "hold",
    "red": "redemption",
    "rev": "reversal",
    "win": "window",
    "stm": "statement",
    "evt": "event",
    "key": "key of a partner or operator",
    "sub": "webhook subscription",
    "con": "connection to a checkout platform",
    "msg": "message of a checkout platform",
    "crt": "certification of a connection",
    "spd": "spend: points paid at a checkout platform",
    "req": "request",
    "mov": "movement",
    "ent": "entry of settlement",
    "rel": "release of a window",
    "pay": "payment that is due",
    "bnk": "entry of the clearing house's bank account",
    "dsp": "dispute",
}

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
#: Two digits for each ten bits: thirteen look-ups instead of twenty-six.
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_TO_PYTHON_DIGITS = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
# 26 digits hold 130 bits; the two that are over must be zero, so the first digit is at most 7.
_DIGITS = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}")
_WINDOW = re.compile(r"win_([0-9]{4})([0-9]{2})([0-9]{2})")


class InvalidId(ValueError):  # noqa: N818 - the name says it
    """The text is not an id of the expected kind."""

    def __init__(self, *, prefix: str, text: object) -> None:
        super().__init__(f"not a {prefix}_ id")
        self.prefix = prefix
        self.text = text


def uuid7(*, unix_ms: int, random: bytes) -> UUID:
    """Build a UUID version 7 (RFC 9562 §5.7) from milliseconds and ten random bytes.

    Raises:
        ValueError: the time does not fit 48 bits, or there are not exactly ten bytes.
    """
    if len(random) != 10 or not 0 <= unix_ms < 1 << 48:
        raise ValueError("uuid7 needs 48 bits of milliseconds and 10 random bytes")
    tail = int.from_bytes(random, "big")
    value = unix_ms << 80 | (tail & 0x0FFF_3FFF_FFFF_FFFF_FFFF) | 0x7000_8000_0000_0000_0000
    return UUID(int=value)


def encode(prefix: str, value: UUID) -> str:
    """Return the public id of a UUID: the prefix, ``_`` and 26 base32 digits."""
    v = value.int
    p = _PAIRS
    return (
        f"{prefix}_{p[v >> 120]}{p[v >> 110 & 1023]}{p[v >> 100 & 1023]}{p[v >> 90 & 1023]}"
        f"{p[v >> 80 & 1023]}{p[v >> 70 & 1023]}{p[v >> 60 & 1023]}{p[v >> 50 & 1023]}"
        f"{p[v >> 40 & 1023]}{p[v >> 30 & 1023]}{p[v >> 20 & 1023]}{p[v >> 10 & 1023]}"
        f"{p[v & 1023]}"
    )


def decode(prefix: str, text: str) -> UUID:
    """Return the UUID behind a public id of this kind.

    Raises:
        InvalidId: another prefix, another length, or a character outside the alphabet.
    """
    if not isinstance(text, str):
        raise InvalidId(prefix=prefix, text=text)
    head, _, digits = text.partition("_")
    if head != prefix or _DIGITS.fullmatch(digits) is None:
        raise InvalidId(prefix=prefix, text=text)
    return UUID(int=int(digits.translate(_TO_PYTHON_DIGITS), 32))


def encode_window(business_date: date) -> str:
    """Return the id of the window of a business date: ``win_20261122``."""
    return "win_" + business_date.isoformat().replace("-", "")


def decode_window(text: object) -> date:
    """Return the business date that a window id names.

    Raises:
        InvalidId: not ``win_`` and a date of the calendar.
    """
    found = _WINDOW.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InvalidId(prefix="win", text=text)
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise InvalidId(prefix="win", text=text) from error
