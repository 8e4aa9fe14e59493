"""The files that partners fetch: written from the database, and read back where it lost records."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from coalition.db.database import Database
from partner_sdk.wire.tlog.notes import Note
from settlement.log import files, store
from settlement.log.domain import Log, StoredCheckpoint
from settlement.log.errors import LogError, LogForked
from settlement.log.reading import root_at
from settlement.log.writing import NewRecord, add, require_sound


def publish(*, database: Database, log: Log, folder: Path) -> int:
    """Write the files of every checkpoint that has none yet; gives how many files."""
    with database.transaction() as connection:
        store.lock(connection=connection, log_no=log.log_no)
        done = store.read_newest_checkpoint(
            connection=connection, log_no=log.log_no, published=True
        )
        count = _write_files(connection, log, folder, since=0 if done is None else done.size)
        newest = store.read_newest_checkpoint(connection=connection, log_no=log.log_no)
        if newest is not None:
            store.mark_published(connection=connection, log_no=log.log_no, size=newest.size)
    return count


def rewrite(*, database: Database, log: Log, folder: Path) -> int:
    """Write all files anew from the database; gives how many. Raises LogBehind and LogForked."""
    with database.transaction() as connection:
        store.lock(connection=connection, log_no=log.log_no)
        require_sound(connection=connection, log=log, folder=folder)
        return _write_files(connection, log, folder, since=0)


def recover(*, database: Database, log: Log, folder: Path, source: Path, now: datetime) -> int:
    """Put back the records that the published files have and the database has lost.

    `source` holds a copy of the log's files; gives how many records were put back. Raises
    LogForked when the files are of another past, LogError when they are not whole.
    """
    published = files.read_checkpoint(folder=source, key=log.key)
    if published is None:
        raise LogError(f"there is no checkpoint of {log.origin} in {source}")
    try:
        records = files.read_records(folder=source, size=published.size)
    except (OSError, ValueError) as error:
        raise LogError(f"the files in {source} are not whole: {error}") from error
    with database.transaction() as connection:
        store.lock(connection=connection, log_no=log.log_no)
        size = store.count_records(connection=connection, log_no=log.log_no)
        lost = [NewRecord(each) for each in records[size:]]
        add(connection=connection, log=log, size=size, records=lost, now=now)
        if root_at(connection=connection, log=log, size=published.size) != published.root:
            raise LogForked(f"the files in {source} do not continue the records in the database")
        checkpoint = StoredCheckpoint(
            published.size, published.root, (source / files.CHECKPOINT).read_bytes()
        )
        store.insert_checkpoint(
            connection=connection,
            log_no=log.log_no,
            checkpoint=_without_cosignatures(log, checkpoint),
            business_date=None,
            signed_at=now,
        )
    publish(database=database, log=log, folder=folder)
    return len(lost)


def _without_cosignatures(log: Log, checkpoint: StoredCheckpoint) -> StoredCheckpoint:
    note = Note.from_bytes(checkpoint.note)
    return StoredCheckpoint(checkpoint.size, checkpoint.root, log.own(note).to_bytes())


def _write_files(connection: Connection, log: Log, folder: Path, *, since: int) -> int:
    def read_records(begin: int, end: int) -> tuple[bytes, ...]:
        return store.read_records(connection=connection, log_no=log.log_no, begin=begin, end=end)

    count = 0
    checkpoint = None
    for checkpoint in store.read_checkpoints(connection=connection, log_no=log.log_no, after=since):
        count += files.write_tiles(
            folder=folder,
            since=since,
            size=checkpoint.size,
            read_tile=lambda tile: store.read_tile(
                connection=connection, log_no=log.log_no, tile=tile
            ),
            read_records=read_records,
        )
        since = checkpoint.size
    if checkpoint is not None:
        # Last, for it says that the tiles are there.
        files.write_checkpoint(folder=folder, note=checkpoint.note)
    return count
