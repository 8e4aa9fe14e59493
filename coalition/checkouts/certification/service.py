"""Use cases of certifications: a run, and what is kept of those before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from sqlalchemy import Connection as Session

from coalition.checkouts.certification import store
from coalition.checkouts.certification.cases import grade_all
from coalition.checkouts.certification.domain import Certification, check_may_run, state_of
from coalition.checkouts.certification.means import Means
from coalition.checkouts.certification.platform import find_out
from coalition.checkouts.certification.rehearsal import rehearsal
from coalition.checkouts.service import connection_named, opened
from coalition.checkouts.store import connections as rows
from coalition.checkouts.store.connections import StoredConnection
from coalition.errors import HubError
from partner_sdk.wire.ids import encode

__all__ = ["certification_of", "certify", "is_current", "standing"]

_MOST_CONNECTIONS = 10_000


def _nothing(_session: Session) -> None:
    """Nothing to keep: the request was not signed."""


def certify(
    *,
    means: Means,
    connection_id: UUID,
    party_no: int | None,
    keep: Callable[[Session], None] = _nothing,
) -> tuple[StoredConnection, Certification]:
    """Run all cases of a party's connection, or (`party_no` None) of anybody's; the report is kept.

    `keep` writes the request that asked for it, with the report.

    Raises:
        HubError: `connection_not_found`, `connection_not_in_test`, `conflict_retry`.
    """
    with means.database.autocommit() as session:
        stored = connection_named(
            connection=session, connection_id=connection_id, party_no=party_no
        )
    check_may_run(stored.state)
    connection, wall_now, run_id = opened(stored, key=means.key), means.wall(), means.new_id()
    found = find_out(
        database=means.database,
        connection=connection,
        asks=means.asks,
        spend=encode("hld", run_id),
        wall_now=wall_now,
    )
    with rehearsal(
        database=means.database, connection=connection, keys=means.keys, wall_now=wall_now
    ) as stage:
        cases = grade_all(connection=connection, rehearsal=stage, found=found)
    made = Certification(
        id=run_id,
        connection_no=stored.no,
        finished_at=means.wall(),
        cases=cases,
        of=_of(stored),
    )
    with means.database.transaction() as session:
        keep(session)
        store.insert_certification(connection=session, made=made)
    return stored, made


def certification_of(
    *, connection: Session, connection_no: int, certification_id: UUID
) -> Certification:
    """A report of a connection.

    Raises:
        HubError: `certification_not_found`.
    """
    found = store.find_certification(
        connection=connection, connection_no=connection_no, certification_id=certification_id
    )
    if found is None:
        raise HubError("certification_not_found", "There is no such report of this connection.")
    return found


def is_current(made: Certification, stored: StoredConnection) -> bool:
    """Whether the connection is still set as it was when the report was made."""
    return made.of == _of(stored)


def standing(*, connection: Session) -> Iterator[tuple[StoredConnection, Certification | None]]:
    """Connections in state test, each with its last report."""
    found = rows.list_connections(
        connection=connection, party_no=None, after=0, limit=_MOST_CONNECTIONS
    )
    for stored in found:
        if stored.state == "test":
            last = store.list_certifications(
                connection=connection, connection_no=stored.no, before=None, limit=1
            )
            yield stored, last[0] if last else None


def _of(stored: StoredConnection) -> str:
    return state_of(stored.settings, stored.guests, stored.rotated_at)
