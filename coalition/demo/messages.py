"""What the brands' tills send: sales, payments with points and returns, as the SDK's values."""

from dataclasses import dataclass
from decimal import Decimal

from coalition.demo.brands import CURRENCY
from coalition.demo.data import ZONE, Sale
from coalition.demo.derive import Return
from partner_sdk.wire import sales as wire
from partner_sdk.wire.amounts import Money

__all__ = [
    "PaidWithPoints",
    "member_reference",
    "returned_message",
    "sale_id",
    "sale_message",
    "usd",
]

_MICROS_PER_CENT = 10_000


@dataclass(frozen=True, slots=True)
class PaidWithPoints:
    """The redemption that paid for (a part of) a sale: its id, points, and amount in cents."""

    redemption: str
    points: int
    amount: int


def usd(cents: int) -> Money:
    """Cents as the wire's money."""
    return Money(cents * _MICROS_PER_CENT, CURRENCY)


def sale_id(sale: Sale) -> str:
    """The sale's id at its brand: the number of the basket, which is also its receipt's."""
    return str(sale.basket)


def member_reference(household: int) -> str:
    """The enrolling brand's own reference of a household."""
    return f"household-{household}"


def _quantity(thousandths: int) -> str:
    return format(Decimal(thousandths).scaleb(-3).normalize(), "f") if thousandths else "0"


def _tenders(sale: Sale, paid: PaidWithPoints | None) -> tuple[wire.Tender, ...]:
    if paid is None:
        return ()  # the data does not say how it was paid
    points = wire.Tender("points", usd(paid.amount), paid.redemption)
    rest = sale.total - paid.amount
    return (points, wire.Tender("card", usd(rest))) if rest else (points,)


def sale_message(*, sale: Sale, card: str, paid: PaidWithPoints | None) -> wire.Sale:
    """A sale as its till first tells it."""
    return _message(sale, card, paid, revision=1, refunds=())


def returned_message(*, back: Return, card: str, paid: PaidWithPoints | None) -> wire.Sale:
    """A sale as it is after its return: all it was, and the refund.

    When the whole sale comes back, so do the points that paid for it.
    """
    points = None
    if paid is not None and back.amount == back.sale.total:
        points = wire.RefundPoints(paid.redemption, paid.points)
    refund = wire.Refund(
        id="r1",
        amount=usd(back.amount),
        occurred_at=back.occurred_at,
        lines=tuple(
            wire.RefundLine(line.id, usd(line.amount), _quantity(line.quantity))
            for line in back.lines
        ),
        points=points,
    )
    return _message(back.sale, card, paid, revision=2, refunds=(refund,))


def _message(
    sale: Sale,
    card: str,
    paid: PaidWithPoints | None,
    *,
    revision: int,
    refunds: tuple[wire.Refund, ...],
) -> wire.Sale:
    return wire.Sale(
        id=sale_id(sale),
        revision=revision,
        occurred_at=sale.occurred_at,
        member=wire.MemberRef(card=card),
        store=str(sale.store),
        store_time_zone=ZONE.key,
        receipt=sale_id(sale),
        currency=CURRENCY,
        lines=tuple(
            wire.SaleLine(line.id, line.category, _quantity(line.quantity), usd(line.amount))
            for line in sale.lines
        ),
        tenders=_tenders(sale, paid),
        refunds=refunds,
    )
