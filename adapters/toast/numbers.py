"""Toast's numbers: JSON numbers that were binary floats at the till, read by their digits."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from adapters.contract import Malformed
from adapters.reading import decimal_micros
from partner_sdk.wire.amounts import MAX_MICROS

__all__ = ["grown_by", "micros", "quantity"]

_MICRO = Decimal("0.000001")
_EXACT = Context(prec=80)
_DIGITS = 60


def micros(value: Any, at: str) -> int:
    """An amount → micros; what a float left beyond them (5.49612811) is rounded half even.

    None is nothing. Raises Malformed for what is no amount, is below zero or beyond 10¹².
    """
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise Malformed(f"{at} is not an amount")
    try:
        number = Decimal(value)
    except (InvalidOperation, ValueError) as error:
        raise Malformed(f"{at} is not an amount") from error
    fine = number.is_finite() and number.as_tuple().exponent
    if isinstance(fine, int) and -_DIGITS < fine < -6 and abs(number) < 10**12:
        number = number.quantize(_MICRO, ROUND_HALF_EVEN, _EXACT)
    found = decimal_micros(number, at)
    if found < 0:
        raise Malformed(f"{at} is below zero")
    return found


def quantity(value: Any, at: str) -> int:
    """A quantity, cut to the thousandth that sales know → micros; a missing one is one."""
    found = 1_000_000 if value is None else micros(value, at)
    return found - found % 1000


def grown_by(amounts: Sequence[int], by: int, weights: Sequence[int]) -> list[int]:
    """Each amount with its share of `by` added, in proportion to the weights, to the micro.

    Where all weigh nothing, the first gets it.
    """
    total, told, done, grown = sum(weights), 0, 0, []
    if not total:
        return [amounts[0] + by, *amounts[1:]] if amounts else []
    for amount, weight in zip(amounts, weights, strict=True):
        told += weight
        until = round(Fraction(by * told, total))
        grown.append(amount + until - done)
        done = until
    if max(grown, default=0) > MAX_MICROS:
        raise Malformed("a line is beyond 10^12")
    return grown
