"""Adding to a log: records, then the checkpoint over them, then the files that partners fetch.

Records and checkpoint are committed before a file is written. So a run that is killed finds them
there, writes the same files, and can never sign another tree of the same size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection

from coalition.db.database import Database
from partner_sdk.wire.merkle import record_hash
from partner_sdk.wire.tlog.checkpoints import Checkpoint, open_checkpoint
from partner_sdk.wire.tlog.handover import handover_text
from partner_sdk.wire.tlog.notes import ED25519, Note, VerifierKey
from settlement.log import files, store
from settlement.log.domain import Log, StoredCheckpoint, grow, kind_and_subject
from settlement.log.errors import LogBehind, LogError, LogForked, LogKeyMissing, RecordChanged
from settlement.log.reading import open_conflicts, root_at
from settlement.signing import KeysMissing
from settlement.signing.log_key import FileLogKeys, LogSigner, next_name

_BATCH = 500


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to be added, and the business date that it is of, if any."""

    content: bytes
    business_date: date | None = None


def open_log(
    *, connection: Connection, name: str, origin: str, keys: FileLogKeys, now: datetime
) -> tuple[Log, LogSigner]:
    """The log of that name and its signer; it begins, under `origin`, when there is none yet.

    Raises LogKeyMissing when the key of a log that exists is lost or another one; WrongPassphrase.
    """
    found = store.read_log(connection=connection, name=name)
    if found is None:
        public_key = keys.load_or_create(name=name).public_key
        store.insert_log(
            connection=connection, name=name, origin=origin, public_key=public_key, now=now
        )
        found = store.read_log(connection=connection, name=name)
        if found is None:
            raise LogError(f"the origin {origin} belongs to another log: choose another")
    try:
        signer = keys.load(name=name)
    except KeysMissing as error:
        raise LogKeyMissing(f"{error}: put it back from its backup") from error
    if signer.public_key != found.public_key:
        # The next key became the log's own, and then nobody moved its file.
        signer = keys.promote(name=name, public_key=found.public_key) or signer
    if signer.public_key != found.public_key:
        raise LogKeyMissing(f"the key in {keys.folder} is not that of the log {found.origin}")
    return found, signer


def next_signer(*, log: Log, keys: FileLogKeys) -> LogSigner | None:
    """The signer of the next key while the log's key is being replaced.

    Raises LogKeyMissing when it is lost or another one; WrongPassphrase.
    """
    if log.next_public_key is None:
        return None
    try:
        found = keys.load(name=next_name(log.name))
    except KeysMissing as error:
        raise LogKeyMissing(f"{error}: put it back from its backup") from error
    if found.public_key != log.next_public_key:
        raise LogKeyMissing(f"the key in {keys.folder} is not the next one of {log.origin}")
    return found


def begin_handover(
    *, database: Database, log: Log, keys: FileLogKeys, now: datetime
) -> VerifierKey:
    """Make the next key of a log; from the next checkpoint on it signs beside the present one.

    Asked for again, it gives the same key. Raises LogKeyMissing and WrongPassphrase.
    """
    with database.transaction() as connection:
        store.lock(connection=connection, log_no=log.log_no)
        log, signer = open_log(
            connection=connection, name=log.name, origin=log.origin, keys=keys, now=now
        )
        if log.next_key is not None:
            return log.next_key
        made = keys.load_or_create(name=next_name(log.name))
        key = VerifierKey(log.origin, ED25519, made.public_key)
        text = handover_text(key=key)
        # Both sign: the old key says who comes, the new one that it is held.
        note = Note(text, (log.key.sign(text, signer.sign), key.sign(text, made.sign)))
        newest = store.read_newest_checkpoint(connection=connection, log_no=log.log_no)
        store.begin_handover(
            connection=connection,
            log_no=log.log_no,
            public_key=made.public_key,
            since=0 if newest is None else newest.size,
            note=note.to_bytes(),
        )
    return key


def end_handover(*, database: Database, log: Log, keys: FileLogKeys) -> None:
    """Let the next key sign alone. Raises LogError before a checkpoint of both is published."""
    with database.transaction() as connection:
        store.lock(connection=connection, log_no=log.log_no)
        found = store.read_log(connection=connection, name=log.name)
        if found is None or found.next_public_key is None or found.next_since is None:
            raise LogError("the key is not being replaced; begin with: settlement log rotate")
        both = store.read_checkpoints(
            connection=connection, log_no=found.log_no, after=found.next_since
        )
        published = store.read_newest_checkpoint(
            connection=connection, log_no=found.log_no, published=True
        )
        if not both or published is None or published.size < both[0].size:
            raise LogError("no checkpoint signed by both keys is published yet: run a night first")
        next_signer(log=found, keys=keys)
        store.end_handover(connection=connection, log_no=found.log_no, key_since=both[0].size)
    keys.promote(name=log.name, public_key=found.next_public_key)


def append(*, connection: Connection, log: Log, records: Sequence[NewRecord], now: datetime) -> int:
    """Add those of the records that are not in the log yet; gives how many.

    Raises RecordChanged if a statement was recorded with other hashes.
    """
    store.lock(connection=connection, log_no=log.log_no)
    new = _new_records(connection, log, records)
    size = store.count_records(connection=connection, log_no=log.log_no)
    for at in range(0, len(new), _BATCH):
        _add(connection, log, size + at, new[at : at + _BATCH], now)
    return len(new)


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
        for at in range(size, len(records), _BATCH):
            lost = [NewRecord(each) for each in records[at : at + _BATCH]]
            _add(connection, log, at, lost, now)
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
    return max(0, len(records) - size)


def begin_again(
    *, database: Database, log: Log, origin: str, keys: FileLogKeys, now: datetime
) -> Log:
    """End a log that cannot go on, and begin another of its name under another origin."""
    with database.transaction() as connection:
        store.lock(connection=connection, log_no=log.log_no)
        store.end_log(connection=connection, log_no=log.log_no, now=now)
        made, _ = open_log(connection=connection, name=log.name, origin=origin, keys=keys, now=now)
        store.set_cosignatures_needed(
            connection=connection, log_no=made.log_no, count=log.cosignatures_needed
        )
    return made


def _without_cosignatures(log: Log, checkpoint: StoredCheckpoint) -> StoredCheckpoint:
    note = Note.from_bytes(checkpoint.note)
    return StoredCheckpoint(checkpoint.size, checkpoint.root, log.own(note).to_bytes())


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


def _add(
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


def _write_files(connection: Connection, log: Log, folder: Path, *, since: int) -> int:
    read_records: Callable[[int, int], tuple[bytes, ...]] = lambda begin, end: (  # noqa: E731
        store.read_records(connection=connection, log_no=log.log_no, begin=begin, end=end)
    )
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
