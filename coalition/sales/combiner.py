"""Write-combining: new sales that arrive together in one process are written by one statement.

A thread that finds nobody writing writes at once, whatever has gathered, its own sale among it;
all that comes meanwhile gathers for the next. So nothing ever waits for company, a lonely sale is
as fast as ever, and the more come at once, the more one commit carries. There is no thread of its
own and nothing to start or stop: leading goes from one caller to the next.

What one statement writes is all right or nothing is. If it is refused, or fails, every sale of it
is stated again alone, by the thread that brought it, and gets an answer or an error of its own.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from sqlalchemy.exc import IntegrityError

from coalition.db.database import Database
from coalition.db.writing import WriteSet
from coalition.errors import HubError, StaleDirectory
from coalition.ledger.store import Conflict, write
from coalition.ledger.store.entries import MADE_BEFORE
from coalition.logging import logger
from coalition.posting_context import PostingContext
from coalition.sales.domain import SalePut
from coalition.sales.service.answer import SaleAnswer
from coalition.sales.service.put import (
    Extra,
    may_go_quickly,
    plan_quickly,
    put_sale,
    quick_writes,
)

_log = logger(__name__)

MOST_AT_ONCE = 64
"""Sales of one statement at most: a longer one would make its first callers wait for its last."""
MOST_WAITING = 512
"""Sales that may wait in a process; what comes on top is stated alone."""
_LONGEST_WAIT = MADE_BEFORE.total_seconds() / 2
"""Seconds. What has waited longer is stated alone, with new ids: a list of entries may have gone on
beyond those that it had."""


@dataclass(slots=True, eq=False)
class _Unit:
    """One sale, computed and waiting to be written."""

    directory_version: int
    key: tuple[int, str]
    writes: WriteSet
    made_at: float
    woken: threading.Lock = field(default_factory=threading.Lock)
    wakes: _Unit | None = None
    leads: bool = False
    outcome: str = "waiting"


class Combiner:
    """One for a process. Thread-safe; callers block until their own sale is answered."""

    def __init__(
        self,
        *,
        database: Database,
        writers: int = 1,
        most_at_once: int = MOST_AT_ONCE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`writers` statements may run at once, each with a connection of its own."""
        self._database = database
        self._most_at_once = most_at_once
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting: deque[_Unit] = deque()
        self._idle = writers

    def put_sale(
        self, *, context: PostingContext, put: SalePut, extra: Extra = WriteSet
    ) -> SaleAnswer:
        """State one sale; as `coalition.sales.service.put_sale`, with others where others come.

        Raises:
            HubError: the statement is refused, and nothing is changed.
            StaleDirectory: read the directory again and repeat.
        """
        if may_go_quickly(context, [put]):
            answer = self._combined(context, put, extra)
            if answer is not None:
                return answer
        return put_sale(database=self._database, context=context, put=put, extra=extra)

    def _combined(self, context: PostingContext, put: SalePut, extra: Extra) -> SaleAnswer | None:
        """The answer, or None where the sale must be stated alone."""
        made_at = self._monotonic()
        book, (answer,) = plan_quickly(context=context, puts=[put])
        if isinstance(answer, HubError):
            # It may rest on what was not read; alone, it is said of what was.
            return None
        writes = quick_writes(book=book, answers=[answer], extra=extra)
        unit = _Unit(context.snapshot.version, (context.party_no, put.external_id), writes, made_at)
        self._join(unit)
        if unit.outcome == "stale":
            raise StaleDirectory
        return answer if unit.outcome == "written" else None

    def _join(self, unit: _Unit) -> None:
        """Have the unit written, by this thread or by another; returns with its outcome."""
        with self._lock:
            if len(self._waiting) >= MOST_WAITING:
                unit.outcome = "alone"
                return
            leads = self._idle > 0
            if leads:
                self._idle -= 1
            else:
                unit.woken.acquire()
                self._waiting.append(unit)
        if leads:
            # Threads that are just computing a sale of their own get to come along.
            time.sleep(0)
        else:
            unit.woken.acquire()
            if unit.wakes is not None:
                unit.wakes.woken.release()
            if not unit.leads:
                return
        self._lead(unit)

    def _lead(self, own: _Unit) -> None:
        """Write a batch, hand leading on, and wake those who wait for it."""
        with self._lock:
            batch = self._gather(own)
        outcome = "alone"
        try:
            outcome = self._write(batch)
        finally:
            for unit in batch:
                unit.outcome = outcome
            with self._lock:
                heir = self._waiting.popleft() if self._waiting else None
                if heir is None:
                    self._idle += 1
            if heir is not None:
                heir.leads = True
                heir.woken.release()
            # One wakes the next: all at once would only fight for the interpreter.
            for unit, following in pairwise(batch[1:]):
                unit.wakes = following
            if len(batch) > 1:
                batch[1].woken.release()

    def _gather(self, first: _Unit) -> list[_Unit]:
        """What goes into a statement with `first`: of the same directory, and no sale twice."""
        batch, keys = [first], {first.key}
        later: deque[_Unit] = deque()
        while self._waiting and len(batch) < self._most_at_once:
            unit = self._waiting.popleft()
            if unit.directory_version == first.directory_version and unit.key not in keys:
                keys.add(unit.key)
                batch.append(unit)
            else:
                later.append(unit)
        later.extend(self._waiting)
        self._waiting = later
        return batch

    def _write(self, batch: Sequence[_Unit]) -> str:
        writes = WriteSet()
        for unit in batch:
            writes.merge(unit.writes)
        try:
            with self._database.autocommit() as connection:
                if self._monotonic() - min(unit.made_at for unit in batch) > _LONGEST_WAIT:
                    return "alone"
                write(
                    connection=connection,
                    writes=writes,
                    directory_version=batch[0].directory_version,
                )
        except StaleDirectory:
            return "stale"
        except Exception as error:  # noqa: BLE001 - alone, each finds out whether it is the cause
            if not isinstance(error, (Conflict, IntegrityError)):
                _log.warning("combined_write_failed", error=type(error).__name__, sales=len(batch))
            return "alone"
        return "written"
