"""What every act on a dispute does: it is recorded, entries are posted, subscribers are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import Money
from settlement import hub
from settlement.disputes import store
from settlement.disputes.domain import Move
from settlement.disputes.values import Act, Happened, StoredDispute
from settlement.entries.domain import LineOf, NewEntry
from settlement.entries.service import post_entries


def record(act: Act, dispute_id: UUID, kind: str, text: str, facts: Mapping[str, Any]) -> None:
    store.insert_event(
        connection=act.connection,
        dispute_id=dispute_id,
        happened=Happened(
            kind=kind,
            party=act.party,
            person=act.person,
            text=text,
            request_id=act.request_id,
            facts=facts,
            happened_at=act.now,
        ),
        wall=act.wall,
    )


def post(act: Act, stored: StoredDispute, moves: Sequence[Move]) -> None:
    dispute = stored.dispute
    public_id = ids.encode("dsp", stored.dispute_id)
    entries = []
    for move in moves:
        of = dispute.lines[move.line]
        entries.append(
            NewEntry(
                kind=move.kind,
                debtor=move.debtor,
                creditor=move.creditor,
                amount_micros=move.amount_micros,
                currency=dispute.currency,
                cause=f"dispute:{public_id}",
                seq=move.line,
                adjusts={
                    dispute.claimant: LineOf(stored.business_date, of.claimant_line),
                    dispute.respondent: LineOf(stored.business_date, of.respondent_line),
                },
                reason=stored.reason,
                about={"dispute": public_id, "dispute_uuid": str(stored.dispute_id)},
            )
        )
    if act.later is None:
        post_entries(connection=act.connection, entries=entries)
    else:
        act.later.extend(entries)


def announce(act: Act, stored: StoredDispute, event: str, parties: Sequence[int]) -> None:
    dispute = stored.dispute
    payload = {
        "dispute": ids.encode("dsp", stored.dispute_id),
        "state": dispute.state,
        "outcome": dispute.outcome,
        "reason": stored.reason,
        "withheld": Money(dispute.withheld_micros, dispute.currency).to_wire(),
        "upheld": Money(dispute.upheld_micros, dispute.currency).to_wire(),
        "window": ids.encode_window(stored.business_date),
    }
    hub.announce(
        connection=act.connection,
        type=event,
        payloads=[(party, payload) for party in parties],
        now=act.now,
        new_id=act.new_id,
    )


def days_from(act: Act, days: int) -> datetime:
    zone = hub.read_coalition(connection=act.connection).time_zone
    today = act.now.astimezone(zone).date()
    return hub.end_of_business_date(business_date=today + timedelta(days=days), zone=zone)


def end_of(connection: Connection, day: date, days: int) -> datetime:
    zone = hub.read_coalition(connection=connection).time_zone
    return hub.end_of_business_date(business_date=day + timedelta(days=days), zone=zone)
