"""Adding to a log: records, then the checkpoint over them.

Both are committed before a file is written (`settlement.log.publishing`). So a run that is killed
finds them there, writes the same files, and can never sign another tree of the same size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection

from partner_sdk.wire.merkle import record_hash
from partner_sdk.wire.tlog.checkpoints import Checkpoint, open_checkpoint
from partner_sdk.wire.tlog.notes import Note
from settlement.log import files, store
from settlement.log.domain import Log, StoredCheckpoint, grow, kind_and_subject
from settlement.log.errors import LogBehind, LogForked, LogKeyMissing, RecordChanged
from settlement.log.reading import open_conflicts, root_at
from settlement.signing.log_key import LogSigner

_BATCH = 500


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to be added, and the business date that it is of, if any."""

    content: bytes
    business_date: date | None = None


def append(*, connection: Connection, log: Log, records: Sequence[NewRecord], now: datetime) -> int:
    """Add those of the records that are not in the log yet; gives how many.

    Raises RecordChanged if a statement was recorded with other hashes.
    """
    store.lock(connection=connection, log_no=log.log_no)
    new = _new_records(connection, log, records)
    size = store.count_records(connection=connection, log_no=log.log_no)
    add(connection=connection, log=log, size=size, records=new, now=now)
    return len(new)


def add(
    *, connection: Connection, log: Log, size: int, records: Sequence[NewRecord], now: datetime
) -> None:
    """Add records, and what they change in the tiles, to a log that has `size` of them."""
    for at in range(0, len(records), _BATCH):
        _add_batch(connection, log, size + at, records[at : at + _BATCH], now)


def sign(
    *,
    connection: Connection,
    log: Log,
    signer: LogSigner,
    folder: Path,
    business_date: date | None,
    now: datetime,
    beside: LogSigner | None = None,
) -> StoredCheckpoint:
    """The checkpoint over all records, signed if there is none of this size yet.

    `beside` is the signer of the next key, while the key is being replaced.

    Raises LogBehind and LogForked: nothing is signed that a partner could hold against us.
    """
    store.lock(connection=connection, log_no=log.log_no)
    require_sound(connection=connection, log=log, folder=folder)
    size = store.count_records(connection=connection, log_no=log.log_no)
    newest = store.read_newest_checkpoint(connection=connection, log_no=log.log_no)
    if newest is not None and newest.size == size:
        return newest
    root = root_at(connection=connection, log=log, size=size)
    text = Checkpoint(log.origin, size, root).to_text()
    signatures = [log.key.sign(text, signer.sign)]
    if log.next_key is not None:
        if beside is None:
            raise LogKeyMissing(f"the next key of {log.origin} is not at hand")
        signatures.append(log.next_key.sign(text, beside.sign))
    note = Note(text, tuple(signatures)).to_bytes()
    # What a key kept elsewhere gave back is not taken on trust.
    for key in log.keys:
        open_checkpoint(content=note, log=key)
    made = StoredCheckpoint(size, root, note)
    store.insert_checkpoint(
        connection=connection,
        log_no=log.log_no,
        checkpoint=made,
        business_date=business_date,
        signed_at=now,
    )
    return made


def require_sound(*, connection: Connection, log: Log, folder: Path) -> None:
    """Make sure that no checkpoint is known that the records do not lead to.

    Raises LogBehind and LogForked.
    """
    published = files.read_checkpoint(folder=folder, key=log.key)
    size = store.count_records(connection=connection, log_no=log.log_no)
    if published is not None:
        if published.size > size:
            raise LogBehind(
                f"the log {log.origin} has {size} records in the database and {published.size} in "
                f"{folder}: an older backup was restored. Run `settlement log recover`"
            )
        if root_at(connection=connection, log=log, size=published.size) != published.root:
            raise LogForked(
                f"the checkpoint of {published.size} records in {folder} is not that of the "
                "database: they are of two pasts. See the how-to page on a forked log"
            )
    conflicts = open_conflicts(connection=connection, log=log)
    if conflicts:
        first = conflicts[0]
        raise (LogBehind if first.size > size else LogForked)(
            f"a partner showed a checkpoint of {first.size} records, signed by the key of "
            f"{log.origin}, that the {size} records in the database do not lead to"
        )


def _new_records(connection: Connection, log: Log, records: Sequence[NewRecord]) -> list[NewRecord]:
    by_kind: dict[str, dict[str, NewRecord]] = {}
    for record in records:
        kind, subject = kind_and_subject(record.content)
        by_kind.setdefault(kind, {})[subject] = record
    new = []
    for kind, wanted in by_kind.items():
        known = store.find_records(
            connection=connection, log_no=log.log_no, kind=kind, subjects=list(wanted)
        )
        for subject, record in wanted.items():
            if subject not in known:
                new.append(record)
            elif known[subject] != record.content:
                raise RecordChanged(f"{kind} {subject} is in the log with other contents")
    return new


def _add_batch(
    connection: Connection, log: Log, size: int, records: Sequence[NewRecord], now: datetime
) -> None:
    rows = []
    for leaf_no, record in enumerate(records, size):
        kind, subject = kind_and_subject(record.content)
        rows.append(
            {
                "log_no": log.log_no,
                "leaf_no": leaf_no,
                "kind": kind,
                "subject": subject,
                "content": record.content,
                "business_date": record.business_date,
                "appended_at": now,
            }
        )
    store.insert_records(connection=connection, rows=rows)
    tiles = grow(
        size=size,
        leaves=[record_hash(record=record.content) for record in records],
        read=lambda tile: store.read_tile(connection=connection, log_no=log.log_no, tile=tile),
    )
    store.write_tiles(connection=connection, log_no=log.log_no, tiles=tiles)
