"""Statements: planned with their numbers, issued with their bytes, published for all to fetch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from settlement.store.tables import statement, without_timestamp


@dataclass(frozen=True, slots=True)
class Balance:
    """Where a party's account stands after its newest statement."""

    statement_id: UUID
    no: int
    closing_micros: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a statement that is known before it is written. Amounts are micros."""

    statement_id: UUID
    public_id: str
    business_date: date
    party_no: int
    no: int
    previous_id: UUID | None
    currency: str
    opening_micros: int
    net_micros: int
    closing_micros: int
    lines: int
    rounding_lines: int
    entry_lines: int = 0

    @property
    def all_lines(self) -> int:
        """Lines of the statement: of movements, of entries, of rounding."""
        return self.lines + self.entry_lines + self.rounding_lines


@dataclass(frozen=True, slots=True)
class Issued:
    """What writing a bundle added: the SHA-256 of statement.json and the Merkle root are hex."""

    issued_at: datetime
    sha256: str
    merkle_root: str
    path: str
    bytes: int


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """A statement as it stands in the books; `issued` is None while it is only planned."""

    plan: Plan
    issued: Issued | None
    published_at: datetime | None


_PLAN = (
    statement.c.statement_id,
    statement.c.public_id,
    statement.c.business_date,
    statement.c.party_no,
    statement.c.no,
    statement.c.previous_id,
    statement.c.currency,
    statement.c.opening_micros,
    statement.c.net_micros,
    statement.c.closing_micros,
    statement.c.lines,
    statement.c.rounding_lines,
    statement.c.entry_lines,
)
_ALL = (
    *_PLAN,
    statement.c.issued_at,
    statement.c.sha256,
    statement.c.merkle_root,
    statement.c.path,
    statement.c.bytes,
    statement.c.published_at,
)


def read_balances(*, connection: Connection) -> dict[tuple[int, str], Balance]:
    """Each party's newest statement in each currency: what its next one continues."""
    rows = connection.execute(
        select(
            statement.c.party_no,
            statement.c.currency,
            statement.c.statement_id,
            statement.c.no,
            statement.c.closing_micros,
        )
        .ext(distinct_on(statement.c.party_no, statement.c.currency))
        .order_by(statement.c.party_no, statement.c.currency, statement.c.no.desc())
    )
    return {(party_no, currency): Balance(*rest) for party_no, currency, *rest in rows}


def insert_plans(*, connection: Connection, plans: Iterable[Plan]) -> None:
    """Plan the statements of a window."""
    rows = [{column.name: getattr(plan, column.name) for column in _PLAN} for plan in plans]
    if rows:
        connection.execute(insert(statement), rows)


def is_planned(*, connection: Connection, business_date: date) -> bool:
    """Whether the statements of the window are planned."""
    return (
        connection.scalar(
            select(statement.c.no).where(statement.c.business_date == business_date).limit(1)
        )
        is not None
    )


def read_planned(*, connection: Connection, business_date: date) -> tuple[Plan, ...]:
    """The statements of the window that are still to be written."""
    rows = connection.execute(
        select(*_PLAN)
        .where(statement.c.business_date == business_date, statement.c.issued_at.is_(None))
        .order_by(statement.c.party_no, statement.c.currency)
    )
    return tuple(_planned(row) for row in rows)


def take_planned(*, connection: Connection, statement_id: UUID) -> bool:
    """Take a statement to write it; False if another process has taken or written it.

    It is free again when the transaction ends, for whoever then finds it not written.
    """
    found = connection.scalar(
        select(statement.c.no)
        .where(statement.c.statement_id == statement_id, statement.c.issued_at.is_(None))
        .with_for_update(skip_locked=True)
    )
    return found is not None


def count_planned(*, connection: Connection, business_date: date) -> int:
    """How many statements of the window are still to be written."""
    return int(
        connection.scalar(
            select(func.count()).where(
                statement.c.business_date == business_date, statement.c.issued_at.is_(None)
            )
        )
        or 0
    )


