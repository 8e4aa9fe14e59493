"""What being late costs: posted once for each business date, to the micro.

Whoever is in default is charged no more: what it owes is borne by others.

An item's interest is always computed whole, from its due date on and by the bank's booking dates;
what was posted before is taken off. So a payment that a bank tells of late is made good by itself.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection

from partner_sdk.wire import ids
from settlement import hub
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries
from settlement.payments.domain.aging import days_overdue
from settlement.payments.domain.interest import interest_micros, penalty_micros
from settlement.payments.store import accounts
from settlement.payments.store import late as store
from settlement.payments.store.late import Charged
from settlement.risk.store import read_defaulted


def charge_late(*, connection: Connection, business_date: date) -> dict[str, int]:
    """Post what overdue items cost to the end of a business date; gives counts and sums."""
    accounts.lock_payments(connection=connection)
    defaulted = read_defaulted(connection=connection)
    charged = [
        each
        for each in store.read_charged(connection=connection, before=business_date)
        if each.item.party_no not in defaulted
    ]
    paid = store.read_paid(connection=connection, item_ids=[each.item.item_id for each in charged])
    (operator,) = (
        party.no for party in hub.read_parties(connection=connection) if party.kind == "operator"
    )
    new: list[NewEntry] = []
    interest = penalties = 0
    for each in charged:
        item = each.item
        due = interest_micros(
            amount_micros=item.amount_micros,
            due_date=item.due_date,
            payments=paid.get(item.item_id, ()),
            through=business_date,
            terms=each.late,
        )
        penalty = 0
        if not each.penalty_posted:
            penalty = penalty_micros(
                open_micros=item.open_micros,
                due_date=item.due_date,
                on=business_date,
                terms=each.late,
            )
        change = due - each.interest_posted_micros
        if item.party_no != operator:
            new.extend(_entries(each, change, penalty, business_date, operator))
            interest += change
            penalties += penalty
        store.save_charged(
            connection=connection,
            item_id=item.item_id,
            interest_posted_micros=due,
            penalty_posted=each.penalty_posted or penalty > 0,
            accruing=item.open_micros > 0,
        )
    post_entries(connection=connection, entries=new)
    return {
        "overdue": len(charged),
        "interest_micros": interest,
        "penalty_micros": penalties,
    }


def _entries(
    charged: Charged, change: int, penalty: int, business_date: date, operator: int
) -> list[NewEntry]:
    item = charged.item
    cause = ids.encode("pay", item.item_id)
    days = days_overdue(due_date=item.due_date, on=business_date)
    new = []
    if change:
        new.append(
            NewEntry(
                kind="interest",
                # What was taken too much, because a payment was told of late, goes back.
                debtor=item.party_no if change > 0 else operator,
                creditor=operator if change > 0 else item.party_no,
                amount_micros=abs(change),
                currency=item.currency,
                cause=f"interest:{cause}",
                seq=days,
                reference=item.reference,
                reason=f"interest to {business_date}",
                about={
                    "rate_ppm": charged.late.interest_ppm,
                    "day_count": charged.late.day_count,
                    "due_date": item.due_date.isoformat(),
                    "days_overdue": days,
                    "open_micros": item.open_micros,
                },
            )
        )
    if penalty:
        new.append(
            NewEntry(
                kind="penalty",
                debtor=item.party_no,
                creditor=operator,
                amount_micros=penalty,
                currency=item.currency,
                cause=f"penalty:{cause}",
                reference=item.reference,
                reason=f"more than {charged.late.penalty_after_days} days late",
                about={
                    "due_date": item.due_date.isoformat(),
                    "since": (
                        item.due_date + timedelta(days=charged.late.penalty_after_days + 1)
                    ).isoformat(),
                },
            )
        )
    return new
