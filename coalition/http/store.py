"""The SQL of the edge: saved answers by idempotency key, signed requests as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    Table,
    bindparam,
    delete,
    insert,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from coalition.http.tables import idempotency, refused_request, signed_request

_GUARD = text(
    "SELECT pg_try_advisory_xact_lock(:lock) AS locked, h.directory_version, EXISTS (SELECT FROM"
    " refused_request r WHERE r.party_no = :party_no AND r.nonce = :nonce) AS refused,"
    " i.status, i.request_hmac, i.answer"
    " FROM hub_state h LEFT JOIN idempotency i ON i.party_no = :party_no AND i.key = :key"
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
_LOOK_UP = text("SELECT FROM idempotency WHERE party_no = :party_no AND key = :key")


def _inserting(table: Table, prefix: str) -> Insert:
    return insert(table).values({c.name: bindparam(f"{prefix}_{c.name}") for c in table.columns})


_SAVE_ANSWER = _inserting(idempotency, "answer")
_SAVE_ANSWER_AND_EVIDENCE = _SAVE_ANSWER.add_cte(
    _inserting(signed_request, "evidence").cte("evidence")
)


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """What the first request with the key was answered; None: its time is over."""

    request_hmac: bytes | None
    status: int
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class Guarded:
    """Whether the lock is held now, the directory's version, whether the nonce was refused.

    `saved` is the key's answer as it was before the lock was taken.
    """

    free: bool
    version: int
    refused: bool
    saved: SavedAnswer | None


def guard(*, connection: Connection, lock: int, party_no: int, key: str, nonce: str) -> Guarded:
    """Take the key's advisory lock until the transaction ends, without waiting.

    `nonce` is that of the signature, empty where there is none.
    """
    values = {"lock": lock, "party_no": party_no, "key": key, "nonce": nonce}
    locked, version, refused, status, request_hmac, answer = connection.execute(
        _GUARD, values
    ).one()
    saved = None if status is None else SavedAnswer(request_hmac, status, answer)
    return Guarded(locked, version, refused, saved)


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


def is_answered(*, connection: Connection, party_no: int, key: str) -> bool:
    """Whether what the key asked for is done, as of now."""
    return (
        connection.execute(_LOOK_UP, {"party_no": party_no, "key": key}).one_or_none() is not None
    )


def save_answer(
    *,
    connection: Connection,
    party_no: int,
    key: str,
    answer: SavedAnswer,
    recorded_at: datetime,
    kept_until: datetime,
    evidence: Mapping[str, Any] | None,
) -> None:
    """Save an answer, and its signed request, in the transaction of the work that it reports.

    Times are wall time.
    """
    row = {
        "answer_party_no": party_no,
        "answer_key": key,
        "answer_request_hmac": answer.request_hmac,
        "answer_status": answer.status,
        "answer_answer": answer.answer,
        "answer_recorded_at": recorded_at,
        "answer_kept_until": kept_until,
    }
    if evidence is None:
        connection.execute(_SAVE_ANSWER, row)
    else:
        row |= {f"evidence_{name}": value for name, value in evidence.items()}
        connection.execute(_SAVE_ANSWER_AND_EVIDENCE, row)


def save_evidence(*, connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep a signed request in the transaction of what came of it."""
    connection.execute(insert(signed_request), dict(row))
