"""A partner leaves: earning stops, spending goes on for its notice, the account is closed at zero.

live ──begin──▸ leaving ──notice over, prefunding back, all settled──▸ closed
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from partner_sdk.wire.amounts import format_micros
from settlement import hub
from settlement.disputes import store as disputes
from settlement.entries.service import post_entries
from settlement.risk import store
from settlement.risk.domain import RiskRefused, RunOff
from settlement.risk.service.collateral import collateral_entry
from settlement.risk.store import Exit


def compute_run_offs(*, connection: Connection, party: hub.PartyFacts) -> tuple[RunOff, ...]:
    """What the partner's points would cost, were all of them spent; by currency.

    Of every currency that the partner has an account or points in, the clearing one always and
    first. Reads every open lot, once.
    """
    outstanding = hub.read_outstanding_points(connection=connection, party_no=party.no)
    first, *others = store.read_currencies(connection=connection, party_no=party.no)
    points = {each.currency for each in outstanding}
    return tuple(
        _run_off(connection, party, currency, [o for o in outstanding if o.currency == currency])
        for currency in (first, *sorted({*others, *points} - {first}))
    )


def _run_off(
    connection: Connection,
    party: hub.PartyFacts,
    currency: str,
    outstanding: Sequence[hub.OutstandingPoints],
) -> RunOff:
    held = store.read_collateral(connection=connection, currency=currency, party_no=party.no)
    return RunOff(
        points=sum(each.pending + each.spendable for each in outstanding),
        liability_micros=sum(each.owed_micros for each in outstanding),
        prefunded_micros=held.get((party.no, "prefunding"), 0),
        account_micros=store.read_account(
            connection=connection, party_no=party.no, currency=currency
        ).balance_micros,
        currency=currency,
    )


def begin_exit(
    *,
    connection: Connection,
    party: hub.PartyFacts,
    notice_days: int,
    person: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> tuple[Exit, tuple[RunOff, ...]]:
    """Freeze earning, keep spending for the notice, and have the run-off liability prefunded.

    In each currency what its points would cost; that is kept with the exit.

    `now` is business time. Raises RiskRefused, and HubError where the state forbids it.
    """
    if party.kind != "partner" or not 1 <= notice_days <= 3660:
        raise RiskRefused("a partner leaves with a notice of 1 to 3660 days")
    store.take_turn(connection=connection)
    if store.read_exit(connection=connection, party_no=party.no) is not None:
        raise RiskRefused(f"{party.slug} is leaving already")
    # First the state: what is posted from then on is no new earning.
    hub.set_partner_state(
        connection=connection,
        party_no=party.no,
        state="leaving",
        reason=f"leaves with {notice_days} days' notice",
        now=now,
        new_id=new_id,
    )
    run_offs = compute_run_offs(connection=connection, party=party)
    zone = hub.read_coalition(connection=connection).time_zone
    made = Exit(
        party_no=party.no,
        began_at=now,
        notice_until=now.astimezone(zone).date() + timedelta(days=notice_days),
        closed_at=None,
    )
    store.insert_exit(connection=connection, made=made, run_offs=run_offs, person=person)
    post_entries(
        connection=connection,
        entries=[
            collateral_entry(
                party_no=party.no,
                purpose="prefunding",
                amount_micros=each.missing_micros,
                currency=each.currency,
                cause=f"exit:{party.slug}:begin",
                seq=seq,
                person=person,
            )
            for seq, each in enumerate(run_offs)
            if each.missing_micros
        ],
    )
    return made, run_offs


def close_exit(
    *,
    connection: Connection,
    party: hub.PartyFacts,
    person: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> tuple[str, ...]:
    """Take the next step to the end; gives what still stands in the way, nothing when closed.

    After the notice, collateral goes back to the account. Once a statement closes at zero and
    nothing is left, the partner is closed. Repeating it changes nothing more.
    """
    store.take_turn(connection=connection)
    found = store.read_exit(connection=connection, party_no=party.no)
    if found is None:
        raise RiskRefused(f"{party.slug} is not leaving; begin with: settlement exit begin")
    if found.closed_at is not None:
        return ()
    zone = hub.read_coalition(connection=connection).time_zone
    if now < hub.end_of_business_date(business_date=found.notice_until, zone=zone):
        return (f"its points can be spent until {found.notice_until}",)
    given = _give_back(connection, party, person)
    left = _left(connection, party)
    if given:
        left = (f"{given} of collateral go back with its next statement", *left)
    if left:
        return left
    hub.set_partner_state(
        connection=connection,
        party_no=party.no,
        state="closed",
        reason="the exit is settled",
        now=now,
        new_id=new_id,
    )
    store.close_exit(connection=connection, party_no=party.no, now=now)
    return ()


def _give_back(connection: Connection, party: hub.PartyFacts, person: str) -> str:
    """Give all collateral back, in every currency; tells how much, nothing if there is none."""
    given = []
    for currency in store.read_currencies(connection=connection, party_no=party.no):
        held = store.read_collateral(connection=connection, currency=currency, party_no=party.no)
        entries = [
            collateral_entry(
                party_no=party.no,
                purpose=purpose,
                amount_micros=micros,
                currency=currency,
                cause=f"exit:{party.slug}:end:{purpose}:{_round(connection, party.slug, purpose)}",
                back=True,
                person=person,
            )
            for (_, purpose), micros in held.items()
            if micros > 0
        ]
        post_entries(connection=connection, entries=entries)
        total = sum(each.amount_micros for each in entries)
        if total:
            given.append(f"{format_micros(total)} {currency}")
    return " and ".join(given)


def _round(connection: Connection, slug: str, purpose: str) -> int:
    """How often collateral of this purpose went back before: each time is a cause of its own."""
    number = 1
    while store.is_posted(connection=connection, cause=f"exit:{slug}:end:{purpose}:{number}"):
        number += 1
    return number


def _left(connection: Connection, party: hub.PartyFacts) -> tuple[str, ...]:
    left = []
    live = disputes.count_live(connection=connection, party_no=party.no)
    if live:
        left.append(f"{live} disputes are not closed")
    clearing, *others = store.read_currencies(connection=connection, party_no=party.no)
    accounts = {
        currency: store.read_account(connection=connection, party_no=party.no, currency=currency)
        for currency in (clearing, *others)
    }
    # A party has a statement in a currency for each window with business in it.
    through = max((each.through or date.min for each in accounts.values()), default=date.min)
    if hub.has_obligations_after(
        connection=connection, party_no=party.no, after=through
    ) or store.has_entries_after(connection=connection, party_no=party.no, after=through):
        left.append("there is activity that no statement has yet")
    for currency, account in accounts.items():
        if account.balance_micros:
            of = "" if currency == clearing else f" {currency}"
            left.append(f"its account stands at {format_micros(account.balance_micros)}{of}")
    return tuple(left)


__all__ = ["begin_exit", "close_exit", "compute_run_offs"]
