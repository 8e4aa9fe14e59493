"""What a party in default is owed, set off against what it owes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from settlement.payments.domain.planning import Owed, SetOff
from settlement.payments.store.items import OPEN
from settlement.payments.tables import payment_item, set_off


def read_owed(*, connection: Connection, party_nos: Collection[int]) -> tuple[Owed, ...]:
    """What those parties have not paid of their items, the oldest first."""
    if not party_nos:
        return ()
    rows = connection.execute(
        select(
            payment_item.c.reference,
            payment_item.c.business_date,
            payment_item.c.party_no,
            payment_item.c.currency,
            payment_item.c.amount_micros - payment_item.c.paid_micros,
        )
        .where(payment_item.c.direction == "collect", payment_item.c.party_no.in_(party_nos), OPEN)
        .order_by(payment_item.c.business_date, payment_item.c.party_no, payment_item.c.currency)
    )
    return tuple(Owed(*row) for row in rows)


def insert_set_off(
    *, connection: Connection, release_id: UUID, parts: Sequence[SetOff]
) -> tuple[date, ...]:
    """Set off what a release says, on both items; gives the windows that it touched."""
    references = {name for each in parts for name in (each.pay_reference, each.collect_reference)}
    if not references:
        return ()
    found = {
        row.reference: row
        for row in connection.execute(
            select(
                payment_item.c.reference, payment_item.c.item_id, payment_item.c.business_date
            ).where(payment_item.c.reference.in_(references))
        )
    }
    connection.execute(
        insert(set_off),
        [
            {
                "release_id": release_id,
                "pay_item_id": found[each.pay_reference].item_id,
                "collect_item_id": found[each.collect_reference].item_id,
                "micros": each.amount_micros,
            }
            for each in parts
        ],
    )
    for each in parts:
        # What was set off is told to no bank any more.
        for name, instructed in (
            (each.pay_reference, each.amount_micros),
            (each.collect_reference, 0),
        ):
            connection.execute(
                update(payment_item)
                .where(payment_item.c.reference == name)
                .values(
                    paid_micros=payment_item.c.paid_micros + each.amount_micros,
                    instructed_micros=payment_item.c.instructed_micros + instructed,
                )
            )
    return tuple(row.business_date for row in found.values())
