"""The SQL of acceptances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, FromClause, func, select, union_all
from sqlalchemy.dialects.postgresql import insert

from partner_sdk.wire.acceptance import SignedAcceptance
from settlement.acceptances.tables import acceptance, pdf_acceptance
from settlement.store.tables import statement


@dataclass(frozen=True, slots=True)
class PdfAcceptance:
    """A PDF that a party signed: what it added to ours, by whom, when (its clock's, and ours)."""

    added: bytes
    sha256: str
    certificate: bytes
    subject: str
    signed_at: datetime | None
    received_at: datetime


def insert_acceptance(
    *,
    connection: Connection,
    statement_id: UUID,
    party_no: int,
    key_id: UUID,
    public_key: bytes,
    signed: SignedAcceptance,
    accepted_at: datetime,
    received_at: datetime,
) -> None:
    """Keep an acceptance; the first of a statement stays."""
    connection.execute(
        insert(acceptance)
        .values(
            statement_id=statement_id,
            party_no=party_no,
            key_id=key_id,
            public_key=public_key,
            content=signed.content,
            signature=signed.signature,
            accepted_at=accepted_at,
            received_at=received_at,
        )
        .on_conflict_do_nothing()
    )


def read_acceptance(*, connection: Connection, statement_id: UUID) -> SignedAcceptance | None:
    """The acceptance of a statement, if there is one."""
    row = connection.execute(
        select(acceptance.c.content, acceptance.c.signature).where(
            acceptance.c.statement_id == statement_id
        )
    ).one_or_none()
    return None if row is None else SignedAcceptance(row.content, bytes(row.signature))


def insert_pdf_acceptance(
    *, connection: Connection, statement_id: UUID, party_no: int, signed: PdfAcceptance
) -> None:
    """Keep a signed PDF; the first of a statement stays."""
    connection.execute(
        insert(pdf_acceptance)
        .values(statement_id=statement_id, party_no=party_no, **asdict(signed))
        .on_conflict_do_nothing()
    )


def read_pdf_acceptance(*, connection: Connection, statement_id: UUID) -> PdfAcceptance | None:
    """The PDF by which a statement was accepted, if it was by one."""
    row = connection.execute(
        select(
            pdf_acceptance.c.added,
            pdf_acceptance.c.sha256,
            pdf_acceptance.c.certificate,
            pdf_acceptance.c.subject,
            pdf_acceptance.c.signed_at,
            pdf_acceptance.c.received_at,
        ).where(pdf_acceptance.c.statement_id == statement_id)
    ).one_or_none()
    return None if row is None else PdfAcceptance(bytes(row[0]), row[1], bytes(row[2]), *row[3:])


def _both() -> FromClause:
    """Every acceptance, by a signed JSON or a signed PDF: statement_id, received_at."""
    return union_all(
        *(
            select(table.c.statement_id, table.c.received_at)
            for table in (acceptance, pdf_acceptance)
        )
    ).subquery("accepted")


def read_accepted(*, connection: Connection, statement_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When those of the statements that are accepted were, by the hub's clock."""
    accepted = _both()
    rows = connection.execute(
        select(accepted.c.statement_id, func.min(accepted.c.received_at))
        .where(accepted.c.statement_id == func.any(list(statement_ids)))
        .group_by(accepted.c.statement_id)
    )
    return {row[0]: row[1] for row in rows}


def count_accepted(*, connection: Connection, dates: Sequence[date]) -> dict[date, int]:
    """How many statements of each of the dates are accepted."""
    accepted = _both()
    rows = connection.execute(
        select(statement.c.business_date, func.count(accepted.c.statement_id.distinct()))
        .join_from(statement, accepted, accepted.c.statement_id == statement.c.statement_id)
        .where(statement.c.business_date == func.any(list(dates)))
        .group_by(statement.c.business_date)
    )
    return {row[0]: row[1] for row in rows}
