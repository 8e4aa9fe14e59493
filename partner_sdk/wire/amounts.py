"""Money and quantities as exact integers of a millionth ("micros"), written as decimal text.

A number never passes through binary floating point: text in, integer inside, text out.
Minor units follow ISO 4217.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "MAX_MICROS",
    "MAX_POINTS",
    "MAX_SAFE_INTEGER",
    "InvalidAmount",
    "Money",
    "format_micros",
    "format_micros6",
    "minor_digits",
    "minor_unit_micros",
    "parse_decimal",
    "round_half_even_to_minor",
]

MICROS = 1_000_000
#: The largest amount that is accepted: 10¹² units of the currency.
MAX_MICROS = 10**12 * MICROS
#: The most points that one operation may name.
MAX_POINTS = 1_000_000_000
#: Larger integers are not read alike by every JSON parser (RFC 8259 §6).
MAX_SAFE_INTEGER = 2**53 - 1

_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,6}))?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_PAD = (MICROS, 100_000, 10_000, 1_000, 100, 10, 1)
#: ISO 4217 currencies whose minor unit is not a hundredth.
_NO_MINOR = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
    "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
_THREE_DIGITS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_MINOR_DIGITS = {
    **dict.fromkeys(_NO_MINOR, 0),
    **dict.fromkeys(_THREE_DIGITS, 3),
    "CLF": 4,
    "UYW": 4,
}


class InvalidAmount(ValueError):  # noqa: N818 - the name says it
    """The text or object is not an amount; the message says why, without echoing input."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount of one currency; ``micros`` are millionths of its unit."""

    micros: int
    currency: str

    @classmethod
    def from_wire(cls, value: object) -> "Money":
        """Read ``{"amount": "12.34", "currency": "EUR"}``.

        Raises:
            InvalidAmount: another shape, a number instead of text, or out of range.
        """
        if not isinstance(value, Mapping) or len(value) != 2:
            raise InvalidAmount("must be an object with exactly amount and currency")
        try:
            amount, currency = value["amount"], value["currency"]
        except KeyError:
            raise InvalidAmount("must be an object with exactly amount and currency") from None
        if not isinstance(currency, str) or _CURRENCY.fullmatch(currency) is None:
            raise InvalidAmount("currency must be three capital letters (ISO 4217)")
        return cls(parse_decimal(amount), currency)

    def to_wire(self) -> dict[str, Any]:
        """Write the amount with at least the currency's minor digits and no idle zeros."""
        digits = _MINOR_DIGITS.get(self.currency, 2)
        return {
            "amount": format_micros(self.micros, min_digits=digits),
            "currency": self.currency,
        }


def parse_decimal(text: object, *, max_digits_after: int = 6) -> int:
    """Read plain decimal text (``-12.34``) as integer micros.

    No exponent, no plus sign, no leading zeros, no blanks: one spelling, exact. A minus is
    read; whether a negative amount makes sense is the caller's rule.

    Raises:
        InvalidAmount: not text, not a plain decimal, too many decimals, beyond ±10¹².
    """
    if not isinstance(text, str):
        raise InvalidAmount('must be a decimal written as text, such as "12.34"')
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise InvalidAmount('must be a plain decimal such as "12.34", at most 6 decimals')
    sign, units, decimals = found.groups()
    micros = int(units) * MICROS
    if decimals is not None:
        digits = len(decimals)
        if digits > max_digits_after:
            raise InvalidAmount(f"must have at most {max_digits_after} decimals")
        micros += int(decimals) * _PAD[digits]
    if micros > MAX_MICROS:
        raise InvalidAmount("must not exceed 1000000000000 (10^12)")
    return -micros if sign else micros


def format_micros(micros: int, *, min_digits: int = 2) -> str:
    """Write micros as decimal text: at least ``min_digits`` decimals, no idle zeros beyond."""
    sign = "-" if micros < 0 else ""
    units, rest = divmod(abs(micros), MICROS)
    decimals = f"{rest:06d}".rstrip("0").ljust(min_digits, "0")
    return f"{sign}{units}.{decimals}" if decimals else f"{sign}{units}"


def format_micros6(micros: int) -> str:
    """Write micros with all six decimals, as statement lines do."""
    if micros >= 0:
        return f"{micros // MICROS}.{micros % MICROS:06d}"
    return f"-{-micros // MICROS}.{-micros % MICROS:06d}"


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency's minor unit has (ISO 4217).

    Raises:
        InvalidAmount: not three capital letters.
    """
    if _CURRENCY.fullmatch(currency) is None:
        raise InvalidAmount("currency must be three capital letters (ISO 4217)")
    return _MINOR_DIGITS.get(currency, 2)


def minor_unit_micros(currency: str) -> int:
    """Return how many micros the currency's minor unit is.

    Raises:
        InvalidAmount: not three capital letters.
    """
    return _PAD[minor_digits(currency)]


def round_half_even_to_minor(micros: int, currency: str) -> int:
    """Round micros to the currency's minor unit, ties to the even one; returns micros."""
    unit = minor_unit_micros(currency)
    # Floor division with a non-negative remainder holds for negative amounts too.
    count, rest = divmod(micros, unit)
    if rest * 2 > unit or (rest * 2 == unit and count & 1):
        count += 1
    return count * unit
