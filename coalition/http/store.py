"""The SQL of the edge: saved answers by idempotency key, signed requests as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from coalition.http.tables import idempotency, refused_request, signed_request

_GUARD = text(
    "SELECT pg_try_advisory_xact_lock(:lock) AS locked, directory_version, EXISTS (SELECT FROM"
    " refused_request WHERE party_no = :party_no AND nonce = :nonce) AS refused FROM hub_state"
)
SIGNATURE_LASTS = timedelta(minutes=15)
"""Longer than any signature is good for."""
_NONCE = "nonce:"
_FORGET = text(f"""
WITH over AS (
  SELECT party_no, key FROM idempotency WHERE kept_until < :now
   ORDER BY kept_until LIMIT :most),
gone AS (
  DELETE FROM idempotency i USING over o
   WHERE i.party_no = o.party_no AND i.key = o.key AND starts_with(i.key, '{_NONCE}') RETURNING 1),
bare AS (
  UPDATE idempotency i SET answer = NULL, request_hmac = NULL,
         kept_until = NULL FROM over o
   WHERE i.party_no = o.party_no AND i.key = o.key AND NOT starts_with(i.key, '{_NONCE}')
  RETURNING 1)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM bare)
""")
_LOOK_UP = select(idempotency.c.request_hmac, idempotency.c.status, idempotency.c.answer).where(
    idempotency.c.party_no == text(":party_no").bindparams(party_no=0),
    idempotency.c.key == text(":key").bindparams(key=""),
)


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """What the first request with the key was answered; None: its time is over."""

    request_hmac: bytes | None
    status: int
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class Guarded:
    """Whether the lock is held now, the directory's version, whether the nonce was refused."""

    free: bool
    version: int
    refused: bool


def guard(*, connection: Connection, lock: int, party_no: int, nonce: str) -> Guarded:
    """Take the key's advisory lock until the transaction ends, without waiting.

    `nonce` is that of the signature, empty where there is none.
    """
    row = connection.execute(_GUARD, {"lock": lock, "party_no": party_no, "nonce": nonce}).one()
    return Guarded(bool(row.locked), int(row.directory_version), bool(row.refused))


def remember_refused(
    *, connection: Connection, party_no: int, nonce: str, refused_at: datetime
) -> None:
    """Let a refused request's signature not be used again. `refused_at` is wall time."""
    connection.execute(
        upsert(refused_request)
        .values(party_no=party_no, nonce=nonce, refused_at=refused_at)
        .on_conflict_do_nothing()
    )


def forget_refused(*, connection: Connection, before: datetime, limit: int) -> int:
    """Delete those refused before an instant of wall time; gives how many, at most `limit`."""
    old = (
        select(refused_request.c.party_no, refused_request.c.nonce)
        .where(refused_request.c.refused_at < before)
        .limit(limit)
    )
    found = connection.execute(
        delete(refused_request).where(
            tuple_(refused_request.c.party_no, refused_request.c.nonce).in_(old)
        )
    )
    return int(found.rowcount)


def key_of_nonce(nonce: str) -> str:
    """The key of a signed request without one of its own; no client can send such a key."""
    return f"{_NONCE}{nonce}"


def forget_answers(*, connection: Connection, wall_now: datetime, limit: int) -> int:
    """Forget answers whose time is over; gives how many, at most `limit`.

    A key stays without its answer: what it did is not done again. A nonce goes, for no signature
    of that age is good.
    """
    values = {"now": wall_now, "most": limit}
    return int(connection.execute(_FORGET, values).scalar_one())


def find_answer(*, connection: Connection, party_no: int, key: str) -> SavedAnswer | None:
    """The saved answer of the key; to be asked in a statement after the lock is held."""
    row = connection.execute(_LOOK_UP, {"party_no": party_no, "key": key}).one_or_none()
    return None if row is None else SavedAnswer(row[0], row[1], row[2])


def save_answer(
    *,
    connection: Connection,
    party_no: int,
    key: str,
    answer: SavedAnswer,
    recorded_at: datetime,
    kept_until: datetime,
) -> None:
    """Save an answer in the transaction of the work that it reports. Times are wall time."""
    connection.execute(
        insert(idempotency),
        {
            "party_no": party_no,
            "key": key,
            "request_hmac": answer.request_hmac,
            "status": answer.status,
            "answer": answer.answer,
            "recorded_at": recorded_at,
            "kept_until": kept_until,
        },
    )


def save_evidence(*, connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep a signed request in the transaction of what came of it."""
    connection.execute(insert(signed_request), dict(row))
