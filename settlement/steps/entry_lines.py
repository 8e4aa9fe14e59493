"""The lines of entries, for the bundle of one party."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from partner_sdk.wire import ids
from settlement import hub
from settlement.entries import store
from settlement.entries.domain import EntryLine
from settlement.rendering import LineRow, entry_row
from settlement.store.statements import Plan
from settlement.store.stream import offset_seconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER_SECONDS = 900


def read_entry_rows(
    *, connection: Connection, plan: Plan, parties: Mapping[int, hub.PartyFacts]
) -> list[LineRow]:
    """The rows of a statement's entries, in the order of their lines; none costs nothing."""
    if not plan.entry_lines:
        return []
    found = store.read_entry_lines(
        connection=connection,
        business_date=plan.business_date,
        party_no=plan.party_no,
        currency=plan.currency,
    )
    return [_row(each, plan.party_no, parties) for each in found]


def _row(line: EntryLine, party_no: int, parties: Mapping[int, hub.PartyFacts]) -> LineRow:
    entry = line.entry
    at_us = (entry.business_at - _EPOCH) // timedelta(microseconds=1)
    zone = parties[party_no].time_zone
    adjusts = None
    if line.adjusts is not None and line.adjusts_statement is not None:
        adjusts = (line.adjusts_statement, line.adjusts.line_no)
    return entry_row(
        entry_id=ids.encode("ent", entry.entry_id),
        kind=entry.kind,
        counterparty=parties[entry.other_than(party_no)].slug,
        net_micros=entry.net_of(party_no),
        reason=entry.about.get("reason") or entry.cause,
        reference=entry.about.get("reference"),
        at_us=at_us,
        offset_s=offset_seconds(zone, at_us // (_QUARTER_SECONDS * 1_000_000)),
        adjusts=adjusts,
        dispute=entry.about.get("dispute"),
    )
