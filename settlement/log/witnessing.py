"""Partners as witnesses: taking cosignatures, counting them, and what they hold against us."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.tlog.checkpoints import cosigned_at, cosigner_key
from partner_sdk.wire.tlog.notes import InvalidNote, Note
from settlement.log import store
from settlement.log.domain import STATEMENTS, Conflict, Cosignature, Log, StoredCheckpoint
from settlement.log.reading import root_at, size_of_date

_AHEAD_SECONDS = 300


class InvalidCosignature(Exception):  # noqa: N818 - the name says it
    """The note is not a checkpoint of the log, or not cosigned by a key of the caller."""


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A key by which a partner may cosign."""

    key_id: UUID
    public_key: bytes


@dataclass(frozen=True, slots=True)
class Cosignatures:
    """Who vouches that the log up to a date's statements was never changed.

    `parties` are numbers of partners, each once; `size` is None while the date is not in the log.
    """

    size: int | None
    needed: int
    parties: tuple[int, ...]

    @property
    def enough(self) -> bool:
        """Whether the date is in the log and as many partners cosigned as are needed."""
        return self.size is not None and len(self.parties) >= self.needed


def cosignatures(*, connection: Connection, business_date: date) -> Cosignatures:
    """The cosignatures that count for a date: of its checkpoint and of every later one.

    A later checkpoint counts because its witness has seen that it continues the earlier.
    """
    current = store.read_log(connection=connection, name=STATEMENTS)
    needed = 0 if current is None else current.cosignatures_needed
    # A date of a log that was ended is vouched for by the witnesses of that log.
    log = store.read_log_of_date(
        connection=connection, name=STATEMENTS, business_date=business_date
    )
    if log is None:
        return Cosignatures(None, needed, ())
    size = size_of_date(connection=connection, log=log, business_date=business_date)
    if size is None:
        return Cosignatures(None, needed, ())
    found = store.read_cosignatures(connection=connection, log_no=log.log_no, at_least=size)
    parties = dict.fromkeys(each.party_no for each in found)
    return Cosignatures(size, needed, tuple(parties))


def enough_cosignatures(*, connection: Connection, business_date: date) -> bool:
    """Whether a date's statements may be released, as far as witnesses go."""
    return cosignatures(connection=connection, business_date=business_date).enough


def submit(
    *,
    connection: Connection,
    log: Log,
    content: bytes,
    party_no: int,
    keys: Iterable[WitnessKey],
    now: datetime,
) -> StoredCheckpoint | Conflict:
    """Take a checkpoint cosigned by one of the caller's keys.

    A checkpoint that the log's key signed, and that the log's records do not lead to, is kept as a
    conflict, and given back as one: the log has forked, or an older backup was restored.

    Raises InvalidCosignature. `now` is wall time.
    """
    try:
        checkpoint = log.open(content)
        note = Note.from_bytes(content)
    except InvalidNote as error:
        raise InvalidCosignature(str(error)) from error
    own = log.own(note).to_bytes()
    size = store.count_records(connection=connection, log_no=log.log_no)
    if checkpoint.size > size or checkpoint.root != root_at(
        connection=connection, log=log, size=checkpoint.size
    ):
        conflict = Conflict(checkpoint.size, checkpoint.root, own, party_no, now)
        store.insert_conflict(connection=connection, log_no=log.log_no, found=conflict)
        return conflict
    found = _cosignature(log, note, checkpoint.size, party_no, keys)
    if found.cosigned_at.timestamp() > now.timestamp() + _AHEAD_SECONDS:
        raise InvalidCosignature("dated in the future by your clock")
    stored = StoredCheckpoint(checkpoint.size, checkpoint.root, own)
    # A checkpoint that only the files knew: recovered records lead to it.
    store.insert_checkpoint(
        connection=connection,
        log_no=log.log_no,
        checkpoint=stored,
        business_date=None,
        signed_at=now,
    )
    store.insert_cosignature(connection=connection, log_no=log.log_no, found=found, received_at=now)
    return stored


def _cosignature(
    log: Log, note: Note, size: int, party_no: int, keys: Iterable[WitnessKey]
) -> Cosignature:
    for key in keys:
        verifier = cosigner_key(
            origin=log.origin, key_id=ids.encode("key", key.key_id), public_key=key.public_key
        )
        try:
            timestamp = cosigned_at(note=note, key=verifier)
        except InvalidNote as error:
            raise InvalidCosignature(f"not right: {error}") from error
        if timestamp is not None:
            (line, *_) = verifier.find(note)
            return Cosignature(
                size=size,
                party_no=party_no,
                key_id=key.key_id,
                public_key=key.public_key,
                line=line.to_line(),
                cosigned_at=datetime.fromtimestamp(timestamp, UTC),
            )
    raise InvalidCosignature("not cosigned by a key of yours")
