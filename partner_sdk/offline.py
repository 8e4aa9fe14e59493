"""A till without a connection keeps earning: sales wait in a file and are sent once, later.

``put_sale`` returns when the sale is on the disk; a kill or a power cut after that loses
nothing. ``send`` works through the file in order. If it is killed between sending and noting
the answer, the same sales are sent again, which the hub absorbs: a sale is absolute, and the
same revision twice changes nothing.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from partner_sdk.calls.batches import SaleLike, chunks_of_encoded, encoded, sale_id, wire_of
from partner_sdk.client import PartnerClient
from partner_sdk.errors import ApiError, AuthenticationFailed, HubUnavailable
from partner_sdk.queue_values import QueueError, QueueFull, QueueStatus, SendReport, SetAside
from partner_sdk.transport import wall_now
from partner_sdk.wire.instants import format_instant, parse_instant
from partner_sdk.wire.messages import SaleResult
from partner_sdk.wire.problems import Problem

__all__ = ["OfflineQueue", "QueueError", "QueueFull", "QueueStatus", "SendReport", "SetAside"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS queue (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sale_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    body BLOB NOT NULL,
    queued_at TEXT NOT NULL,
    aside_at TEXT,
    aside_code TEXT,
    aside_detail TEXT,
    UNIQUE (sale_id, revision)
);
CREATE INDEX IF NOT EXISTS queue_waiting ON queue (seq) WHERE aside_at IS NULL;
"""
#: Read and sent at a time; memory does not grow with the queue.
_STRETCH = 1000
#: Refusals of a whole batch that one of its sales may have caused.
_BLAMABLE = frozenset({400, 409, 413, 422})


@dataclass(frozen=True, slots=True)
class _Row:
    seq: int
    sale_id: str
    body: bytes


