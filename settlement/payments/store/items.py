"""What is due, and what of it was paid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    case,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from settlement import hub
from settlement.entries.tables import entry
from settlement.payments.domain.accounts import Account
from settlement.payments.domain.items import Item
from settlement.payments.domain.planning import PlannedItem
from settlement.payments.tables import payment_item
from settlement.store.tables import pair_net

ITEM = (
    payment_item.c.item_id,
    payment_item.c.reference,
    payment_item.c.business_date,
    payment_item.c.party_no,
    payment_item.c.currency,
    payment_item.c.direction,
    payment_item.c.amount_micros,
    payment_item.c.paid_micros,
    payment_item.c.released_on,
    payment_item.c.due_date,
)
OPEN = payment_item.c.paid_micros < payment_item.c.amount_micros
_COLLECT_AT = (
    payment_item.c.collect_iban,
    payment_item.c.collect_bic,
    payment_item.c.collect_holder,
)


def read_clearing_dues(
    *, connection: Connection, business_date: date, currency: str
) -> dict[int, int]:
    """What parties are owed by the clearing house (+) or owe it (-) of a window, but payments."""
    pairs = connection.execute(
        select(
            case((pair_net.c.a == hub.CLEARING, pair_net.c.b), else_=pair_net.c.a),
            case(
                (pair_net.c.a == hub.CLEARING, -pair_net.c.rounded_micros),
                else_=pair_net.c.rounded_micros,
            ),
        ).where(
            pair_net.c.business_date == business_date,
            pair_net.c.currency == currency,
            or_(pair_net.c.a == hub.CLEARING, pair_net.c.b == hub.CLEARING),
        )
    )
    sums = {party: int(micros) for party, micros in pairs}
    paid = connection.execute(
        select(entry.c.debtor, entry.c.creditor, func.sum(entry.c.amount_micros))
        .where(
            entry.c.window_date == business_date,
            entry.c.currency == currency,
            entry.c.kind == "payment",
        )
        .group_by(entry.c.debtor, entry.c.creditor)
    )
    for debtor, creditor, micros in paid:
        if debtor == hub.CLEARING:
            sums[creditor] = sums.get(creditor, 0) - int(micros)
        else:
            sums[debtor] = sums.get(debtor, 0) + int(micros)
    return sums


def insert_items(
    *,
    connection: Connection,
    release_id: UUID,
    released_on: date,
    items: Iterable[tuple[UUID, PlannedItem]],
) -> None:
    """Write a release's items."""
    rows = [
        {
            "item_id": item_id,
            "release_id": release_id,
            "reference": each.reference,
            "business_date": each.business_date,
            "party_no": each.party_no,
            "currency": each.currency,
            "direction": each.direction,
            "amount_micros": each.amount_micros,
            "released_on": released_on,
            "due_date": each.due_date,
            "collect_iban": each.collect_at.iban if each.collect_at else None,
            "collect_bic": each.collect_at.bic if each.collect_at else None,
            "collect_holder": each.collect_at.holder if each.collect_at else None,
            "interest_ppm": each.late.interest_ppm,
            "day_count": each.late.day_count,
            "penalty_micros": each.late.penalty_micros,
            "penalty_after_days": each.late.penalty_after_days,
            "accruing": each.direction == "collect",
        }
        for item_id, each in items
    ]
    if rows:
        connection.execute(insert(payment_item), rows)


def read_item(*, connection: Connection, item_id: UUID) -> tuple[Item, Account | None] | None:
    """An item, and where its party is to pay to."""
    row = connection.execute(
        select(*ITEM, *_COLLECT_AT).where(payment_item.c.item_id == item_id)
    ).one_or_none()
    if row is None:
        return None
    collect_at = None
    if row.collect_iban is not None:
        collect_at = Account(row.collect_iban, row.collect_bic, row.collect_holder)
    return Item(*row[: len(ITEM)]), collect_at


def read_items(
    *,
    connection: Connection,
    party_no: int | None = None,
    business_date: date | None = None,
    only_open: bool = False,
    after: tuple[date, int, str] | None = None,
    limit: int | None = None,
) -> tuple[Item, ...]:
    """Items by date (the newest first), party and currency; of one party, of one window, or all.

    `after` is the date, party and currency of the last one seen.
    """
    query = select(*ITEM).order_by(
        payment_item.c.business_date.desc(), payment_item.c.party_no, payment_item.c.currency
    )
    if party_no is not None:
        query = query.where(payment_item.c.party_no == party_no)
    if business_date is not None:
        query = query.where(payment_item.c.business_date == business_date)
    if only_open:
        query = query.where(OPEN)
    if after is not None:
        query = query.where(
            or_(
                payment_item.c.business_date < after[0],
                (payment_item.c.business_date == after[0])
                & (
                    tuple_(payment_item.c.party_no, payment_item.c.currency)
                    > tuple_(after[1], after[2])
                ),
            )
        )
    if limit is not None:
        query = query.limit(limit)
    return tuple(Item(**row._mapping) for row in connection.execute(query))


def read_matchable(
    *, connection: Connection, references: Sequence[str], currencies: Sequence[str]
) -> tuple[Item, ...]:
    """The items of those references, and every open one of those currencies."""
    return _items(
        connection,
        or_(
            payment_item.c.reference.in_(references),
            payment_item.c.currency.in_(currencies) & OPEN,
        ),
    )


def read_by_id(*, connection: Connection, item_ids: Sequence[UUID]) -> tuple[Item, ...]:
    """The items of those ids, as many as there are."""
    return _items(connection, payment_item.c.item_id.in_(item_ids))


def _items(connection: Connection, condition: ColumnElement[bool]) -> tuple[Item, ...]:
    rows = connection.execute(
        select(*ITEM)
        .where(condition)
        .order_by(payment_item.c.due_date, payment_item.c.business_date, payment_item.c.party_no)
    )
    return tuple(Item(**row._mapping) for row in rows)


def add_paid(*, connection: Connection, item_id: UUID, micros: int) -> None:
    """Add to what was paid of an item, or take it back; a return may be instructed again."""
    values: dict[str, Any] = {
        "paid_micros": payment_item.c.paid_micros + micros,
        "accruing": payment_item.c.direction == "collect",
    }
    if micros < 0:
        values["instructed_micros"] = func.greatest(payment_item.c.instructed_micros + micros, 0)
    connection.execute(
        update(payment_item).where(payment_item.c.item_id == item_id).values(**values)
    )


def count_open(*, connection: Connection, business_date: date) -> int:
    """How many of a window's items are not paid in full."""
    return connection.execute(
        select(func.count()).where(payment_item.c.business_date == business_date, OPEN)
    ).scalar_one()


def read_pay_to(*, connection: Connection, item_ids: Sequence[UUID]) -> dict[UUID, Account]:
    """Where the parties of the items are to pay to; nothing for what is paid out."""
    rows = connection.execute(
        select(payment_item.c.item_id, *_COLLECT_AT).where(
            payment_item.c.item_id.in_(item_ids), payment_item.c.collect_iban.is_not(None)
        )
    )
    return {item_id: Account(iban, bic, holder) for item_id, iban, bic, holder in rows}
