"""The SQL of spends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from coalition.checkouts.spends.domain import StoredSpend
from coalition.checkouts.spends.tables import spend


def insert_spend(*, connection: Connection, made: StoredSpend) -> None:
    """Write a new spend."""
    connection.execute(insert(spend).values(**asdict(made)))


def find_spend(
    *, connection: Connection, spend_id: UUID, connection_no: int | None = None, lock: bool = False
) -> StoredSpend | None:
    """A spend, of that connection where one is named; locked until the transaction ends."""
    found = select(spend).where(spend.c.spend_id == spend_id)
    if connection_no is not None:
        found = found.where(spend.c.connection_no == connection_no)
    row = connection.execute(found.with_for_update() if lock else found).one_or_none()
    return None if row is None else _spend(row)


def find_by_reference(
    *, connection: Connection, connection_no: int, reference: str
) -> StoredSpend | None:
    """The spend that the partner calls so."""
    row = connection.execute(
        select(spend).where(spend.c.connection_no == connection_no, spend.c.reference == reference)
    ).one_or_none()
    return None if row is None else _spend(row)


def list_spends(
    *, connection: Connection, connection_no: int, after: UUID | None, limit: int
) -> list[StoredSpend]:
    """Spends of a connection, oldest first."""
    found = select(spend).where(spend.c.connection_no == connection_no)
    if after is not None:
        found = found.where(spend.c.spend_id > after)
    return [
        _spend(row) for row in connection.execute(found.order_by(spend.c.spend_id).limit(limit))
    ]


def lock_of_order(
    *, connection: Connection, connection_no: int, order_id: str, named: Collection[UUID]
) -> list[StoredSpend]:
    """The spends that an order names, and those that it or another revision named before.

    Locked in the order of their ids until the transaction ends.
    """
    rows = connection.execute(
        select(spend)
        .where(
            spend.c.connection_no == connection_no,
            or_(spend.c.spend_id.in_(named), spend.c.order_id == order_id),
        )
        .order_by(spend.c.spend_id)
        .with_for_update()
    )
    return [_spend(row) for row in rows]


def orders_with_spends(
    *, connection: Connection, connection_no: int, named: Mapping[str, Collection[UUID]]
) -> set[str]:
    """Of orders and the spends that each names, those that have any, also by an older revision."""
    ids = {spend_id for each in named.values() for spend_id in each}
    rows = connection.execute(
        select(spend.c.spend_id, spend.c.order_id).where(
            spend.c.connection_no == connection_no,
            or_(spend.c.spend_id.in_(ids), spend.c.order_id.in_(list(named))),
        )
    ).all()
    known, before = {row.spend_id for row in rows}, {row.order_id for row in rows}
    return {order for order, each in named.items() if order in before or known & set(each)}


def lease_spend(
    *, connection: Connection, spend_id: UUID, wall_now: datetime, until: datetime
) -> StoredSpend | None:
    """Have a spend to oneself until then; None if nothing is due for it, or another has it."""
    row = connection.execute(
        update(spend)
        .where(spend.c.spend_id == spend_id, _due(wall_now))
        .values(leased_until=until, attempts=spend.c.attempts + 1)
        .returning(spend)
    ).one_or_none()
    return None if row is None else _spend(row)


def due_spends(*, connection: Connection, wall_now: datetime, limit: int) -> list[UUID]:
    """Spends for which something is due, the longest waiting first."""
    rows = connection.execute(
        select(spend.c.spend_id).where(_due(wall_now)).order_by(spend.c.due_at).limit(limit)
    )
    return list(rows.scalars())


def change_spend(
    *, connection: Connection, spend_id: UUID, wall_now: datetime, **columns: Any
) -> None:
    """Change columns of a spend that is locked."""
    connection.execute(
        update(spend).where(spend.c.spend_id == spend_id).values(changed_at=wall_now, **columns)
    )


def settle_spend(
    *, connection: Connection, spend_id: UUID, wall_now: datetime, **columns: Any
) -> None:
    """The same, and end its lease: who is asking the platform meanwhile records nothing of it."""
    change_spend(
        connection=connection, spend_id=spend_id, wall_now=wall_now, leased_until=None, **columns
    )


def _due(wall_now: datetime) -> Any:
    free = or_(spend.c.leased_until.is_(None), spend.c.leased_until < wall_now)
    return and_(spend.c.due_at <= wall_now, free)


def _spend(row: Row[Any]) -> StoredSpend:
    return StoredSpend(**row._mapping)