class OfflineQueue:
    """Sales waiting in a SQLite file; safe among threads, and among processes."""

    def __init__(self, path: Path | str, *, max_sales: int = 1_000_000) -> None:
        """Open or make the file.

        Raises:
            QueueError: it cannot be opened, or is not a queue.
        """
        self._max_sales = max_sales
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(
                path, timeout=10, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            # A sale is on the disk, not in a cache, before the till is told so.
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise QueueError(f"the queue cannot be opened: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def put_sale(self, sale: SaleLike) -> None:
        """Queue a sale; it is on the disk when this returns. The same revision twice is once.

        Raises:
            QueueError: another content is queued under this id and revision; the file is full
                (``QueueFull``) or broken.
            ValueError: the sale has no id or revision, or is not JSON.
        """
        body = wire_of(sale)
        key, revision = sale_id(body), body.get("revision")
        if type(revision) is not int or not 0 <= revision < 2**53:
            raise ValueError("a sale needs a revision, a whole number from 0")
        written = encoded(body)
        with self._writing() as db:
            known = db.execute(
                "SELECT body FROM queue WHERE sale_id = ? AND revision = ?", (key, revision)
            ).fetchone()
            if known is not None:
                if json.loads(known[0]) != json.loads(written):
                    raise QueueError("this revision is queued with other content; raise it")
                return
            # The span of seq bounds the count from above, and costs nothing to read.
            (span,) = db.execute(
                "SELECT coalesce(max(seq) - min(seq) + 1, 0) FROM queue"
            ).fetchone()
            if span >= self._max_sales:
                (count,) = db.execute("SELECT count(*) FROM queue").fetchone()
                if count >= self._max_sales:
                    raise QueueFull(f"the queue holds {count} sales; send them first")
            db.execute(
                "INSERT INTO queue (sale_id, revision, body, queued_at) VALUES (?, ?, ?, ?)",
                (key, revision, written, format_instant(wall_now())),
            )

    def send(self, client: PartnerClient) -> SendReport:
        """Send what waits, in order and in batches; refused sales are set aside with the reason.

        Sales that another attempt may help stay waiting. What was sent stays sent when a later
        batch fails.

        Raises:
            CoalitionError: the hub cannot be reached, or refuses the key; nothing is lost.
        """
        sent = aside = after = 0
        while rows := self._waiting(after=after):
            after = rows[-1].seq
            for part in _parts(rows):
                taken, refused = self._send_part(client, part)
                sent += taken
                aside += refused
        return SendReport(sent=sent, set_aside=aside, waiting=self.status().waiting)

    def status(self) -> QueueStatus:
        """Count what waits and what is set aside."""
        with self._reading() as db:
            waiting, aside, oldest = db.execute(
                "SELECT count(*) FILTER (WHERE aside_at IS NULL), count(aside_at),"
                " min(queued_at) FILTER (WHERE aside_at IS NULL) FROM queue"
            ).fetchone()
        return QueueStatus(
            waiting=waiting,
            set_aside=aside,
            oldest_at=None if oldest is None else parse_instant(oldest),
        )

    def set_aside(self) -> list[SetAside]:
        """Return the refused sales, oldest first."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT seq, sale_id, revision, aside_code, aside_detail, body FROM queue"
                " WHERE aside_at IS NOT NULL ORDER BY seq"
            ).fetchall()
        return [
            SetAside(seq, sale_id, revision, code, detail, json.loads(body))
            for seq, sale_id, revision, code, detail, body in rows
        ]

    def retry(self, seq: int | None = None) -> None:
        """Let a sale that was set aside wait again; all of them without ``seq``."""
        with self._writing() as db:
            db.execute(
                "UPDATE queue SET aside_at = NULL, aside_code = NULL, aside_detail = NULL"
                " WHERE seq = coalesce(?, seq)",
                (seq,),
            )

    def discard(self, seq: int) -> None:
        """Forget a sale that was set aside."""
        with self._writing() as db:
            db.execute("DELETE FROM queue WHERE seq = ? AND aside_at IS NOT NULL", (seq,))

    def _send_part(self, client: PartnerClient, rows: Sequence[_Row]) -> tuple[int, int]:
        """Send one batch; returns how many were taken and how many set aside."""
        (chunk,) = chunks_of_encoded((row.sale_id, row.body) for row in rows)
        try:
            results = client.put_batch(chunk)
        except (AuthenticationFailed, HubUnavailable):
            raise
        except ApiError as error:
            if error.retryable or error.status not in _BLAMABLE:
                raise
            if len(rows) == 1:
                return self._settle(rows, [_refusal(rows[0], error.problem)])
            # One of them spoils the batch: halve until it stands alone.
            middle = len(rows) // 2
            first = self._send_part(client, rows[:middle])
            second = self._send_part(client, rows[middle:])
            return first[0] + second[0], first[1] + second[1]
        return self._settle(rows, results)

    def _settle(self, rows: Sequence[_Row], results: Sequence[SaleResult]) -> tuple[int, int]:
        """Note the answers in one transaction."""
        taken = [row.seq for row, result in zip(rows, results, strict=True) if result.ok]
        refused = [
            (format_instant(wall_now()), *_reason(result), row.seq)
            for row, result in zip(rows, results, strict=True)
            if not result.ok and not _may_help(result)
        ]
        with self._writing() as db:
            db.executemany("DELETE FROM queue WHERE seq = ?", [(seq,) for seq in taken])
            db.executemany(
                "UPDATE queue SET aside_at = ?, aside_code = ?, aside_detail = ? WHERE seq = ?",
                refused,
            )
        return len(taken), len(refused)

    def _waiting(self, *, after: int) -> list[_Row]:
        with self._reading() as db:
            rows = db.execute(
                "SELECT seq, sale_id, body FROM queue WHERE aside_at IS NULL AND seq > ?"
                " ORDER BY seq LIMIT ?",
                (after, _STRETCH),
            ).fetchall()
        return [_Row(*row) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise QueueError(f"the queue cannot be read: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction on the disk, or none."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise QueueError(f"the queue cannot be written: {error}") from error


def _parts(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    """Cut rows where ``chunks_of_encoded`` cuts them."""
    start = 0
    for chunk in chunks_of_encoded((row.sale_id, row.body) for row in rows):
        yield rows[start : start + len(chunk.ids)]
        start += len(chunk.ids)


def _may_help(result: SaleResult) -> bool:
    if result.problem is None:
        return result.status >= 500
    return result.problem.retryable or result.status >= 500


def _reason(result: SaleResult) -> tuple[str, str]:
    if result.problem is None:
        return f"http_{result.status}", ""
    errors = "; ".join(f"{error.pointer}: {error.message}" for error in result.problem.errors)
    return result.problem.code, errors or result.problem.detail


def _refusal(row: _Row, problem: Problem) -> SaleResult:
    return SaleResult(id=row.sale_id, status=problem.status, sale=None, problem=problem)
