"""Agreements and face values in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select

from coalition.agreements.domain import Agreement
from coalition.agreements.reading import parse_terms
from coalition.agreements.tables import agreement, face_value


def load_agreements(*, connection: Connection, party_no: int | None = None) -> list[Agreement]:
    """All versions of all parties, or of one, by party and start."""
    query = select(agreement).order_by(agreement.c.party_no, agreement.c.effective_from)
    if party_no is not None:
        query = query.where(agreement.c.party_no == party_no)
    rows = connection.execute(query)
    return [
        Agreement(
            no=row.no,
            id=row.id,
            party_no=row.party_no,
            version=row.version,
            effective_from=row.effective_from,
            effective_to=row.effective_to,
            terms=parse_terms(row.terms),
            terms_sha256=bytes(row.terms_sha256),
        )
        for row in rows
    ]


def load_terms_document(*, connection: Connection, agreement_id: UUID) -> dict[str, Any]:
    """The terms of one version exactly as they were agreed."""
    document: dict[str, Any] = connection.execute(
        select(agreement.c.terms).where(agreement.c.id == agreement_id)
    ).scalar_one()
    return document


def load_face_values(*, connection: Connection) -> Mapping[str, tuple[tuple[date, int], ...]]:
    """Per currency the dated face values of a point in micros, oldest first."""
    found: dict[str, tuple[tuple[date, int], ...]] = {}
    for row in connection.execute(select(face_value).order_by(face_value.c.effective_from)):
        found[row.currency] = (*found.get(row.currency, ()), (row.effective_from, row.micros))
    return found


def insert_face_value(
    *, connection: Connection, currency: str, effective_from: date, micros: int
) -> None:
    """Set what a point is worth in a currency from a date on (micros)."""
    connection.execute(
        insert(face_value).values(currency=currency, effective_from=effective_from, micros=micros)
    )


def insert_agreement(
    *,
    connection: Connection,
    agreement_id: UUID,
    party_no: int,
    effective_from: datetime,
    effective_to: datetime | None,
    terms: Mapping[str, Any],
    sha256: bytes,
    now: datetime,
) -> tuple[int, int]:
    """Add the party's next version; answers its number in the ledger and its version."""
    version = connection.execute(
        select(func.coalesce(func.max(agreement.c.version), 0) + 1).where(
            agreement.c.party_no == party_no
        )
    ).scalar_one()
    no = connection.execute(
        insert(agreement)
        .values(
            id=agreement_id,
            party_no=party_no,
            version=version,
            effective_from=effective_from,
            effective_to=effective_to,
            terms=dict(terms),
            terms_sha256=sha256,
            created_at=now,
        )
        .returning(agreement.c.no)
    ).scalar_one()
    return no, version
