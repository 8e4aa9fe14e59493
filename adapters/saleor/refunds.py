"""What Saleor's transactions gave back, put on lines by the refunds that staff granted.

A transaction tells events: a refund is asked for, comes through, fails or is reversed, all under
one reference of the payment provider. What came through is a refund, by the id of that event;
before, its amount is not final and nothing is stated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adapters.contract import Malformed, Refund
from adapters.contract.facts import RefundStatus
from adapters.reading import instant, quantity_micros, records
from adapters.saleor.values import amount, pk
from adapters.webshop import Sold, given_back, part, record

__all__ = ["charged_back", "refunds_of"]

_SUCCESS, _FAILURE, _REVERSE = "REFUND_SUCCESS", "REFUND_FAILURE", "REFUND_REVERSE"
_OF_REFUNDS = frozenset({"REFUND_REQUEST", _SUCCESS, _FAILURE, _REVERSE})


@dataclass(frozen=True, slots=True)
class _Event:
    """An event of a transaction."""

    id: str
    kind: str
    reference: str
    at: datetime
    micros: int


@dataclass(frozen=True, slots=True)
class _Back:
    """Money that went back; `events`: all that tell of it."""

    id: str
    micros: int
    at: datetime
    status: RefundStatus = "succeeded"
    events: tuple[str, ...] = ()


def refunds_of(order: Mapping[str, Any], lines: Sequence[Sold]) -> tuple[Refund, ...]:
    """All refunds that came through, whether or not they were reversed. Raises Malformed."""
    granted = {
        pk(event.get("id"), "TransactionEvent", "transactionEvents.id"): one
        for one in records(order.get("grantedRefunds"), "grantedRefunds")
        for event in records(one.get("transactionEvents"), "transactionEvents")
    }
    sold = {line.id: line for line in lines}
    found = [
        back
        for one in records(order.get("transactions"), "transactions")
        for back in _backs(_events(one))
    ]
    found += _of_payments(order)
    refunds = []
    for back in found:
        by = next((granted[event] for event in back.events if event in granted), None)
        refunds.append(
            given_back(
                id=back.id,
                status=back.status,
                money_micros=back.micros,
                at=back.at,
                parts=() if by is None else _parts(by, sold, back.micros),
            )
        )
    return tuple(refunds)


def charged_back(transaction: Mapping[str, Any]) -> int:
    """What the payer's bank took again: it had been charged, though Saleor's sum omits it."""
    return sum(event.micros for event in _events(transaction) if event.kind == "CHARGE_BACK")


def _events(transaction: Mapping[str, Any]) -> list[_Event]:
    """A transaction's events, oldest first."""
    events = [
        _Event(
            id=pk(one.get("id"), "TransactionEvent", "events.id"),
            kind=str(one.get("type")),
            reference=str(one.get("pspReference") or ""),
            at=instant(one.get("createdAt"), "events.createdAt"),
            micros=amount(one.get("amount"), "events.amount"),
        )
        for one in records(transaction.get("events"), "transactions.events")
    ]
    return sorted(events, key=lambda event: (event.at, len(event.id), event.id))


def _backs(events: Sequence[_Event]) -> Iterator[_Back]:
    """What a transaction gave back, by the provider's references."""
    told: dict[str, list[_Event]] = defaultdict(list)
    for event in events:
        if event.kind == "CHARGE_BACK":
            yield _positive(_Back(f"chargeback-{event.id}", event.micros, event.at))
        elif event.kind in _OF_REFUNDS and event.reference:
            told[event.reference].append(event)
    for group in told.values():
        came = [event for event in group if event.kind == _SUCCESS]
        if not came:
            continue
        first, last = came[0], came[-1]
        undone = any(
            (event.kind == _FAILURE and event.at >= last.at)
            or (event.kind == _REVERSE and event.micros >= first.micros)
            for event in group
        )
        yield _positive(
            _Back(
                first.id,
                first.micros,
                first.at,
                "failed" if undone else "succeeded",
                tuple(event.id for event in group),
            )
        )
    yield from _by_hand(event for event in events if not event.reference)


def _by_hand(events: Iterable[_Event]) -> list[_Back]:
    """Differences to a sum that an app sets by itself; less than before takes one back.

    Raises Malformed where it takes back another amount than any had.
    """
    found: list[_Back] = []
    for event in events:
        if event.kind not in (_SUCCESS, _REVERSE) or event.micros == 0:
            continue
        if event.kind == _SUCCESS and event.micros > 0:
            found.append(_Back(event.id, event.micros, event.at, "succeeded", (event.id,)))
            continue
        for place, back in reversed(list(enumerate(found))):
            if (back.status, back.micros) == ("succeeded", abs(event.micros)):
                found[place] = replace(back, status="failed")
                break
        else:
            raise Malformed("less is refunded than before, by another amount than any refund had")
    return found


def _of_payments(order: Mapping[str, Any]) -> Iterator[_Back]:
    """Refunds of Saleor's old payments, which are by amount."""
    for payment in records(order.get("payments"), "payments"):
        for one in records(payment.get("transactions"), "payments.transactions"):
            if one.get("kind") == "REFUND" and one.get("isSuccess") is True:
                name = pk(one.get("id"), "Transaction", "payments.transactions.id")
                money = amount(one.get("amount"), "payments.transactions.amount")
                at = instant(one.get("created"), "payments.transactions.created")
                yield _positive(_Back(f"payment-{name}", money, at))


def _positive(back: _Back) -> _Back:
    if back.micros < 0:
        raise Malformed("what was given back is below zero")
    return back


def _parts(
    granted: Mapping[str, Any], sold: Mapping[str, Sold], money: int
) -> list[tuple[Sold, int, int | None]]:
    """The money on what was granted: lines by their pieces, shipping as a whole.

    Staff may grant another amount than the lines cost: it is theirs in proportion, as far as they
    cost that much.
    """
    pieces: dict[str, int] = defaultdict(int)
    for one in records(granted.get("lines"), "grantedRefunds.lines"):
        line = record(one.get("orderLine"), "orderLine")
        name = pk(line.get("id"), "OrderLine", "orderLine.id")
        pieces[name] += quantity_micros(one.get("quantity"), "grantedRefunds.lines.quantity")
    shares: list[tuple[Sold, int, int | None]] = []
    for name, asked in pieces.items():
        if name in sold:
            quantity = min(asked, sold[name].quantity_micros)
            share = part(sold[name].money_micros, quantity, sold[name].quantity_micros)
            shares.append((sold[name], share, quantity))
    if granted.get("shippingCostsIncluded") is True and "shipping" in sold:
        shares.append((sold["shipping"], sold["shipping"].money_micros, None))
    total, left, done = sum(share for _, share, _ in shares), money, []
    for sold_line, share, count in shares:
        mine = min(sold_line.money_micros, left * share // total if total else 0)
        total -= share
        left -= mine
        done.append((sold_line, mine, count))
    return done
