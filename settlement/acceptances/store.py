"""The SQL of acceptances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from partner_sdk.wire.acceptance import SignedAcceptance
from settlement.acceptances.tables import acceptance
from settlement.store.tables import statement


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


def read_accepted(*, connection: Connection, statement_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When those of the statements that are accepted were, by the hub's clock."""
    rows = connection.execute(
        select(acceptance.c.statement_id, acceptance.c.received_at).where(
            acceptance.c.statement_id == func.any(list(statement_ids))
        )
    )
    return {row.statement_id: row.received_at for row in rows}


def count_accepted(*, connection: Connection, dates: Sequence[date]) -> dict[date, int]:
    """How many statements of each of the dates are accepted."""
    rows = connection.execute(
        select(statement.c.business_date, func.count())
        .join_from(statement, acceptance, acceptance.c.statement_id == statement.c.statement_id)
        .where(statement.c.business_date == func.any(list(dates)))
        .group_by(statement.c.business_date)
    )
    return {row[0]: row[1] for row in rows}
