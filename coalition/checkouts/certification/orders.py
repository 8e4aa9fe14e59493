"""The orders that a run is tried on: the shop's own, those of samples, and where there is none,
one that is made. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, cast

from adapters.contract import (
    Adapter,
    Assembler,
    Facts,
    Line,
    Malformed,
    Order,
    Parsed,
    Part,
    Parts,
    Question,
    Refund,
    RefundLine,
    Settings,
    Tender,
)

__all__ = [
    "Evidence",
    "by_amount",
    "by_line",
    "cancelled",
    "made_order",
    "named",
    "older",
    "orders_told",
    "plain",
    "refunded_by_amount",
    "refunded_by_line",
]

_HUNDRED = 100_000_000
_PIECE = 1_000_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """An order, and where it is from, for the report."""

    order: Order
    source: str
    of: Literal["platform", "sample", "made"] = "platform"


def orders_told(
    adapter: Adapter, parsed: Iterable[Parsed], settings: Settings
) -> tuple[list[Order], list[str]]:
    """The orders that messages tell by themselves, and why some tell none."""
    orders: list[Order] = []
    unread: list[str] = []
    parts: dict[str, list[Part]] = {}
    for each in parsed:
        match each:
            case Facts(orders=found):
                orders += found
            case Question(kind="accrue", order=order) if order is not None:
                orders.append(order)
            case Parts(parts=found_parts):
                for part in found_parts:
                    parts.setdefault(part.about, []).append(part)
    for about, some in parts.items():
        assembler = cast("Assembler", adapter)  # who says Parts has it
        try:
            whole = assembler.assemble(about=about, parts=tuple(some), settings=settings)
        except Malformed as fault:
            unread.append(str(fault))
            continue
        if isinstance(whole, Facts):
            orders += whole.orders
    return orders, unread


def made_order(settings: Settings, now: datetime) -> Evidence:
    """An order of 100 units, where no other is there."""
    category = next(iter(settings.categories.values()), "goods")
    order = Order(
        id="made",
        revision=1,
        status="paid",
        occurred_at=now,
        currency=settings.currency,
        lines=(Line("1", category, _PIECE, _HUNDRED),),
        tenders=(Tender("card", _HUNDRED),),
    )
    return Evidence(order, f"an order of 100 {settings.currency}, made for this,", "made")


def plain(order: Order) -> Order:
    """The order as it was when it was paid."""
    return replace(order, status="paid", revision=1, refunds=())


def older(order: Order) -> Order:
    """Another state of it, worth twice as much."""
    lines = tuple(replace(each, amount_micros=2 * each.amount_micros) for each in order.lines)
    return replace(order, lines=lines)


def by_line(order: Order) -> Order:
    """The order, with all of its lines given back."""
    lines = tuple(
        RefundLine(each.id, each.amount_micros, each.quantity_micros) for each in order.lines
    )
    return replace(order, refunds=(Refund("all", "succeeded", _total(order), lines=lines),))


def by_amount(order: Order) -> Order:
    """The order, with its whole amount given back."""
    return replace(order, refunds=(Refund("all", "succeeded", _total(order)),))


def refunded_by_line(order: Order) -> bool:
    """Whether lines of it were given back."""
    return any(each.status == "succeeded" and each.lines for each in order.refunds)


def refunded_by_amount(order: Order) -> bool:
    """Whether an amount was given back that names no lines."""
    return any(each.status == "succeeded" and not each.lines for each in order.refunds)


def cancelled(order: Order) -> bool:
    """Whether it is."""
    return order.status == "cancelled"


def _total(order: Order) -> int:
    return sum(line.amount_micros for line in order.lines)


def named(orders: Sequence[Order], where: str) -> list[Evidence]:
    """Orders of one place."""
    return [Evidence(order, f"order {order.id} {where}") for order in orders]
