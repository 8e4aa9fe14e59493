"""The SQL of certifications."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select

from coalition.checkouts.certification.domain import (
    MOST_KEPT,
    Certification,
    case_documents,
    cases_of,
)
from coalition.checkouts.tables import certification
from coalition.db.locks import CERTIFICATION


def begin_run(*, connection: Connection, connection_no: int) -> bool:
    """Keep other runs of this connection out until the transaction ends; False: one is on."""
    found = select(func.pg_try_advisory_xact_lock(CERTIFICATION, connection_no))
    return bool(connection.execute(found).scalar_one())


def insert_certification(*, connection: Connection, made: Certification) -> None:
    """Write a run down, and forget the oldest beyond those that are kept."""
    connection.execute(
        insert(certification).values(
            certification_id=made.id,
            connection_no=made.connection_no,
            finished_at=made.finished_at,
            passed=made.passed,
            report={"of": made.of, "cases": case_documents(made.cases)},
        )
    )
    of_it = certification.c.connection_no == made.connection_no
    newest = (
        select(certification.c.certification_id)
        .where(of_it)
        .order_by(certification.c.certification_id.desc())
        .limit(MOST_KEPT)
    )
    connection.execute(
        delete(certification).where(of_it, certification.c.certification_id.not_in(newest))
    )


def list_certifications(
    *, connection: Connection, connection_no: int, before: UUID | None, limit: int
) -> list[Certification]:
    """Runs of a connection, newest first."""
    found = select(certification).where(certification.c.connection_no == connection_no)
    if before is not None:
        found = found.where(certification.c.certification_id < before)
    rows = connection.execute(found.order_by(certification.c.certification_id.desc()).limit(limit))
    return [_certification(row) for row in rows]


def find_certification(
    *, connection: Connection, connection_no: int, certification_id: UUID
) -> Certification | None:
    """A run of a connection."""
    row = connection.execute(
        select(certification).where(
            certification.c.connection_no == connection_no,
            certification.c.certification_id == certification_id,
        )
    ).one_or_none()
    return None if row is None else _certification(row)


def _certification(row: Any) -> Certification:
    return Certification(
        id=row.certification_id,
        connection_no=row.connection_no,
        finished_at=row.finished_at,
        cases=cases_of(row.report["cases"]),
        of=row.report["of"],
    )
