"""The SQL of files that were taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.contract import FileHead
from coalition.checkouts.files.domain import StoredFile
from coalition.checkouts.files.tables import order_file
from coalition.db.locks import FILES

_C = order_file.c
_COLUMNS = (
    _C.store, _C.sequence, _C.state, _C.name, _C.sha256, _C.orders, _C.done, _C.problems,
    _C.started_at, _C.due_at,
)  # fmt: skip


def try_lock(*, connection: Connection, connection_no: int) -> bool:
    """Be the only one that picks up this connection's files, until `unlock`; whether it may."""
    locked = select(func.pg_try_advisory_lock(FILES, connection_no))
    return bool(connection.execute(locked).scalar_one())


def unlock(*, connection: Connection, connection_no: int) -> None:
    """Let others pick up."""
    connection.execute(select(func.pg_advisory_unlock(FILES, connection_no)))


def find_file(
    *, connection: Connection, connection_no: int, store: str, sequence: int
) -> StoredFile | None:
    """A file by its number."""
    row = connection.execute(
        select(*_COLUMNS).where(
            _C.connection_no == connection_no, _C.store == store, _C.sequence == sequence
        )
    ).one_or_none()
    return None if row is None else _stored(row)


def next_sequence(*, connection: Connection, connection_no: int, store: str, first: int) -> int:
    """The number that comes next: behind the newest that was taken to its end, or given up."""
    newest = connection.execute(
        select(func.max(_C.sequence)).where(
            _C.connection_no == connection_no, _C.store == store, _C.state != "taking"
        )
    ).scalar_one()
    return first if newest is None else max(first, newest + 1)


def begin_file(
    *,
    connection: Connection,
    connection_no: int,
    name: str,
    head: FileHead,
    sha256: str,
    orders: int,
    wall_now: datetime,
) -> StoredFile:
    """Note that a file is being taken; one that is noted already stays, unless it was given up."""
    columns = {
        "state": "taking",
        "name": name,
        "sha256": bytes.fromhex(sha256),
        "first_date": head.first_date,
        "last_date": head.last_date,
        "orders": orders,
        "done": 0,
        "problems": [],
        "started_at": wall_now,
        "settled_at": None,
        "due_at": None,
    }
    put = insert(order_file).values(
        connection_no=connection_no, store=head.store, sequence=head.sequence, **columns
    )
    connection.execute(
        put.on_conflict_do_update(
            index_elements=["connection_no", "store", "sequence"],
            set_=columns,
            where=_C.state == "given_up",
        )
    )
    found = find_file(
        connection=connection,
        connection_no=connection_no,
        store=head.store,
        sequence=head.sequence,
    )
    assert found is not None  # noqa: S101 - it was put in this transaction
    return found


def say_done(
    *,
    connection: Connection,
    connection_no: int,
    head: FileHead,
    done: int,
    problems: Sequence[Mapping[str, Any]],
) -> None:
    """Note how far a file was taken."""
    _update(connection, connection_no, head, done=done, problems=list(problems))


def settle_file(
    *, connection: Connection, connection_no: int, head: FileHead, wall_now: datetime
) -> None:
    """Note that all of a file was taken."""
    _update(connection, connection_no, head, state="taken", settled_at=wall_now, due_at=None)


def try_later(
    *, connection: Connection, connection_no: int, head: FileHead, due_at: datetime
) -> None:
    """Note that all of a file was taken but what may be taken later: from the start, and when."""
    _update(connection, connection_no, head, state="waiting", done=0, due_at=due_at)


def give_up(
    *, connection: Connection, connection_no: int, store: str, sequence: int, wall_now: datetime
) -> None:
    """Note that a file will not come."""
    columns = {
        "state": "given_up",
        "name": None,
        "sha256": None,
        "first_date": None,
        "last_date": None,
        "started_at": wall_now,
        "settled_at": wall_now,
        "due_at": None,
    }
    put = insert(order_file).values(
        connection_no=connection_no, store=store, sequence=sequence, **columns
    )
    connection.execute(
        put.on_conflict_do_update(
            index_elements=["connection_no", "store", "sequence"], set_=columns
        )
    )


def _update(connection: Connection, connection_no: int, head: FileHead, **columns: object) -> None:
    connection.execute(
        update(order_file)
        .where(
            _C.connection_no == connection_no,
            _C.store == head.store,
            _C.sequence == head.sequence,
        )
        .values(**columns)
    )


def _stored(row: Any) -> StoredFile:
    values = dict(row._mapping)
    values["sha256"] = None if row.sha256 is None else bytes(row.sha256).hex()
    return StoredFile(**values)
