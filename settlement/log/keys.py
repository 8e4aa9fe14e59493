"""Logs begin with a key of their own, which is replaced with an overlap."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from coalition.db.database import Database
from partner_sdk.wire.tlog.handover import handover_text
from partner_sdk.wire.tlog.notes import ED25519, Note, VerifierKey
from settlement.log import store
from settlement.log.domain import Log
from settlement.log.errors import LogError, LogKeyMissing
from settlement.signing import KeysMissing
from settlement.signing.log_key import LogKeys, LogSigner, next_name


def open_log(
    *, connection: Connection, name: str, origin: str, keys: LogKeys, now: datetime
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
    signer: LogSigner | None = None
    lost = ""
    try:
        signer = keys.load(name=name)
    except KeysMissing as error:
        lost = f"{error}: put it back from its backup"
    if signer is None or signer.public_key != found.public_key:
        # The next key became the log's own, and then nobody moved its file.
        signer = keys.promote(name=name, public_key=found.public_key) or signer
    if signer is None:
        raise LogKeyMissing(lost)
    if signer.public_key != found.public_key:
        raise LogKeyMissing(f"the key in {keys.folder} is not that of the log {found.origin}")
    return found, signer


def next_signer(*, log: Log, keys: LogKeys) -> LogSigner | None:
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


def begin_handover(*, database: Database, log: Log, keys: LogKeys, now: datetime) -> VerifierKey:
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


def end_handover(*, database: Database, log: Log, keys: LogKeys) -> None:
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


def begin_again(*, database: Database, log: Log, origin: str, keys: LogKeys, now: datetime) -> Log:
    """End a log that cannot go on, and begin another of its name under another origin."""
    with database.transaction() as connection:
        store.lock(connection=connection, log_no=log.log_no)
        store.end_log(connection=connection, log_no=log.log_no, now=now)
        made, _ = open_log(connection=connection, name=log.name, origin=origin, keys=keys, now=now)
        store.set_cosignatures_needed(
            connection=connection, log_no=made.log_no, count=log.cosignatures_needed
        )
    return made
