"""The SQL of the logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, ScalarSelect, Select, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from partner_sdk.wire.merkle import HASH_BYTES
from partner_sdk.wire.tlog.tiles import Tile
from settlement.log.domain import Conflict, Cosignature, Log, StoredCheckpoint
from settlement.log.tables import (
    log,
    log_checkpoint,
    log_conflict,
    log_cosignature,
    log_record,
    log_tile,
)

_LOCK = 7204
"""First half of the advisory locks: one writer for each log; the second is the log's number."""
_LOG = (log.c.log_no, log.c.name, log.c.origin, log.c.public_key, log.c.cosignatures_needed)


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


def set_cosignatures_needed(*, connection: Connection, log_no: int, count: int) -> None:
    """Set how many partners must have cosigned before a release."""
    connection.execute(update(log).where(log.c.log_no == log_no).values(cosignatures_needed=count))


def lock(*, connection: Connection, log_no: int) -> None:
    """Be the only one who adds to a log, to the end of the transaction."""
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK, log_no)))


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


def insert_checkpoint(
    *,
    connection: Connection,
    log_no: int,
    checkpoint: StoredCheckpoint,
    business_date: date | None,
    signed_at: datetime,
) -> None:
    """Keep a checkpoint; one of the same size stays as it is."""
    connection.execute(
        insert(log_checkpoint)
        .values(
            log_no=log_no,
            size=checkpoint.size,
            root=checkpoint.root,
            note=checkpoint.note,
            business_date=business_date,
            signed_at=signed_at,
        )
        .on_conflict_do_nothing()
    )


def mark_published(*, connection: Connection, log_no: int, size: int) -> None:
    """Note that the tiles of every checkpoint up to this size are there to be fetched."""
    connection.execute(
        update(log)
        .where(log.c.log_no == log_no, log.c.published_size < size)
        .values(published_size=size)
    )


def _checkpoints(log_no: int) -> Select[Any]:
    columns = (log_checkpoint.c.size, log_checkpoint.c.root, log_checkpoint.c.note)
    return select(*columns).where(log_checkpoint.c.log_no == log_no)


def _published_size(log_no: int) -> ScalarSelect[int]:
    return select(log.c.published_size).where(log.c.log_no == log_no).scalar_subquery()


def read_newest_checkpoint(
    *, connection: Connection, log_no: int, published: bool = False
) -> StoredCheckpoint | None:
    """The largest checkpoint, or the largest that is published."""
    query = _checkpoints(log_no).order_by(log_checkpoint.c.size.desc()).limit(1)
    if published:
        query = query.where(log_checkpoint.c.size <= _published_size(log_no))
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredCheckpoint(*row)


def read_checkpoints(
    *, connection: Connection, log_no: int, after: int = 0, published: bool = False
) -> tuple[StoredCheckpoint, ...]:
    """The checkpoints of more than `after` records, the smallest first."""
    query = _checkpoints(log_no).where(log_checkpoint.c.size > after)
    if published:
        query = query.where(log_checkpoint.c.size <= _published_size(log_no))
    rows = connection.execute(query.order_by(log_checkpoint.c.size))
    return tuple(StoredCheckpoint(*row) for row in rows)


def size_of_date(*, connection: Connection, log_no: int, business_date: date) -> int | None:
    """The size of the first checkpoint that has the statements of a date."""
    last = (
        select(func.max(log_record.c.leaf_no))
        .where(log_record.c.log_no == log_no, log_record.c.business_date == business_date)
        .scalar_subquery()
    )
    size = connection.scalar(
        select(func.min(log_checkpoint.c.size)).where(
            log_checkpoint.c.log_no == log_no, log_checkpoint.c.size > last
        )
    )
    return None if size is None else int(size)


def insert_cosignature(
    *, connection: Connection, log_no: int, found: Cosignature, received_at: datetime
) -> None:
    """Keep a cosignature; the first of a key for a checkpoint stays."""
    connection.execute(
        insert(log_cosignature)
        .values(
            log_no=log_no,
            size=found.size,
            key_id=found.key_id,
            party_no=found.party_no,
            public_key=found.public_key,
            line=found.line,
            cosigned_at=found.cosigned_at,
            received_at=received_at,
        )
        .on_conflict_do_nothing()
    )


def read_cosignatures(
    *, connection: Connection, log_no: int, at_least: int, at_most: int | None = None
) -> tuple[Cosignature, ...]:
    """The cosignatures of checkpoints between two sizes, by size and as they came."""
    each = log_cosignature.c
    query = select(
        each.size, each.party_no, each.key_id, each.public_key, each.line, each.cosigned_at
    ).where(each.log_no == log_no, each.size >= at_least)
    if at_most is not None:
        query = query.where(each.size <= at_most)
    rows = connection.execute(query.order_by(each.size, each.received_at, each.key_id))
    return tuple(Cosignature(*row) for row in rows)


def insert_conflict(*, connection: Connection, log_no: int, found: Conflict) -> None:
    """Keep a checkpoint that should not exist; reported again, it changes nothing."""
    connection.execute(
        insert(log_conflict)
        .values(
            log_no=log_no,
            size=found.size,
            root=found.root,
            note=found.note,
            reported_by=found.reported_by,
            reported_at=found.reported_at,
        )
        .on_conflict_do_nothing()
    )


def read_conflicts(*, connection: Connection, log_no: int) -> tuple[Conflict, ...]:
    """Every checkpoint that was reported so, the oldest first."""
    each = log_conflict.c
    rows = connection.execute(
        select(each.size, each.root, each.note, each.reported_by, each.reported_at)
        .where(each.log_no == log_no)
        .order_by(each.no)
    )
    return tuple(Conflict(*row) for row in rows)
