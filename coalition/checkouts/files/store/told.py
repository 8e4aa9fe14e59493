"""The SQL of what is told of files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, delete, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from coalition.checkouts.files.domain import STAYING, Told, What
from coalition.checkouts.files.tables import order_file, told_file
from coalition.checkouts.tables import checkout_connection

_C = told_file.c
_TOLD = (_C.name, _C.what, _C.store, _C.sequence, _C.text, _C.lines, _C.more, _C.stamp, _C.since)
_CHANGES = ("what", "store", "sequence", "text", "lines", "more", "stamp", "since")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Files of a connection that somebody should look at, of one kind; the oldest as an example."""

    connection_id: UUID
    connection_name: str
    what: What
    count: int
    since: datetime
    name: str
    text: str


def tell(*, connection: Connection, connection_no: int, folder: str, told: Told) -> None:
    """Say what became of a file, in place of what was said of that name before."""
    put = insert(told_file).values(
        connection_no=connection_no,
        folder=folder,
        name=told.name,
        what=told.what,
        store=told.store,
        sequence=told.sequence,
        text=told.text,
        lines=list(told.lines),
        more=told.more,
        stamp=told.stamp,
        since=told.since,
    )
    connection.execute(
        put.on_conflict_do_update(
            index_elements=["connection_no", "folder", "name"],
            set_={"no": text("DEFAULT"), **{name: put.excluded[name] for name in _CHANGES}},
        )
    )


def told_of(
    *, connection: Connection, connection_no: int, folder: str, names: Collection[str]
) -> list[Told]:
    """What is told of these files of a folder, and of others that stayed there."""
    rows = connection.execute(
        select(*_TOLD).where(
            _C.connection_no == connection_no,
            _C.folder == folder,
            or_(_C.name.in_(list(names)), _C.what.in_(STAYING)),
        )
    )
    return [Told(**row._mapping) for row in rows]


def list_told(
    *, connection: Connection, connection_no: int, what: str | None, before: int | None, limit: int
) -> list[tuple[int, Told]]:
    """What is told of a connection's files, newest first, with numbers."""
    found = select(_C.no, *_TOLD).where(_C.connection_no == connection_no)
    if what is not None:
        found = found.where(_C.what == what)
    if before is not None:
        found = found.where(_C.no < before)
    rows = connection.execute(found.order_by(_C.no.desc()).limit(limit))
    return [(row.no, Told(**{n: v for n, v in row._mapping.items() if n != "no"})) for row in rows]


def forget_gone(
    *, connection: Connection, connection_no: int, folder: str, names: Collection[str]
) -> None:
    """Tell no more of files of a folder: whoever dropped them took them away."""
    connection.execute(
        delete(told_file).where(
            _C.connection_no == connection_no, _C.folder == folder, _C.name.in_(list(names))
        )
    )


def forget_before(*, connection: Connection, instant: datetime, limit: int) -> int:
    """Delete what is told since before an instant; gives how many, at most `limit`."""
    key = (_C.connection_no, _C.no)
    old = select(*key).where(_C.since < instant).limit(limit)
    return connection.execute(delete(told_file).where(tuple_(*key).in_(old))).rowcount


def list_troubles(*, connection: Connection, refused_since: datetime) -> list[Trouble]:
    """Files that stay or were refused, of connections that are not closed.

    A refused one counts from `refused_since` on, unless its number was taken since.
    """
    shop = checkout_connection.c
    taken_since = (
        select(order_file.c.sequence)
        .where(
            order_file.c.connection_no == _C.connection_no,
            order_file.c.store == _C.store,
            order_file.c.sequence == _C.sequence,
            order_file.c.state != "given_up",
            order_file.c.started_at >= _C.since,
        )
        .exists()
    )
    open_ = or_(
        _C.what.in_([what for what in STAYING if what != "checked"]),
        and_(_C.what == "refused", _C.since >= refused_since, ~taken_since),
    )
    ranked = (
        select(
            _C.connection_no,
            _C.what,
            _C.name,
            _C.text,
            _C.since,
            func.count().over(partition_by=(_C.connection_no, _C.what)).label("count"),
            func.row_number()
            .over(partition_by=(_C.connection_no, _C.what), order_by=_C.no)
            .label("rank"),
        )
        .where(open_)
        .subquery()
    )
    rows = connection.execute(
        select(
            shop.connection_id,
            shop.name.label("connection_name"),
            ranked.c.what,
            ranked.c.count,
            ranked.c.since,
            ranked.c.name,
            ranked.c.text,
        )
        .join(checkout_connection, shop.no == ranked.c.connection_no)
        .where(ranked.c.rank == 1, shop.state != "closed")
        .order_by(ranked.c.connection_no, ranked.c.what)
    )
    return [Trouble(**row._mapping) for row in rows]
