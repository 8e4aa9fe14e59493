"""The SQL of releases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, tuple_, update

from settlement.release.domain import Release
from settlement.release.tables import release

_ALL = (
    release.c.release_id,
    release.c.business_date,
    release.c.state,
    release.c.document,
    release.c.sha256,
    release.c.maker,
    release.c.proposed_at,
    release.c.proposed_on,
    release.c.approver,
    release.c.decided_at,
    release.c.reason,
)


def insert_release(*, connection: Connection, found: Release, maker_key: UUID) -> None:
    """Write a proposal."""
    connection.execute(
        insert(release).values(
            release_id=found.release_id,
            business_date=found.business_date,
            state=found.state,
            document=found.document,
            sha256=found.sha256,
            maker=found.maker,
            maker_key=maker_key,
            proposed_at=found.proposed_at,
            proposed_on=found.proposed_on,
        )
    )


def lock_release(*, connection: Connection, release_id: UUID) -> Release | None:
    """A release as it is now, locked until the transaction ends."""
    row = connection.execute(
        select(*_ALL).where(release.c.release_id == release_id).with_for_update()
    ).one_or_none()
    return None if row is None else _release(row)


def read_release(*, connection: Connection, release_id: UUID) -> Release | None:
    """A release."""
    row = connection.execute(select(*_ALL).where(release.c.release_id == release_id)).one_or_none()
    return None if row is None else _release(row)


def read_living(*, connection: Connection, business_date: date) -> Release | None:
    """The release of a window that is proposed or approved."""
    row = connection.execute(
        select(*_ALL).where(
            release.c.business_date == business_date,
            release.c.state.in_(("proposed", "approved")),
        )
    ).one_or_none()
    return None if row is None else _release(row)


def read_releases(
    *, connection: Connection, after: tuple[date, UUID] | None = None, limit: int
) -> tuple[Release, ...]:
    """Releases, the newest window first; `after` is the date and id of the last one seen."""
    key = tuple_(release.c.business_date, release.c.release_id)
    query = (
        select(*_ALL)
        .order_by(release.c.business_date.desc(), release.c.release_id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(key < tuple_(after[0], after[1]))
    return tuple(_release(row) for row in connection.execute(query))


def mark_approved(
    *,
    connection: Connection,
    release_id: UUID,
    approver: str,
    approver_key: UUID,
    sha256: bytes,
    decided_at: datetime,
) -> None:
    """Write an approval."""
    connection.execute(
        update(release)
        .where(release.c.release_id == release_id)
        .values(
            state="approved",
            approver=approver,
            approver_key=approver_key,
            approved_sha256=sha256,
            decided_at=decided_at,
        )
    )


def mark_ended(
    *, connection: Connection, release_id: UUID, state: str, reason: str, decided_at: datetime
) -> None:
    """Write that a proposal was withdrawn or is void."""
    connection.execute(
        update(release)
        .where(release.c.release_id == release_id)
        .values(state=state, reason=reason, decided_at=decided_at)
    )


def _release(row: Any) -> Release:
    values = dict(row._mapping)
    values["document"], values["sha256"] = bytes(row.document), bytes(row.sha256)
    return Release(**values)
