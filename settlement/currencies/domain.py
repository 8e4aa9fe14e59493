"""Quotes, rates, and the coalition's policy. A rate is a fraction until it is rounded, once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

from partner_sdk.wire.amounts import InvalidAmount, minor_digits

Mode = Literal["per_currency", "convert"]
Method = Literal["spot", "mean5"]

RATE_DIGITS = 10
"""Decimals of a rate, rounded half even; an amount is converted with the rate so written."""
RATE_SCALE = 10**RATE_DIGITS
QUOTE_DIGITS = 12
MEAN_OF = 5
OLDEST_SPOT = timedelta(days=5)
"""A quote older than this is none: weekends and holidays have none, but no holiday is longer."""
OLDEST_OF_MEAN = timedelta(days=14)

_QUOTE = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,12}))?", re.ASCII)
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}", re.ASCII)


class InvalidQuotes(ValueError):  # noqa: N818 - the name says it
    """What was to be imported is no list of quotes; the message names the line."""


class QuoteDiffers(Exception):  # noqa: N818 - the name says it
    """A quote of that source, pair and date is there already, and is another one."""


class PolicyTooLate(Exception):  # noqa: N818 - the name says it
    """A policy cannot begin on a date that is netted, nor where another one begins."""


class MissingRate(Exception):  # noqa: N818 - the name says it
    """The window cannot be converted: a quote is missing. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How the coalition settles other currencies than its own, from a business date on.

    `method` and `source` say where rates come from; they are None where nothing is converted.
    """

    effective_from: date
    mode: Mode
    method: Method | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no policy. Raises ValueError."""
        if (self.mode == "convert") != (self.method is not None and self.source is not None):
            raise ValueError("a policy converts by a method and a source, or not at all")


PER_CURRENCY = Policy(effective_from=date.min, mode="per_currency")
"""What holds where no policy was set."""


@dataclass(frozen=True, slots=True)
class Quote:
    """One unit of `base` was worth `rate` of `quote` on that date, by that source."""

    source: str
    base: str
    quote: str
    quoted_on: date
    rate: str

    def __post_init__(self) -> None:
        """Refuse what is no quote. Raises InvalidQuotes."""
        if _SOURCE.fullmatch(self.source) is None:
            raise InvalidQuotes("the source is 1 to 40 letters, digits, blanks, points and dashes")
        try:
            minor_digits(self.base), minor_digits(self.quote)
        except InvalidAmount as error:
            raise InvalidQuotes(str(error)) from None
        if self.base == self.quote:
            raise InvalidQuotes(f"{self.base} has no rate against itself")
        if _QUOTE.fullmatch(self.rate) is None or not Fraction(self.rate):
            raise InvalidQuotes(
                f"a rate is a decimal above zero such as 4.9765, with at most {QUOTE_DIGITS} "
                "decimals"
            )


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of `currency` is worth in the clearing currency in a window.

    `scaled` is the rate times 10¹⁰, a whole number; `quoted_on` are the dates of the quotes that
    it was made from, the newest first.
    """

    currency: str
    clearing: str
    scaled: int
    method: Method
    source: str
    quoted_on: tuple[date, ...]

    @property
    def text(self) -> str:
        """The rate as lines show it: without idle zeros."""
        units, rest = divmod(self.scaled, RATE_SCALE)
        decimals = f"{rest:0{RATE_DIGITS}d}".rstrip("0")
        return f"{units}.{decimals}" if decimals else str(units)

    @property
    def note(self) -> str:
        """Where the rate is from, as lines show it."""
        return f"rate {self.source} {self.method} {self.quoted_on[0].isoformat()}"

    def convert(self, micros: int) -> int:
        """An amount in the clearing currency, rounded half even to the micro; signs kept."""
        return divide_half_even(micros * self.scaled, RATE_SCALE)


def divide_half_even(dividend: int, divisor: int) -> int:
    """The quotient of whole numbers (divisor above zero), ties to the even one."""
    whole, rest = divmod(dividend, divisor)
    if 2 * rest > divisor or (2 * rest == divisor and whole & 1):
        whole += 1
    return whole


def rate_of(
    *,
    currency: str,
    clearing: str,
    policy: Policy,
    quotes: Iterable[Quote],
    business_date: date,
) -> Rate:
    """The rate of a window: the newest quote, or the mean of the five newest.

    Quotes are of the policy's source, between the two currencies, in either direction; those of
    later dates than the window's are passed over. The mean is of the quotes as published, turned
    round once where they are of the other direction. Raises MissingRate.
    """
    if policy.method is None or policy.source is None:
        raise ValueError("the policy converts nothing")
    usable = sorted(
        (q for q in quotes if q.quoted_on <= business_date), key=lambda q: q.quoted_on, reverse=True
    )
    direct = [q for q in usable if (q.base, q.quote) == (currency, clearing)]
    inverse = [q for q in usable if (q.base, q.quote) == (clearing, currency)]
    wanted = 1 if policy.method == "spot" else MEAN_OF
    for found, turned in ((direct, False), (inverse, True)):
        newest = found[:wanted]
        if not _is_enough(newest, wanted, business_date):
            continue
        mean = sum((Fraction(q.rate) for q in newest), Fraction(0)) / wanted
        exact = 1 / mean if turned else mean
        return Rate(
            currency=currency,
            clearing=clearing,
            scaled=divide_half_even(exact.numerator * RATE_SCALE, exact.denominator),
            method=policy.method,
            source=policy.source,
            quoted_on=tuple(q.quoted_on for q in newest),
        )
    raise MissingRate(_what_is_missing(currency, clearing, policy, business_date))


def _is_enough(newest: Sequence[Quote], wanted: int, business_date: date) -> bool:
    return (
        len(newest) == wanted
        and business_date - newest[0].quoted_on <= OLDEST_SPOT
        and business_date - newest[-1].quoted_on <= (OLDEST_OF_MEAN if wanted > 1 else OLDEST_SPOT)
    )


def _what_is_missing(currency: str, clearing: str, policy: Policy, business_date: date) -> str:
    newest = f"one of {business_date - OLDEST_SPOT} to {business_date}"
    needed = (
        f"a quote is needed, {newest}"
        if policy.method == "spot"
        else f"{MEAN_OF} quotes are needed, the oldest not before "
        f"{business_date - OLDEST_OF_MEAN}, the newest {newest}"
    )
    return (
        f"{business_date} has amounts in {currency} and no rate to {clearing}: of source "
        f"{policy.source}, {needed}. Import them with `settlement currencies import FILE "
        f'--source "{policy.source}"`; the night then goes on'
    )


def read_quotes(*, source: str, rows: Iterable[Mapping[str, str | None]]) -> tuple[Quote, ...]:
    """Read rows with the columns date, base, quote and rate. Raises InvalidQuotes."""
    quotes = []
    for number, row in enumerate(rows, 2):
        try:
            quotes.append(
                Quote(
                    source=source,
                    base=row["base"] or "",
                    quote=row["quote"] or "",
                    quoted_on=date.fromisoformat(row["date"] or ""),
                    rate=row["rate"] or "",
                )
            )
        except KeyError as error:
            raise InvalidQuotes(f"the column {error.args[0]} is missing") from None
        except ValueError as error:
            raise InvalidQuotes(f"line {number}: {error}") from None
    return tuple(quotes)
