"""How the amount of an obligation came about: the formula, with the numbers in it.

The amounts were priced when the movement was posted; this finds the rule that gives exactly the
amount posted, and says so when none does (a mirror of an earlier amount in parts).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from partner_sdk.wire.amounts import MICROS, format_micros, format_micros6, parse_decimal


@dataclass(frozen=True, slots=True)
class Pricing:
    """The numbers that an obligation can have been priced from (micros)."""

    points: int
    currency: str
    issue_price_micros: int
    redemption_price_micros: int
    issuer_terms: Mapping[str, Any]
    face_micros: int | None = None
    redemption_points: int | None = None
    redeemer_terms: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """A rule with its numbers, and the exact amount that it gives."""

    text: str
    micros: int


def explain_amount(*, kind: str, amount_micros: int, pricing: Pricing) -> str:
    """The arithmetic behind an amount, ending in the amount."""
    amount = f"{format_micros6(amount_micros)} {pricing.currency}"
    for formula in _formulas(kind, pricing):
        if formula.micros == amount_micros:
            return f"{formula.text} = {amount}"
    return f"{amount}, the mirror of a part of what the corrected movement owed"


def share_of(*, amount_micros: int, share_micros: int) -> int:
    """A share (in millionths) of an amount, rounded half even to the micro."""
    whole, rest = divmod(amount_micros * share_micros, MICROS)
    if 2 * rest > MICROS or (2 * rest == MICROS and whole % 2 == 1):
        whole += 1
    return whole


def _formulas(kind: str, p: Pricing) -> Iterator[Formula]:
    if kind == "issue":
        yield _times(p, p.issue_price_micros, "the issue price")
    elif kind == "issue_fee":
        fee = _decimal(p.issuer_terms, "issue_per_point")
        yield _times(p, fee, "the agreement's fee for a point issued")
    elif kind in ("redemption", "margin", "subsidy"):
        yield from _redemption(kind, p)
    elif kind == "redemption_fee":
        yield from _redemption_fee(p)
    elif kind == "breakage":
        yield from _breakage(p)
    elif kind == "clawback":
        yield _times(p, p.issue_price_micros, "the issue price, undone")
        yield _times(p, p.redemption_price_micros, "the redemption price, undone")


def _redemption(kind: str, p: Pricing) -> Iterator[Formula]:
    if p.face_micros is None:
        return
    price, face = p.redemption_price_micros, p.face_micros
    covered = min(price, face)
    if kind == "redemption":
        name = (
            f"the lower of face value {format_micros6(face)} "
            f"and redemption price {format_micros6(price)}"
        )
        yield _times(p, covered, name)
    elif kind == "margin":
        yield _times(p, price - covered, "what the redemption price is above face value")
    else:
        yield _times(p, face - covered, "what face value is above the redemption price")


def _redemption_fee(p: Pricing) -> Iterator[Formula]:
    if p.face_micros is None or p.redeemer_terms is None:
        return
    share = _decimal(p.redeemer_terms, "redemption_share")
    for points in dict.fromkeys((p.points, p.redemption_points)):
        if points is not None:
            value = points * p.face_micros
            yield Formula(
                f"{_plain(share)} (the redeemer's share) × {points} points × "
                f"{format_micros6(p.face_micros)} {p.currency} (face value)",
                share_of(amount_micros=value, share_micros=share),
            )


def _breakage(p: Pricing) -> Iterator[Formula]:
    share = parse_decimal(str(p.issuer_terms.get("breakage_issuer_share", "0")))
    total = p.points * p.issue_price_micros
    issuers = share_of(amount_micros=total, share_micros=share)
    whole = f"{p.points} points × {format_micros6(p.issue_price_micros)} {p.currency} (issue price)"
    yield Formula(f"{_plain(share)} (the issuer's share) × {whole}", issuers)
    yield Formula(f"{whole} less the issuer's share of {format_micros6(issuers)}", total - issuers)


def _times(p: Pricing, price_micros: int, name: str) -> Formula:
    return Formula(
        f"{p.points} points × {format_micros6(price_micros)} {p.currency} ({name})",
        p.points * price_micros,
    )


def _decimal(terms: Mapping[str, Any], fee: str) -> int:
    return parse_decimal(str(terms.get("fees", {}).get(fee, "0")))


def _plain(micros: int) -> str:
    return format_micros(micros, min_digits=0)
