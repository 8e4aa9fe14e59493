"""Checkpoints, cosignatures of them, and checkpoints that should not exist."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, ScalarSelect, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from settlement.log.domain import Conflict, Cosignature, StoredCheckpoint
from settlement.log.tables import (
    log,
    log_checkpoint,
    log_conflict,
    log_cosignature,
    log_record,
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
    *, connection: Connection, log_no: int, after: int = 0
) -> tuple[StoredCheckpoint, ...]:
    """The checkpoints of more than `after` records, the smallest first."""
    query = _checkpoints(log_no).where(log_checkpoint.c.size > after)
    rows = connection.execute(query.order_by(log_checkpoint.c.size))
    return tuple(StoredCheckpoint(*row) for row in rows)


def read_checkpoint_with(
    *, connection: Connection, log_no: int, leaf_no: int, cosignatures: int
) -> StoredCheckpoint | None:
    """The first published checkpoint with a record and with cosignatures of so many partners."""
    size = log_checkpoint.c.size
    query = (
        _checkpoints(log_no)
        .where(size > leaf_no, size <= _published_size(log_no))
        .order_by(size)
        .limit(1)
    )
    if cosignatures:
        # One after the other: the first is near, and there are years of them.
        count = (
            select(func.count(log_cosignature.c.party_no.distinct()))
            .where(log_cosignature.c.log_no == log_no, log_cosignature.c.size == size)
            .scalar_subquery()
        )
        query = query.where(count >= cosignatures)
    row = connection.execute(query).one_or_none()
    return None if row is None else StoredCheckpoint(*row)


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
