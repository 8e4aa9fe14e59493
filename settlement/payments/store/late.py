"""What items have cost for being late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, select, update

from settlement.payments.domain.interest import LateTerms, Paid
from settlement.payments.domain.items import Item
from settlement.payments.store.items import ITEM
from settlement.payments.tables import (
    allocation,
    bank_entry,
    payment_item,
)


@dataclass(frozen=True, slots=True)
class Charged:
    """What an item has cost its party for being late, and may still."""

    item: Item
    late: LateTerms
    interest_posted_micros: int
    penalty_posted: bool


def read_charged(*, connection: Connection, before: date) -> tuple[Charged, ...]:
    """The items due before a date whose interest may still change."""
    rows = connection.execute(
        select(
            *ITEM,
            payment_item.c.interest_ppm,
            payment_item.c.day_count,
            payment_item.c.penalty_micros,
            payment_item.c.penalty_after_days,
            payment_item.c.interest_posted_micros,
            payment_item.c.penalty_posted,
        )
        .where(payment_item.c.accruing, payment_item.c.due_date < before)
        .order_by(payment_item.c.business_date, payment_item.c.party_no, payment_item.c.currency)
    )
    size = len(ITEM)
    return tuple(
        Charged(
            item=Item(*row[:size]),
            late=LateTerms(*row[size : size + 4]),
            interest_posted_micros=row[size + 4],
            penalty_posted=row[size + 5],
        )
        for row in rows
    )


def save_charged(
    *,
    connection: Connection,
    item_id: UUID,
    interest_posted_micros: int,
    penalty_posted: bool,
    accruing: bool,
) -> None:
    """Keep what was posted for an item's being late."""
    connection.execute(
        update(payment_item)
        .where(payment_item.c.item_id == item_id)
        .values(
            interest_posted_micros=interest_posted_micros,
            penalty_posted=penalty_posted,
            accruing=accruing,
        )
    )


def read_paid(*, connection: Connection, item_ids: Sequence[UUID]) -> dict[UUID, tuple[Paid, ...]]:
    """What changed what was paid of the items, by the bank's booking dates."""
    rows = connection.execute(
        select(allocation.c.item_id, bank_entry.c.booked_on, allocation.c.micros)
        .join_from(allocation, bank_entry, bank_entry.c.entry_id == allocation.c.entry_id)
        .where(allocation.c.item_id.in_(item_ids))
        .order_by(allocation.c.no)
    )
    found: dict[UUID, list[Paid]] = {}
    for item_id, booked_on, micros in rows:
        found.setdefault(item_id, []).append(Paid(booked_on, micros))
    return {item_id: tuple(paid) for item_id, paid in found.items()}
