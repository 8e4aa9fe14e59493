"""Numbers, dates and names as they stand on the page, in the conventions of a language."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_percent, get_decimal_symbol, get_group_symbol

from partner_sdk.wire.amounts import minor_digits, round_half_even_to_minor

__all__ = ["COVERED", "Speller", "printable", "shorten"]

#: What the shipped typeface draws: Latin, Greek and Cyrillic letters, figures and signs.
COVERED: Final = (
    (0x20, 0x7E), (0xA0, 0x148), (0x14A, 0x17F), (0x218, 0x21B), (0x384, 0x38A), (0x38C, 0x38C),
    (0x38E, 0x3A1), (0x3A3, 0x3CE), (0x400, 0x49D), (0x4A0, 0x4FF), (0x2010, 0x2027),
    (0x202F, 0x2030), (0x2032, 0x2033), (0x2039, 0x203A), (0x2044, 0x2044), (0x20A0, 0x20BF),
    (0x2116, 0x2116), (0x2122, 0x2122), (0x2190, 0x2193), (0x2212, 0x2212), (0x2248, 0x2248),
    (0x2260, 0x2260), (0x2264, 0x2265), (0x2713, 0x2713),
)  # fmt: skip
_INSTEAD: Final = "?"
_MINUS: Final = "\u2212"
_MICROS: Final = 1_000_000
_MICRO_DIGITS: Final = 6


def printable(text: str) -> str:
    """Return a text with what the typeface cannot draw, and controls, as question marks."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        char if any(low <= ord(char) <= high for low, high in COVERED) else _INSTEAD
        for char in composed
        if unicodedata.category(char) not in {"Cf", "Zl", "Zp"}
    )


def shorten(text: str, longest: int) -> str:
    """Return a text of at most so many characters, with an ellipsis where some are gone."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


class Speller:
    """Writes amounts of one currency, counts, dates and times in one language."""

    __slots__ = ("_decimal", "_group", "_locale", "minor")

    def __init__(self, *, language: str, currency: str) -> None:
        self._locale = Locale.parse("en_GB" if language == "en" else language)
        self._group = get_group_symbol(self._locale)
        self._decimal = get_decimal_symbol(self._locale)
        self.minor = minor_digits(currency)

    def digits_for(self, micros: Iterable[int]) -> int:
        """Return how many decimals a column needs so that each of its amounts is exact."""
        needed = self.minor
        for amount in micros:
            digits = f"{abs(amount) % _MICROS:06d}".rstrip("0")
            needed = max(needed, len(digits))
        return needed

    def amount(self, micros: int, *, digits: int | None = None) -> str:
        """Write an amount exactly, with ``digits`` decimals, or those of the minor unit.

        Raises:
            ValueError: the amount has more decimals than that.
        """
        wanted = self.minor if digits is None else digits
        units, rest = divmod(abs(micros), _MICROS)
        decimals = f"{rest:06d}"
        if decimals[wanted:].strip("0"):
            raise ValueError("an amount would lose decimals")
        sign = _MINUS if micros < 0 else ""
        whole = f"{sign}{self.count(units)}"
        return f"{whole}{self._decimal}{decimals[:wanted]}" if wanted else whole

    def split(self, micros: int, *, digits: int) -> tuple[str, str]:
        """Write an amount as two parts: down to the minor unit, and what is below it."""
        written = self.amount(micros, digits=digits)
        below = digits - self.minor
        if below and not self.minor:
            below += 1  # the point itself
        return (written[:-below], written[-below:]) if below else (written, "")

    def rounded(self, micros: int, *, currency: str) -> str:
        """Write an amount rounded half even to the minor unit."""
        return self.amount(round_half_even_to_minor(micros, currency))

    def count(self, number: int) -> str:
        """Write a whole number in groups of three."""
        sign = _MINUS if number < 0 else ""
        return sign + f"{abs(number):,}".replace(",", self._group)

    def percent(self, part: int, whole: int) -> str:
        """Write a share in whole per cent, rounded down."""
        return format_percent(part * 100 // whole / 100, locale=self._locale)

    def date(self, iso: str) -> str:
        """Write a date (YYYY-MM-DD) in words."""
        return format_date(date.fromisoformat(iso), "long", locale=self._locale)

    def instant(self, instant: datetime, *, time_zone: str, pattern: str) -> str:
        """Write an instant as the wall clock of a time zone shows it, in a CLDR pattern."""
        local = instant.astimezone(UTC if time_zone == "UTC" else ZoneInfo(time_zone))
        return format_datetime(local.replace(tzinfo=None), pattern, locale=self._locale)
