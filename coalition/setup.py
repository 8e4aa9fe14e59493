"""Founding a coalition: its one state row, its own three parties, the first face value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, insert

from coalition.agreements.store import insert_face_value
from coalition.db.state import hub_state
from coalition.ledger.domain import CLEARING, OPERATOR, POOL
from coalition.partners.tables import party

OWN_PARTIES = (
    (POOL, "pool", "Pool"),
    (OPERATOR, "operator", "Operator"),
    (CLEARING, "clearing", "Clearing house"),
)


def found_coalition(
    *,
    connection: Connection,
    environment: str,
    name: str,
    time_zone: str,
    currency: str,
    face_micros: int,
    first_date: date,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Write what every database of the hub starts with.

    `first_date` is the first business date that can hold postings; `face_micros` is a point's
    face value in micros of the currency, valid for all dates.
    """
    connection.execute(
        insert(hub_state).values(
            id=1,
            environment=environment,
            name=name,
            time_zone=time_zone,
            currency=currency,
            last_closed=first_date - timedelta(days=1),
            directory_version=1,
            created_at=now,
        )
    )
    for no, kind, label in OWN_PARTIES:
        connection.execute(
            insert(party).values(
                no=no,
                id=new_id(),
                kind=kind,
                slug=kind,
                name=label,
                state="live",
                time_zone=time_zone,
                created_at=now,
            )
        )
    insert_face_value(
        connection=connection,
        currency=currency,
        effective_from=date(1970, 1, 1),
        micros=face_micros,
    )
