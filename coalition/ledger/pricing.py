"""Who owes whom for a movement, priced when it is posted. All exact, in micros.

The rules are those of DESIGN decisions 5 to 9. A party never owes itself; an amount of zero is no
obligation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from coalition.ledger.domain import OPERATOR, POOL, Debt, Lot, ObligationKind, Owed

PPM = 1_000_000


def share_of(amount: int, ppm: int) -> int:
    """`ppm` millionths of an amount, rounded half even to the micro."""
    whole, rest = divmod(amount * ppm, PPM)
    if 2 * rest > PPM or (2 * rest == PPM and whole % 2 == 1):
        whole += 1
    return whole


def owed(
    kind: ObligationKind, debtor: int, creditor: int, amount_micros: int, currency: str
) -> tuple[Owed, ...]:
    """One obligation, or none: nobody owes himself, and nothing is no debt."""
    if amount_micros == 0 or debtor == creditor:
        return ()
    return (Owed(kind, debtor, creditor, amount_micros, currency),)


def mirrored(obligations: Iterable[Owed]) -> tuple[Owed, ...]:
    """The same obligations the other way round: what a reversal owes."""
    return tuple(replace(o, debtor=o.creditor, creditor=o.debtor) for o in obligations)


def price_activation(*, lot: Lot, points: int, issue_fee_micros: int) -> tuple[Owed, ...]:
    """Points become active: funded on issue, the funder pays the pool; the issuer pays the fee."""
    fee = owed("issue_fee", lot.issuer, OPERATOR, points * issue_fee_micros, lot.currency)
    if lot.funding != "issue":
        return fee
    return owed("issue", lot.funder, POOL, points * lot.issue_price_micros, lot.currency) + fee


def price_redemption(*, lot: Lot, points: int, face_micros: int, redeemer: int) -> tuple[Owed, ...]:
    """Points are spent: the redeemer gets their face value, fees apart.

    The lot's funder (or the pool, where the lot was funded on issue) pays up to the redemption
    price; what face value is above it the operator adds, what it is below goes to the operator.
    """
    payer = POOL if lot.funding == "issue" else lot.funder
    price = lot.redemption_price_micros
    covered = min(face_micros, price)
    return (
        owed("redemption", payer, redeemer, points * covered, lot.currency)
        + owed("margin", payer, OPERATOR, points * (price - covered), lot.currency)
        + owed("subsidy", OPERATOR, redeemer, points * (face_micros - covered), lot.currency)
    )


def price_redemption_fee(
    *, points: int, face_micros: int, redeemer: int, fee_ppm: int, currency: str
) -> tuple[Owed, ...]:
    """The redeemer's fee: a share of the face value that it accepted."""
    return owed(
        "redemption_fee", redeemer, OPERATOR, share_of(points * face_micros, fee_ppm), currency
    )


def price_expiry(*, lot: Lot, points: int, issuer_share_ppm: int) -> tuple[Owed, ...]:
    """Active points expire: funded on issue, the issue price is split by the agreement's share."""
    if lot.funding != "issue":
        return ()
    total = points * lot.issue_price_micros
    issuers = share_of(total, issuer_share_ppm)
    return owed("breakage", POOL, lot.funder, issuers, lot.currency) + owed(
        "breakage", POOL, OPERATOR, total - issuers, lot.currency
    )


def price_own_clawback(*, lot: Lot, points: int) -> tuple[Owed, ...]:
    """Active points come back out of the sale's own lot: on issue, the pool returns their price."""
    if lot.funding != "issue":
        return ()
    return owed("clawback", POOL, lot.funder, points * lot.issue_price_micros, lot.currency)


def price_taking(*, origin: Lot | Debt, taken: Lot, points: int) -> tuple[Owed, ...]:
    """Points of another lot are taken for a return whose own lot is gone.

    Leg 1 undoes the issue of the origin: the pool owes its funder the issue price (on issue) or
    the redemption price that it paid (on redemption). Leg 2 brings the pool the taken lot's
    redemption price from its funder; funded on issue, the pool holds it already. Where the two
    lots' redemption prices differ, the operator bears or gets the difference, so that the pool
    stays solvent to the micro (docs/decisions/0004). Where the lots are in two currencies there is
    no difference to take: the operator makes the pool whole in each of them.
    """
    undone = (
        origin.issue_price_micros if origin.funding == "issue" else origin.redemption_price_micros
    )
    legs = owed("clawback", POOL, origin.funder, points * undone, origin.currency)
    if taken.funding != "issue":
        legs += owed(
            "clawback", taken.funder, POOL, points * taken.redemption_price_micros, taken.currency
        )
    if origin.currency != taken.currency:
        brought = points * origin.redemption_price_micros
        left = points * taken.redemption_price_micros
        return (
            legs
            + owed("clawback", OPERATOR, POOL, brought, origin.currency)
            + owed("clawback", POOL, OPERATOR, left, taken.currency)
        )
    currency = taken.currency
    difference = points * (origin.redemption_price_micros - taken.redemption_price_micros)
    if difference > 0:
        legs += owed("clawback", OPERATOR, POOL, difference, currency)
    elif difference < 0:
        legs += owed("clawback", POOL, OPERATOR, -difference, currency)
    return legs
