"""Working on the inbox: one worker a connection, so that a platform that is slow delays nobody."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

from adapters.contract import Parsed
from adapters.registry import adapter_named
from coalition.checkouts.domain import LEASE, Connection, Message, next_delay, shown
from coalition.checkouts.processing import Processing, Taken
from coalition.checkouts.processing.reading import guarded
from coalition.checkouts.service import Connections
from coalition.checkouts.store.claiming import Settled, claim, settle, with_due
from coalition.db.database import Database
from coalition.db.faults import passes
from coalition.logging import logger
from coalition.metrics import CHECKOUT_MESSAGES

_log = logger(__name__)

BATCH = 50
"""Messages of one connection that are taken at once."""
WORKERS = 8
"""Connections that are worked on at once, a process."""
REST_SECONDS = 2.0
"""How long a connection is let be that others work on, or that failed."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What works on the inbox, one for a process."""

    connections: Connections
    processing: Processing
    jitter: Callable[[], float]

    @property
    def _pool(self) -> Database:
        return self.processing.database

    def _wall(self) -> datetime:
        return self.processing.clocks.wall()

    def run(self) -> dict[str, int]:
        """Work until nothing is due; gives what became of how many.

        What goes wrong at one connection is logged and counted, and stops no other.

        Raises:
            SQLAlchemyError: the hub's database cannot be reached.
        """
        counts: Counter[str] = Counter()
        under_way: dict[int, Future[dict[str, int]]] = {}
        # Until when a connection is let be: others have what is due there, or it failed.
        resting: dict[int, float] = {}
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="inbox") as pool:
            while True:
                for no in [no for no, future in under_way.items() if future.done()]:
                    done = self._done(no, under_way.pop(no))
                    if not done or "failed" in done:
                        resting[no] = time.monotonic() + REST_SECONDS
                    counts.update(done)
                with self._pool.autocommit() as connection:
                    due = with_due(connection=connection, wall_now=self._wall())
                for no in due:
                    rests = resting.get(no, 0.0) > time.monotonic()
                    if no not in under_way and not rests and len(under_way) < WORKERS:
                        under_way[no] = pool.submit(self.work, no)
                if not under_way:
                    return dict(counts)
                wait(under_way.values(), timeout=1.0, return_when=FIRST_COMPLETED)

    def _done(self, connection_no: int, work: Future[dict[str, int]]) -> dict[str, int]:
        try:
            return work.result()
        except Exception as error:
            if passes(error):
                raise
            _log.exception("connection_failed", connection_no=connection_no)
            return {"failed": 1}

    def work(self, connection_no: int) -> dict[str, int]:
        """One batch of one connection; gives what became of how many.

        Taken in one transaction, worked on in none, settled in another. A worker that dies leaves
        its lease to run out; what it did is done again, and changes nothing.
        """
        connection = self.connections.newest().by_no.get(connection_no)
        if connection is None:
            return {}
        wall_now = self._wall()
        leased_until = wall_now + LEASE
        with self._pool.transaction() as database:
            messages, asked_at = claim(
                connection=database,
                connection_no=connection_no,
                wall_now=wall_now,
                until=leased_until,
                limit=BATCH,
            )
        if not messages:
            return {}
        parsed = [_parsed(connection, each) for each in messages]
        taken = self._take(connection, parsed, asked_at)
        settled = [
            self._settled(message, each) for message, each in zip(messages, taken, strict=True)
        ]
        with self._pool.transaction() as database:
            own = settle(
                connection=database,
                connection_no=connection_no,
                settled=settled,
                leased_until=leased_until,
                wall_now=self._wall(),
            )
        return _told(connection, [each for each in settled if each.message_id in own])

    def _take(
        self, connection: Connection, parsed: Sequence[Parsed | Taken], asked_at: datetime | None
    ) -> list[Taken]:
        """What became of each; what cannot be taken together is taken one by one.

        So a message at which the hub itself fails is tried again, and is a dead letter in the end,
        alone: those beside it are done.

        Raises:
            SQLAlchemyError: the hub's database cannot be reached.
        """
        try:
            return self.processing.take(connection, parsed, asked_at=asked_at)
        except Exception as error:
            if passes(error):
                raise
            if len(parsed) > 1:
                return [one for each in parsed for one in self._take(connection, [each], asked_at)]
            _log.exception("message_failed", connection=str(connection.id))
            return [Taken("later", f"the hub failed: {type(error).__name__}")]

    def _settled(self, message: Message, taken: Taken) -> Settled:
        result = {"orders": [dict(each) for each in taken.orders]} if taken.orders else None
        reason = None if taken.reason is None else shown(taken.reason)
        if taken.became != "later":
            return Settled(message.message_id, taken.became, reason, result)
        delay = next_delay(attempts=message.attempts, jitter=self.jitter())
        if delay is None:
            return Settled(message.message_id, "dead", reason, result)
        due_at = self._wall() + delay
        if taken.retry_at is not None:
            due_at = max(due_at, taken.retry_at)
        return Settled(message.message_id, "waiting", reason, result, due_at)


def _parsed(connection: Connection, message: Message) -> Parsed | Taken:
    adapter = adapter_named(connection.platform)
    return guarded(
        lambda: adapter.parse(request=message.request, settings=connection.settings), connection
    )


def _told(connection: Connection, settled: list[Settled]) -> dict[str, int]:
    """Count and log what became of messages."""
    counts: dict[str, int] = {}
    for each in settled:
        outcome = "later" if each.state == "waiting" else each.state
        counts[outcome] = counts.get(outcome, 0) + 1
        CHECKOUT_MESSAGES.labels(connection.platform, outcome).inc()
        if outcome in ("later", "dead"):
            _log.warning(
                "message_not_done",
                connection=str(connection.id),
                message=str(each.message_id),
                outcome=outcome,
                reason=each.reason,
            )
    return counts
