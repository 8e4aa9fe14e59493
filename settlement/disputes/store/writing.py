"""Writing disputes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from settlement.disputes.domain import Dispute
from settlement.disputes.tables import (
    dispute,
    dispute_event,
    dispute_evidence,
    dispute_line,
    dispute_rules,
)
from settlement.disputes.values import Evidence, FoundLine, Happened, Rules


def insert_rules(*, connection: Connection, rules: Rules, person: str, now: datetime) -> None:
    """Put rules into force; `now` is wall time."""
    connection.execute(
        insert(dispute_rules).values(
            open_days=rules.open_days,
            answer_days=rules.answer_days,
            escalate_days=rules.escalate_days,
            two_people_micros=rules.two_people_micros,
            person=person,
            recorded_at=now,
        )
    )


def insert_dispute(
    *,
    connection: Connection,
    dispute_id: UUID,
    business_date: date,
    reason: str,
    made: Dispute,
    found: Sequence[FoundLine],
    now: datetime,
) -> tuple[int, ...]:
    """Write a dispute and its lines; gives the places of lines that are disputed already.

    `found` are the lines that `made` has, in its order; `now` is business time. If any line is
    taken, the transaction is not to be kept.
    """
    connection.execute(
        insert(dispute).values(
            dispute_id=dispute_id,
            business_date=business_date,
            claimant=made.claimant,
            respondent=made.respondent,
            currency=made.currency,
            reason=reason,
            state=made.state,
            due_at=made.due_at,
            opened_at=now,
        )
    )
    rows = [
        {
            "dispute_id": dispute_id,
            "place": place,
            "claimant_line": each.claimant_line,
            "respondent_line": each.respondent_line,
            "movement_id": of.movement_id,
            "seq": of.seq,
            "kind": each.kind,
            "debtor": each.debtor,
            "creditor": each.creditor,
            "line_micros": abs(of.net_micros),
            "withheld_micros": each.withheld_micros,
        }
        for place, (each, of) in enumerate(zip(made.lines, found, strict=True))
    ]
    # In the order of the key, so that two who dispute the same lines do not wait in a circle.
    rows.sort(key=lambda row: (row["movement_id"], row["seq"]))
    written = {
        place
        for row in rows
        for place in connection.scalars(
            upsert(dispute_line)
            .values(**row)
            .on_conflict_do_nothing(index_elements=["movement_id", "seq"])
            .returning(dispute_line.c.place)
        )
    }
    return tuple(place for place in range(len(rows)) if place not in written)


def save(
    *,
    connection: Connection,
    dispute_id: UUID,
    found: Dispute,
    ruled_by: str | None,
    keep_proposal: bool,
    now: datetime,
) -> None:
    """Write how a dispute stands; `now` is business time.

    A proposal that was confirmed stays on file with the person who made it.
    """
    closed = found.state == "closed"
    values: dict[str, Any] = {
        "state": found.state,
        "due_at": found.due_at,
        "outcome": found.outcome,
        "closed_by": found.closed_by,
        "closed_at": now if closed else None,
        "ruled_by": ruled_by,
    }
    if found.proposal is not None:
        values |= {
            "proposal": list(found.proposal.upheld),
            "proposed_by": found.proposal.person,
        }
    elif not keep_proposal:
        values |= {"proposal": None, "proposed_by": None}
    connection.execute(update(dispute).where(dispute.c.dispute_id == dispute_id).values(**values))
    if closed:
        for place, each in enumerate(found.lines):
            undone = each.upheld_micros or 0
            connection.execute(
                update(dispute_line)
                .where(dispute_line.c.dispute_id == dispute_id, dispute_line.c.place == place)
                .values(upheld_micros=undone, rejected_micros=each.withheld_micros - undone)
            )


def insert_event(
    *, connection: Connection, dispute_id: UUID, happened: Happened, wall: datetime
) -> None:
    """Record what happened; `wall` is wall time."""
    connection.execute(
        insert(dispute_event).values(
            dispute_id=dispute_id,
            kind=happened.kind,
            party=happened.party,
            person=happened.person,
            text=happened.text,
            request_id=happened.request_id,
            facts=dict(happened.facts),
            happened_at=happened.happened_at,
            recorded_at=wall,
        )
    )


def insert_evidence(
    *, connection: Connection, dispute_id: UUID, party_no: int, pieces: Sequence[Evidence]
) -> None:
    """Keep what a party shows; the dispute is locked."""
    first = connection.execute(
        select(func.count()).where(dispute_evidence.c.dispute_id == dispute_id)
    ).scalar_one()
    rows = [
        {
            "dispute_id": dispute_id,
            "no": no,
            "party": party_no,
            "name": each.name,
            "sha256": each.sha256,
            "content": each.content,
            "reference": each.reference,
        }
        for no, each in enumerate(pieces, first + 1)
    ]
    if rows:
        connection.execute(insert(dispute_evidence), rows)
