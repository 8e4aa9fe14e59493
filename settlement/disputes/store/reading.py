"""Reading disputes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    and_,
    case,
    func,
    or_,
    select,
)

from settlement.disputes.domain import Dispute, DisputedLine, Proposal
from settlement.disputes.tables import (
    dispute,
    dispute_event,
    dispute_evidence,
    dispute_line,
    dispute_rules,
)
from settlement.disputes.values import (
    EvidenceFacts,
    FoundLine,
    Happened,
    Rules,
    StoredDispute,
)
from settlement.store.tables import line, statement


def read_rules(*, connection: Connection) -> Rules:
    """The rules in force; those that nobody set are the usual ones."""
    row = connection.execute(
        select(
            dispute_rules.c.open_days,
            dispute_rules.c.answer_days,
            dispute_rules.c.escalate_days,
            dispute_rules.c.two_people_micros,
        )
        .order_by(dispute_rules.c.no.desc())
        .limit(1)
    ).one_or_none()
    return Rules() if row is None else Rules(*row)


def find_lines(
    *,
    connection: Connection,
    business_date: date,
    party_no: int,
    currency: str | None,
    numbers: Sequence[int],
) -> dict[int, FoundLine]:
    """Lines of movements of a party's statement, by number, with the other party's line.

    Only those that owe an amount: others have no counterparty. `currency` is the statement's,
    None for the clearing one; what was converted into it counts in it.
    """
    own, theirs = line.alias("own"), line.alias("theirs")
    rows = connection.execute(
        select(
            own.c.line_no,
            theirs.c.line_no,
            own.c.movement_id,
            own.c.seq,
            own.c.kind,
            own.c.counterparty,
            func.coalesce(own.c.settlement_micros, own.c.net_micros),
        )
        .join_from(
            own,
            theirs,
            and_(
                theirs.c.movement_id == own.c.movement_id,
                theirs.c.seq == own.c.seq,
                theirs.c.party_no == own.c.counterparty,
                _stated_in(theirs).is_not_distinct_from(_stated_in(own)),
            ),
        )
        .where(
            own.c.window_date == business_date,
            own.c.party_no == party_no,
            own.c.line_no.in_(numbers),
            _stated_in(own).is_not_distinct_from(currency),
        )
    )
    return {row[0]: FoundLine(*row) for row in rows}


def _stated_in(of: FromClause) -> ColumnElement[str | None]:
    """The currency of the statement that a line is on; NULL for the clearing one."""
    return case((of.c.settlement_micros.is_(None), of.c.currency))


def read_statement_id(
    *, connection: Connection, business_date: date, party_no: int, currency: str
) -> str | None:
    """The public id of a party's statement of a date in a currency."""
    found: str | None = connection.scalar(
        select(statement.c.public_id).where(
            statement.c.business_date == business_date,
            statement.c.party_no == party_no,
            statement.c.currency == currency,
        )
    )
    return found


def find(*, connection: Connection, dispute_id: UUID, lock: bool = False) -> StoredDispute | None:
    """A dispute; locked until the transaction ends, if asked for."""
    query = select(dispute).where(dispute.c.dispute_id == dispute_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        return None
    (found,) = _with_lines(connection, [row])
    return found


def list_disputes(
    *,
    connection: Connection,
    party_no: int | None,
    state: str | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[StoredDispute]:
    """Disputes of a party (on either side), or all, newest first, below the id `after`."""
    query = select(dispute).order_by(dispute.c.dispute_id.desc()).limit(limit)
    if party_no is not None:
        query = query.where(or_(dispute.c.claimant == party_no, dispute.c.respondent == party_no))
    if state is not None:
        query = query.where(dispute.c.state == state)
    if after is not None:
        query = query.where(dispute.c.dispute_id < after)
    return _with_lines(connection, connection.execute(query).all())


def read_due(*, connection: Connection, until: datetime, limit: int) -> list[UUID]:
    """Disputes whose default outcome came about up to and with `until`, oldest first."""
    return list(
        connection.scalars(
            select(dispute.c.dispute_id)
            .where(dispute.c.due_at <= until)
            .order_by(dispute.c.dispute_id)
            .limit(limit)
        )
    )


def count_live(*, connection: Connection, party_no: int) -> int:
    """How many disputes of a party, on either side, are not closed."""
    return int(
        connection.execute(
            select(func.count()).where(
                dispute.c.state != "closed",
                or_(dispute.c.claimant == party_no, dispute.c.respondent == party_no),
            )
        ).scalar_one()
    )


def read_events(*, connection: Connection, dispute_id: UUID) -> list[Happened]:
    """What happened in a dispute, oldest first."""
    rows = connection.execute(
        select(
            dispute_event.c.kind,
            dispute_event.c.party,
            dispute_event.c.person,
            dispute_event.c.text,
            dispute_event.c.request_id,
            dispute_event.c.facts,
            dispute_event.c.happened_at,
        )
        .where(dispute_event.c.dispute_id == dispute_id)
        .order_by(dispute_event.c.no)
    )
    return [Happened(*row) for row in rows]


def read_evidence(*, connection: Connection, dispute_id: UUID) -> list[EvidenceFacts]:
    """The evidence of a dispute, without its bytes."""
    rows = connection.execute(
        select(
            dispute_evidence.c.no,
            dispute_evidence.c.party,
            dispute_evidence.c.name,
            dispute_evidence.c.sha256,
            func.octet_length(dispute_evidence.c.content),
            dispute_evidence.c.reference,
        )
        .where(dispute_evidence.c.dispute_id == dispute_id)
        .order_by(dispute_evidence.c.no)
    )
    return [EvidenceFacts(*row) for row in rows]


def read_content(*, connection: Connection, dispute_id: UUID, no: int) -> bytes | None:
    """The bytes of a piece of evidence, if they are here."""
    content: bytes | None = connection.scalar(
        select(dispute_evidence.c.content).where(
            dispute_evidence.c.dispute_id == dispute_id, dispute_evidence.c.no == no
        )
    )
    return content


def _with_lines(connection: Connection, rows: Sequence[Row[Any]]) -> list[StoredDispute]:
    if not rows:
        return []
    lines: dict[UUID, list[DisputedLine]] = {}
    for row in connection.execute(
        select(
            dispute_line.c.dispute_id,
            dispute_line.c.claimant_line,
            dispute_line.c.respondent_line,
            dispute_line.c.kind,
            dispute_line.c.debtor,
            dispute_line.c.creditor,
            dispute_line.c.withheld_micros,
            dispute_line.c.upheld_micros,
        )
        .where(dispute_line.c.dispute_id.in_([row.dispute_id for row in rows]))
        .order_by(dispute_line.c.dispute_id, dispute_line.c.place)
    ):
        lines.setdefault(row[0], []).append(DisputedLine(*row[1:]))
    return [_stored(row, lines[row.dispute_id]) for row in rows]


def _stored(row: Row[Any], lines: Sequence[DisputedLine]) -> StoredDispute:
    proposal = None
    if row.proposal is not None and row.state != "closed":
        proposal = Proposal(tuple(row.proposal), row.proposed_by)
    return StoredDispute(
        dispute_id=row.dispute_id,
        business_date=row.business_date,
        reason=row.reason,
        dispute=Dispute(
            claimant=row.claimant,
            respondent=row.respondent,
            currency=row.currency,
            lines=tuple(lines),
            state=row.state,
            due_at=row.due_at,
            proposal=proposal,
            outcome=row.outcome,
            closed_by=row.closed_by,
        ),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        ruled_by=row.ruled_by,
    )
