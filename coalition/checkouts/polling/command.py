"""What `coalition adapter backfill` does."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, date, datetime

from adapters.contract import Malformed
from coalition.checkouts.domain import (
    Connection,
    Refused,
    UnknownConnection,
    Unreachable,
    connection_id_of,
)
from coalition.checkouts.making import make_poller
from coalition.checkouts.polling.service import Poller
from coalition.cli.session import Session, open_session
from coalition.clock import wall_now
from coalition.directory import Clocks, Directory
from coalition.errors import FieldError, HubError
from partner_sdk.wire.instants import InvalidInstant, parse_instant

MOST_PROBLEMS = 50
"""How many orders that were not done are named."""


def backfill(*, connection: str, since: str, until: str) -> tuple[dict[str, int], list[str]]:
    """Backfill a connection; what became of how many things, and why some were not done.

    Raises:
        HubError: `connection_not_found`, `polling_not_supported`, `validation_failed`, or
            `service_unavailable` when the platform could not be asked to the end.
    """
    began = wall_now()
    low, high = _instant("--from", since), _instant("--to", until) if until else began
    if not low < high:
        raise HubError("validation_failed", "--from must lie before --to.")
    with open_session() as session:
        poller = poller_for(session)
        return run(poller, _named(poller, connection), low, high)


def poller_for(session: Session) -> Poller:
    """What asks platforms, for a command."""
    return make_poller(
        config=session.config,
        database=session.database,
        directory=Directory(monotonic=time.monotonic),
        clocks=Clocks(wall=wall_now),
    )


def run(
    poller: Poller, connection: Connection, since: datetime, until: datetime
) -> tuple[dict[str, int], list[str]]:
    """Take every page; what became of how many things, and why some were not done.

    Raises:
        HubError: `polling_not_supported`, `service_unavailable`.
    """
    counts: Counter[str] = Counter()
    problems: list[str] = []
    try:
        for polled in poller.backfill(connection, since=since, until=until):
            for each in polled.taken:
                counts[each.became] += 1
                if each.became in ("dead", "later") and len(problems) < MOST_PROBLEMS:
                    problems.append(each.reason or each.became)
    except (Unreachable, Refused, Malformed) as trouble:
        raise HubError(
            "service_unavailable",
            f"The platform could not be asked to the end: {trouble}. Run it again: what was done "
            "changes nothing.",
        ) from None
    return dict(sorted(counts.items())), problems


def _named(poller: Poller, name: str) -> Connection:
    found = poller.connections.newest().by_id.get(connection_id_of(name))
    if found is None:
        raise UnknownConnection
    return found


def _instant(option: str, text: str) -> datetime:
    try:
        if len(text) == len("2026-05-01"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        return parse_instant(text)
    except (InvalidInstant, ValueError):
        fault = FieldError(option, "must be a date or an RFC 3339 instant")
        raise HubError("validation_failed", "The time is not one.", errors=(fault,)) from None
