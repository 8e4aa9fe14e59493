"""What a release asks for and pays out, and making it so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from settlement.payments.domain.items import Due, dues_of
from settlement.payments.domain.planning import Plan, plan_payments
from settlement.payments.service import matching
from settlement.payments.service.terms import read_terms
from settlement.payments.store import accounts, instructions, items, set_off
from settlement.risk.store import read_defaulted
from settlement.store import nets


def plan_release(*, connection: Connection, business_date: date, proposed_on: date) -> Plan:
    """What releasing a window would ask for and pay out, as everything stands now."""
    defaulted = read_defaulted(connection=connection)
    return plan_payments(
        business_date=business_date,
        proposed_on=proposed_on,
        dues=read_dues(connection=connection, business_date=business_date),
        uninstructed=instructions.read_uninstructed(connection=connection),
        terms=read_terms(connection=connection),
        accounts={
            currency: each.account
            for currency, each in accounts.read_accounts(connection=connection).items()
        },
        defaulted=defaulted,
        owed=set_off.read_owed(connection=connection, party_nos=defaulted),
    )


def read_dues(*, connection: Connection, business_date: date) -> tuple[Due, ...]:
    """What a window leaves to be paid, in every currency that it has.

    It is the parties' positions, and what each came to owe the clearing house or be owed by it
    beside payments: collateral, and what stands in for a party in default.
    """
    dues: list[Due] = []
    for currency in nets.read_currencies(connection=connection, business_date=business_date):
        positions = nets.read_positions(
            connection=connection, business_date=business_date, currency=currency
        )
        with_clearing = items.read_clearing_dues(
            connection=connection, business_date=business_date, currency=currency
        )
        dues.extend(dues_of(positions=positions, with_clearing=with_clearing, currency=currency))
    return tuple(dues)


def make_payments(
    *,
    connection: Connection,
    release_id: UUID,
    business_date: date,
    released_on: date,
    plan: Plan,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Write a release's items and instructions; what parties have on account pays them first.

    A window of which nothing is open is settled by it.
    """
    accounts.lock_payments(connection=connection)
    items.insert_items(
        connection=connection,
        release_id=release_id,
        released_on=released_on,
        items=[(new_id(), each) for each in plan.items],
    )
    instructions.insert_instructions(
        connection=connection, release_id=release_id, instructions=plan.instructions
    )
    touched = set_off.insert_set_off(
        connection=connection, release_id=release_id, parts=plan.set_off
    )
    for party_no, currency in sorted({(i.party_no, i.currency) for i in plan.items}):
        matching.use_rests(connection=connection, party_no=party_no, currency=currency, now=now)
    matching.settle_windows(connection=connection, dates=[business_date, *touched])
