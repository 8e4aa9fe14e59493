"""Logs, their records and their tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from partner_sdk.wire.merkle import HASH_BYTES
from partner_sdk.wire.tlog.tiles import Tile
from settlement.locks import LOG
from settlement.log.domain import Log
from settlement.log.tables import log, log_record, log_tile

_LOG = (
    log.c.log_no,
    log.c.name,
    log.c.origin,
    log.c.public_key,
    log.c.cosignatures_needed,
    log.c.key_since,
    log.c.next_public_key,
    log.c.next_since,
    log.c.handover,
)


def read_log(*, connection: Connection, name: str) -> Log | None:
    """The log of that name that goes on."""
    row = connection.execute(
        select(*_LOG).where(log.c.name == name, log.c.ended_at.is_(None))
    ).one_or_none()
    return None if row is None else Log(*row)


def read_log_of_statement(*, connection: Connection, statement_id: str) -> tuple[Log, int] | None:
    """The newest log that records a statement, and where in it."""
    row = connection.execute(
        select(*_LOG, log_record.c.leaf_no)
        .join_from(log, log_record, log_record.c.log_no == log.c.log_no)
        .where(log_record.c.kind == "statement", log_record.c.subject == statement_id)
        .order_by(log.c.log_no.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (Log(*row[:-1]), row.leaf_no)


def read_log_of_date(*, connection: Connection, name: str, business_date: date) -> Log | None:
    """The newest log of that name that records statements of a date."""
    row = connection.execute(
        select(*_LOG)
        .where(
            log.c.name == name,
            exists().where(
                log_record.c.log_no == log.c.log_no, log_record.c.business_date == business_date
            ),
        )
        .order_by(log.c.log_no.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Log(*row)


def insert_log(
    *, connection: Connection, name: str, origin: str, public_key: bytes, now: datetime
) -> None:
    """Begin a log, unless one of that name goes on."""
    connection.execute(
        insert(log)
        .values(name=name, origin=origin, public_key=public_key, created_at=now)
        .on_conflict_do_nothing()
    )


def end_log(*, connection: Connection, log_no: int, now: datetime) -> None:
    """Let no more be added to a log."""
    connection.execute(update(log).where(log.c.log_no == log_no).values(ended_at=now))


def begin_handover(
    *, connection: Connection, log_no: int, public_key: bytes, since: int, note: bytes
) -> None:
    """Let another key sign beside the log's own, checkpoints of more than `since` records."""
    connection.execute(
        update(log)
        .where(log.c.log_no == log_no)
        .values(next_public_key=public_key, next_since=since, handover=note)
    )


def end_handover(*, connection: Connection, log_no: int, key_since: int) -> None:
    """Let the next key be the log's own; `key_since` is the smallest checkpoint it signed."""
    connection.execute(
        update(log)
        .where(log.c.log_no == log_no)
        .values(
            public_key=log.c.next_public_key,
            key_since=key_since,
            next_public_key=None,
            next_since=None,
        )
    )


def set_cosignatures_needed(*, connection: Connection, log_no: int, count: int) -> None:
    """Set how many partners must have cosigned before a release."""
    connection.execute(update(log).where(log.c.log_no == log_no).values(cosignatures_needed=count))


def lock(*, connection: Connection, log_no: int) -> None:
    """Be the only one who adds to a log, to the end of the transaction."""
    connection.execute(select(func.pg_advisory_xact_lock(LOG, log_no)))


def count_records(*, connection: Connection, log_no: int) -> int:
    """How many records there are."""
    last = connection.scalar(
        select(func.max(log_record.c.leaf_no)).where(log_record.c.log_no == log_no)
    )
    return 0 if last is None else int(last) + 1


def find_records(
    *, connection: Connection, log_no: int, kind: str, subjects: Sequence[str]
) -> dict[str, bytes]:
    """Those of the subjects that are recorded, with their records."""
    rows = connection.execute(
        select(log_record.c.subject, log_record.c.content).where(
            log_record.c.log_no == log_no,
            log_record.c.kind == kind,
            log_record.c.subject == func.any(list(subjects)),
        )
    )
    return {row.subject: row.content for row in rows}


def read_records(*, connection: Connection, log_no: int, begin: int, end: int) -> tuple[bytes, ...]:
    """The records from `begin` up to, and without, `end`."""
    return tuple(
        connection.scalars(
            select(log_record.c.content)
            .where(
                log_record.c.log_no == log_no,
                log_record.c.leaf_no >= begin,
                log_record.c.leaf_no < end,
            )
            .order_by(log_record.c.leaf_no)
        )
    )


def insert_records(*, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add records."""
    connection.execute(insert(log_record), list(rows))


def read_tile(*, connection: Connection, log_no: int, tile: Tile) -> bytes:
    """The hashes of a tile; fewer if it is not as wide."""
    found = connection.scalar(
        select(func.substr(log_tile.c.hashes, 1, tile.width * HASH_BYTES)).where(
            log_tile.c.log_no == log_no,
            log_tile.c.level == tile.level,
            log_tile.c.tile_no == tile.index,
        )
    )
    return bytes(found or b"")


def write_tiles(
    *, connection: Connection, log_no: int, tiles: Mapping[tuple[int, int], bytes]
) -> None:
    """Keep tiles as they are now."""
    rows = [
        {"log_no": log_no, "level": level, "tile_no": tile_no, "hashes": hashes}
        for (level, tile_no), hashes in tiles.items()
    ]
    statement = insert(log_tile)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[log_tile.c.log_no, log_tile.c.level, log_tile.c.tile_no],
            set_={"hashes": statement.excluded.hashes},
        ),
        rows,
    )
