"""The SQL of connections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from coalition.checkouts.domain import ConnectionState, Guests
from coalition.checkouts.tables import checkout_connection
from coalition.db.locks import CONNECTIONS

_COLUMNS = (
    checkout_connection.c.no,
    checkout_connection.c.connection_id,
    checkout_connection.c.party_no,
    checkout_connection.c.name,
    checkout_connection.c.platform,
    checkout_connection.c.state,
    checkout_connection.c.settings,
    checkout_connection.c.guests,
    checkout_connection.c.secrets,
    checkout_connection.c.secret_names,
    checkout_connection.c.previous_until,
    checkout_connection.c.rotated_at,
    checkout_connection.c.created_at,
)


@dataclass(frozen=True, slots=True)
class StoredConnection:
    """A connection's row: the secrets are sealed, the settings a document."""

    no: int
    connection_id: UUID
    party_no: int
    name: str
    platform: str
    state: ConnectionState
    settings: dict[str, Any]
    guests: Guests
    secrets: bytes
    secret_names: tuple[str, ...]
    previous_until: datetime | None
    rotated_at: datetime | None
    created_at: datetime


def load_open(*, connection: Connection) -> list[StoredConnection]:
    """All connections that are not closed."""
    rows = connection.execute(
        select(*_COLUMNS)
        .where(checkout_connection.c.state != "closed")
        .order_by(checkout_connection.c.no)
    )
    return [_stored(row) for row in rows]


def list_connections(
    *, connection: Connection, party_no: int | None, after: int, limit: int
) -> list[StoredConnection]:
    """Connections of a party, or of all, in the order of their opening."""
    found = select(*_COLUMNS).where(checkout_connection.c.no > after)
    if party_no is not None:
        found = found.where(checkout_connection.c.party_no == party_no)
    rows = connection.execute(found.order_by(checkout_connection.c.no).limit(limit))
    return [_stored(row) for row in rows]


def find_connection(
    *, connection: Connection, connection_id: UUID, lock: bool = False
) -> StoredConnection | None:
    """A connection; locked until the transaction ends where asked."""
    found = select(*_COLUMNS).where(checkout_connection.c.connection_id == connection_id)
    row = connection.execute(found.with_for_update() if lock else found).one_or_none()
    return None if row is None else _stored(row)


def find_by_name(*, connection: Connection, party_no: int, name: str) -> UUID | None:
    """The id of a party's connection of that name, closed ones too."""
    return connection.execute(
        select(checkout_connection.c.connection_id).where(
            checkout_connection.c.party_no == party_no, checkout_connection.c.name == name
        )
    ).scalar_one_or_none()


def lock_connections(*, connection: Connection, party_no: int) -> int:
    """How many open connections the party has; others wait until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(CONNECTIONS, party_no)))
    return connection.execute(
        select(func.count()).where(
            checkout_connection.c.party_no == party_no, checkout_connection.c.state != "closed"
        )
    ).scalar_one()


def insert_connection(*, connection: Connection, **columns: Any) -> int:
    """Add a connection; its number."""
    no: int = connection.execute(
        insert(checkout_connection).values(**columns).returning(checkout_connection.c.no)
    ).scalar_one()
    return no


def update_connection(*, connection: Connection, no: int, **columns: Any) -> None:
    """Change columns of a connection."""
    connection.execute(
        update(checkout_connection).where(checkout_connection.c.no == no).values(**columns)
    )


def _stored(row: Any) -> StoredConnection:
    values = dict(row._mapping)
    values["secrets"] = bytes(values["secrets"])
    values["secret_names"] = tuple(values["secret_names"])
    return StoredConnection(**values)
