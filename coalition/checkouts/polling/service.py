"""Use cases of polling: one page, a backfill of a time range, and the steady looking.

Whatever a page says goes the way that messages go (`Processing.take`), so what is asked for ends
as what was told: the same orders again change nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from adapters.contract import Capability, Malformed
from adapters.registry import adapter_named
from coalition.checkouts.domain import Connection, Refused, Unreachable, next_delay
from coalition.checkouts.polling import store
from coalition.checkouts.processing import Processing, Taken
from coalition.checkouts.service import Connections
from coalition.db.faults import passes
from coalition.db.state import server_clock
from coalition.errors import HubError
from coalition.logging import logger

EVERY = timedelta(minutes=15)
"""How often each platform is asked."""
OVERLAP = timedelta(minutes=10)
"""How much of the time before is asked again: platforms list changes a while after they were."""
LONGEST_ROUND = timedelta(days=2)
"""The longest time range of one round: pages of a list live for a while only."""
LEASE = timedelta(minutes=10)
MOST_PAGES = 10_000
PATIENCE = 5
"""How often a page is asked again because of an order on it; then the round goes on without."""
_SAME_PAGE = 3
_MAX_ATTEMPTS = 30
_LONGEST_PROBLEM = 300

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Polled:
    """A page: what became of each thing on it, and where the next one is."""

    taken: tuple[Taken, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Poller:
    """What asks platforms for changes, one for a process."""

    connections: Connections
    processing: Processing
    jitter: Callable[[], float]

    def page(
        self, connection: Connection, *, since: datetime, until: datetime, cursor: str | None
    ) -> Polled:
        """Ask for one page of what changed in [since, until) and do all that follows.

        Raises:
            Unreachable, Refused, Malformed: the page could not be had.
        """
        adapter = adapter_named(connection.platform)
        with self.processing.database.autocommit() as database:
            # What is read now is newer than whatever was asked for before.
            asked_at = server_clock(connection=database)
        call = adapter.poll(since=since, until=until, cursor=cursor, settings=connection.settings)
        (answer,) = self.processing.asks.ask(connection, (call,))
        page = adapter.polled(answer=answer, cursor=cursor, settings=connection.settings)
        taken = self.processing.take(connection, page.parsed, asked_at=asked_at)
        return Polled(tuple(taken), page.cursor)

    def backfill(
        self, connection: Connection, *, since: datetime, until: datetime
    ) -> Iterator[Polled]:
        """Ask for all that changed in a time range, page by page.

        Raises:
            HubError: `polling_not_supported`.
            Unreachable, Refused, Malformed: a page could not be had; begin again, for what was
                done changes nothing.
        """
        check_polls(connection)
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            polled = self.page(connection, since=since, until=until, cursor=cursor)
            yield polled
            cursor = polled.cursor
            if cursor is None:
                return
        raise Malformed("the list never ends")

    def look(self) -> Counter[str]:
        """Ask each platform that is due; gives what became of how many things.

        What goes wrong at one connection is logged and counted, and stops no other.

        Raises:
            SQLAlchemyError: the hub's database cannot be reached.
        """
        wall_now = self.processing.clocks.wall()
        book = self.connections.newest()
        nos = [no for no, each in book.by_no.items() if is_asked(each)]
        with self.processing.database.transaction() as database:
            store.begin(connection=database, connection_nos=nos, wall_now=wall_now)
            waiting = store.due(connection=database, connection_nos=nos, wall_now=wall_now)
        counts: Counter[str] = Counter()
        for no in waiting:
            # As it is now: it may have been paused while others were asked.
            shop = self.connections.current().by_no.get(no)
            if shop is None or not is_asked(shop):
                continue
            try:
                counts += self.round(shop)
            except Exception as error:
                if passes(error):
                    raise
                # Its lease runs out, and then it is asked again.
                _log.exception("poll_failed", connection=str(shop.id))
                counts["failed"] += 1
        return counts

    def round(self, connection: Connection) -> Counter[str]:
        """Ask one platform for what changed since it was asked, if it is due and nobody else does.

        How far it got is written after each page: killed anywhere, the next one goes on there.
        """
        began = self.processing.clocks.wall()
        with self.processing.database.transaction() as database:
            at = store.lease(
                connection=database,
                connection_no=connection.no,
                wall_now=began,
                until=began + LEASE,
            )
        counts: Counter[str] = Counter()
        if at is None:
            return counts
        until = at.until or min(began, at.polled_until + LONGEST_ROUND)
        since, cursor = at.polled_until - OVERLAP, at.cursor
        while True:
            try:
                polled = self.page(connection, since=since, until=until, cursor=cursor)
            except (Unreachable, Refused, Malformed) as trouble:
                self._save(at, **self._later(at, trouble, until, cursor))
                return counts
            except SQLAlchemyError:
                raise
            except Exception as error:  # noqa: BLE001 - one adapter's fault must not stop others
                _log.exception("polling_failed", connection=str(connection.id))
                failed = f"the adapter failed: {type(error).__name__}"
                self._save(at, **self._later(at, failed, until, cursor))
                return counts
            counts.update(each.became for each in polled.taken)
            later = _first(polled.taken, "later")
            if later is not None and at.attempts < PATIENCE:
                self._save(at, **self._later(at, later, until, cursor))
                return counts
            self._tell(connection, polled.taken)
            cursor = polled.cursor
            wall_now = self.processing.clocks.wall()
            if cursor is None:
                # Far behind, the next range is asked for at the next look.
                due_at = wall_now if wall_now - until > EVERY else wall_now + EVERY
                self._save(at, polled_until=until, until=None, cursor=None, due_at=due_at, **_DONE)
                return counts
            goes_on = wall_now < began + LEASE / 2
            kept = {} if goes_on else {"leased_until": None}
            page = {"until": until, "cursor": cursor, "attempts": 0, "problem": None, **kept}
            if not self._save(at, **page) or not goes_on:
                return counts
            # What failed before was a page that is behind it now.
            at = replace(at, attempts=0)

    def _save(self, at: store.Cursor, **columns: Any) -> bool:
        with self.processing.database.transaction() as database:
            return store.save(connection=database, lease=at, columns=columns)

    def _later(
        self, at: store.Cursor, trouble: Exception | str, until: datetime, cursor: str | None
    ) -> dict[str, Any]:
        """Try the page again later; after a few times the list anew, for its pages may be over."""
        wall_now = self.processing.clocks.wall()
        attempts = min(at.attempts + 1, _MAX_ATTEMPTS)
        due_at = wall_now + (next_delay(attempts=attempts, jitter=self.jitter()) or EVERY)
        if isinstance(trouble, Unreachable) and trouble.retry_at is not None:
            due_at = max(due_at, trouble.retry_at)
        same = attempts < _SAME_PAGE and not isinstance(trouble, Malformed)
        return {
            "until": until if same else None,
            "cursor": cursor if same else None,
            "due_at": due_at,
            "attempts": attempts,
            "problem": str(trouble)[:_LONGEST_PROBLEM],
            "leased_until": None,
        }

    def _tell(self, connection: Connection, taken: Sequence[Taken]) -> None:
        """Orders that are not stated are told, for no message of the inbox stands for them."""
        for each in taken:
            if each.became in ("dead", "later"):
                _log.warning(
                    "polled_order_not_done",
                    connection=str(connection.id),
                    outcome=each.became,
                    reason=each.reason,
                )


_DONE: dict[str, Any] = {"attempts": 0, "problem": None, "leased_until": None}


def polls(connection: Connection) -> bool:
    """Whether the platform can be asked for what changed."""
    return Capability.POLL in adapter_named(connection.platform).manifest.capabilities


def is_asked(connection: Connection) -> bool:
    """Whether the hub asks it steadily: it goes on, and where that takes a login, has one."""
    login = adapter_named(connection.platform).manifest.credentials.login
    wanted = () if login is None else login.proves.values()
    able = all(name in connection.secrets.extra for name in wanted)
    return connection.state != "paused" and able and polls(connection)


def check_polls(connection: Connection) -> None:
    """Refuse a platform that cannot be asked for what changed.

    Raises:
        HubError: `polling_not_supported`, with the adapter's reason.
    """
    if not polls(connection):
        why = adapter_named(connection.platform).manifest.ignores[Capability.POLL]
        raise HubError("polling_not_supported", f"{connection.platform} cannot be polled: {why}.")


def _first(taken: Sequence[Taken], became: str) -> str | None:
    return next((each.reason or became for each in taken if each.became == became), None)