def mark_issued(*, connection: Connection, statement_id: UUID, issued: Issued) -> None:
    """Record what a statement's bundle holds."""
    connection.execute(
        update(statement)
        .where(statement.c.statement_id == statement_id)
        .values(
            issued_at=issued.issued_at,
            sha256=issued.sha256,
            merkle_root=issued.merkle_root,
            path=issued.path,
            bytes=issued.bytes,
        )
    )


def mark_unwritten(*, connection: Connection, statement_ids: Sequence[UUID]) -> None:
    """Plan unpublished statements again whose files did not survive a crash of the machine."""
    connection.execute(
        update(statement)
        .where(statement.c.statement_id.in_(statement_ids), statement.c.published_at.is_(None))
        .values(issued_at=None, sha256=None, merkle_root=None, path=None, bytes=None)
    )


def mark_published(*, connection: Connection, business_date: date, published_at: datetime) -> int:
    """Open the window's statements to their parties; gives how many."""
    return connection.execute(
        update(statement)
        .where(statement.c.business_date == business_date, statement.c.published_at.is_(None))
        .values(published_at=published_at)
    ).rowcount


def read_window_statements(
    *, connection: Connection, business_date: date
) -> tuple[StoredStatement, ...]:
    """The statements of a window, by party number and currency."""
    rows = connection.execute(
        select(*_ALL)
        .where(statement.c.business_date == business_date)
        .order_by(statement.c.party_no, statement.c.currency)
    )
    return tuple(_stored(row) for row in rows)


def read_statement(*, connection: Connection, statement_id: UUID) -> StoredStatement | None:
    """One statement, in whatever state."""
    row = connection.execute(
        select(*_ALL).where(statement.c.statement_id == statement_id)
    ).one_or_none()
    return None if row is None else _stored(row)


def read_hashes(*, connection: Connection, statement_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The SHA-256 (hex) of issued statements, by id."""
    rows = connection.execute(
        select(statement.c.statement_id, statement.c.sha256).where(
            statement.c.statement_id.in_(statement_ids), statement.c.sha256.is_not(None)
        )
    )
    return {row.statement_id: row.sha256 for row in rows}


def read_published(
    *,
    connection: Connection,
    party_no: int | None,
    after: tuple[date, int, str] | None,
    limit: int,
) -> tuple[StoredStatement, ...]:
    """Published statements, newest date first, of one party or of all.

    `after` is the date, party number and currency of the last one seen.
    """
    query = (
        select(*_ALL)
        .where(statement.c.published_at.is_not(None))
        .order_by(statement.c.business_date.desc(), statement.c.party_no, statement.c.currency)
        .limit(limit)
    )
    if party_no is not None:
        query = query.where(statement.c.party_no == party_no)
    if after is not None:
        day, *rest = after
        query = query.where(
            statement.c.business_date <= day,
            (statement.c.business_date < day)
            | (tuple_(statement.c.party_no, statement.c.currency) > tuple_(*rest)),
        )
    return tuple(_stored(row) for row in connection.execute(query))


def _stored(row: Any) -> StoredStatement:
    issued = None
    if row.issued_at is not None:
        issued = Issued(
            issued_at=row.issued_at,
            sha256=row.sha256,
            merkle_root=row.merkle_root,
            path=row.path,
            bytes=row.bytes,
        )
    return StoredStatement(plan=_planned(row), issued=issued, published_at=row.published_at)


def _planned(row: Any) -> Plan:
    values = row._mapping
    return Plan(**{column.name: values[column.name] for column in _PLAN})


def mark_without_timestamp(*, connection: Connection, plan: Plan, signed_at: datetime) -> None:
    """Note that a statement's PDF should have a timestamp and has none."""
    connection.execute(
        upsert(without_timestamp)
        .values(
            statement_id=plan.statement_id, business_date=plan.business_date, signed_at=signed_at
        )
        .on_conflict_do_nothing()
    )


def count_without_timestamp(
    *, connection: Connection, dates: Sequence[date] | None = None
) -> dict[date, int]:
    """How many statements of the dates (or of all) are without the timestamp they should have."""
    query = select(without_timestamp.c.business_date, func.count()).group_by(
        without_timestamp.c.business_date
    )
    if dates is not None:
        query = query.where(without_timestamp.c.business_date == func.any(list(dates)))
    return {row[0]: row[1] for row in connection.execute(query)}
