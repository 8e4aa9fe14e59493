"""The door: a platform's request is verified, kept, and answered as the platform wants.

In this order: whose connection it is (from memory), whether the platform sent it (a computation),
what order it is about (another), then one statement that keeps it for good. Only then is it
acknowledged. What goes wrong with the hub is answered 5xx, so that the platform sends it again; a
4xx says that the message is not the platform's.
"""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from adapters.contract import (
    Adapter,
    Capability,
    Malformed,
    Outcome,
    Question,
    Rejected,
    Reply,
    Request,
)
from adapters.registry import adapter_named
from coalition.checkouts.answering import Answering
from coalition.checkouts.domain import (
    MAX_REJECTED,
    Connection,
    Delivery,
    Rejection,
    UnknownConnection,
)
from coalition.checkouts.receiving.limits import MOST_CHECKS, PRODUCTION, Limits
from coalition.checkouts.receiving.telling import as_told, delivery_of, parse_guarded
from coalition.checkouts.service.known import Book, Connections
from coalition.checkouts.store import inbox, rejections
from coalition.db.database import Database
from coalition.errors import StaleDirectory
from coalition.logging import logger
from coalition.metrics import CHECKOUT_DELIVERIES, CHECKOUT_DELIVERY_SECONDS
from coalition.once import PerSecond

__all__ = ["PRODUCTION", "Door", "Limits"]

_log = logger(__name__)

_ATTEMPTS = 5


class Door:
    """One for a process. Thread-safe."""

    def __init__(
        self,
        *,
        database: Database,
        connections: Connections,
        answering: Answering,
        new_id: Callable[[], UUID],
        wall: Callable[[], datetime],
        threads: int = 16,
        limits: Limits = PRODUCTION,
    ) -> None:
        self._database = database
        self._connections = connections
        self._answering = answering
        self._new_id = new_id
        self._wall = wall
        self._limits = limits
        self._checks = PerSecond(MOST_CHECKS)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="door")

    def make_ready(self) -> None:
        """Know all connections, and have their adapters imported, before the first delivery."""
        for connection in self._connections.newest().by_id.values():
            try:
                adapter_named(connection.platform)
            except Exception:  # noqa: BLE001 - one that is broken hurts nobody else
                _log.exception("adapter_not_there", platform=connection.platform)

    def receive(self, *, connection_id: UUID, request: Request) -> Reply:
        """The answer, within the platform's time limit whatever the database does.

        What is still under way by then is answered as unavailable; should it be kept after all, it
        is known by its delivery key when it comes again.

        Raises:
            UnknownConnection: there is none of that id, or it is closed.
        """
        began = time.monotonic()
        context = contextvars.copy_context()
        work = self._pool.submit(context.run, self._receive, connection_id, request)
        try:
            reply = self._in_time(work, connection_id, began)
        except TimeoutError:
            work.cancel()
            _log.warning(
                "delivery_too_slow",
                connection=str(connection_id),
                seconds=round(time.monotonic() - began, 3),
            )
            reply = _unavailable(self._known(connection_id), request)
        except SQLAlchemyError as error:
            _log.warning("delivery_not_kept", error=type(error).__name__)
            reply = _unavailable(self._known(connection_id), request)
        CHECKOUT_DELIVERY_SECONDS.observe(time.monotonic() - began)
        return reply

    def _in_time(self, work: Future[Reply], connection_id: UUID, began: float) -> Reply:
        """What the work gives within the limit; found meanwhile, a connection has its own.

        Raises:
            TimeoutError: it is over.
        """
        known = self._known(connection_id)
        while True:
            left = began + self._limits.of(known) - time.monotonic()
            try:
                return work.result(timeout=max(0.0, left))
            except TimeoutError:
                found = self._known(connection_id)
                if known is not None or found is None:
                    raise
                known = found

    def _known(self, connection_id: UUID) -> Connection | None:
        """The connection as the process remembers it, without going to the database."""
        book = self._connections.peek()
        return None if book is None else book.by_id.get(connection_id)

    def _receive(self, connection_id: UUID, request: Request) -> Reply:
        book = self._connections.current()
        for _ in range(_ATTEMPTS):
            connection = book.by_id.get(connection_id)
            if connection is None:
                newest = self._checked(book)
                if newest is book:
                    raise UnknownConnection
                book = newest
                continue
            told = as_told(request, connection)
            adapter = adapter_named(connection.platform)
            verdict = adapter.verify(
                request=told,
                secrets=connection.secrets_at(self._wall()),
                now=self._wall(),
            )
            if isinstance(verdict, Rejected):
                newest = self._checked(book)
                if newest is not book:
                    book = newest
                    continue
                return self._reject(connection, adapter, told, verdict)
            try:
                return self._take(book, connection, adapter, told)
            except StaleDirectory:
                book = self._connections.newest()
        return _unavailable(connection, request)

    def _checked(self, book: Book) -> Book:
        """The newest book before something is refused; `book` itself when nothing changed."""
        if not self._checks.allows(time.monotonic()):
            return book
        newest = self._connections.newest()
        return book if newest.snapshot.version == book.snapshot.version else newest

    def _reject(
        self, connection: Connection, adapter: Adapter, request: Request, why: Rejected
    ) -> Reply:
        """Count and note it; nothing of it is kept."""
        CHECKOUT_DELIVERIES.labels(connection.platform, why.reason).inc()
        _log.info(
            "delivery_rejected",
            connection=str(connection.id),
            platform=connection.platform,
            reason=why.reason,
            detail=why.detail,
        )
        if self._checks.allows(time.monotonic()):
            rejection = Rejection(
                connection.no, self._wall(), why.reason, why.detail[:500], len(request.body)
            )
            with self._database.autocommit() as database:
                rejections.reject(
                    connection=database, rejection=rejection, keep_at_most=MAX_REJECTED
                )
        outcome = Outcome("rejected", why.reason, {"detail": why.detail})
        return adapter.ack(request=request, outcome=outcome, settings=connection.settings)

    def _take(
        self, book: Book, connection: Connection, adapter: Adapter, request: Request
    ) -> Reply:
        """Keep a message, or answer a question.

        Raises:
            StaleDirectory: the connection may have changed; look again.
        """
        parsed = parse_guarded(connection, adapter, request)
        delivery = delivery_of(
            connection=connection,
            request=request,
            key=parsed.key
            if isinstance(parsed, Question)
            else adapter.delivery_key(request=request),
            parsed=parsed,
            message_id=self._new_id(),
            received_at=self._wall(),
        )
        if isinstance(parsed, Question):
            outcome = Outcome("unavailable", "connection_paused")
            if connection.state != "paused":
                outcome = self._answering.answer(
                    connection=connection,
                    question=parsed,
                    delivery=delivery,
                    snapshot=book.snapshot,
                )
        else:
            outcome = self._keep(book, delivery)
            if isinstance(parsed, Malformed) and _waits(adapter):
                outcome = Outcome("rejected", "malformed", {"detail": str(parsed)})
        CHECKOUT_DELIVERIES.labels(connection.platform, outcome.kind).inc()
        return adapter.ack(request=request, outcome=outcome, settings=connection.settings)

    def _keep(self, book: Book, delivery: Delivery) -> Outcome:
        with self._database.autocommit() as database:
            kept = inbox.keep(
                connection=database,
                delivery=delivery,
                directory_version=book.snapshot.version,
            )
        if not kept.current:
            raise StaleDirectory
        return Outcome("kept" if kept.new else "repeated")


def _waits(adapter: Adapter) -> bool:
    """Whether a till waits for the answer, and must be told that it was not understood."""
    return Capability.SYNCHRONOUS in adapter.manifest.capabilities


def _unavailable(connection: Connection | None, request: Request) -> Reply:
    """Trouble of the hub's: what the platform takes for "send it again"."""
    if connection is None:
        return Reply(503, b"", {"Retry-After": "1"})
    CHECKOUT_DELIVERIES.labels(connection.platform, "unavailable").inc()
    reply = adapter_named(connection.platform).ack(
        request=request,
        outcome=Outcome("unavailable", "service_unavailable"),
        settings=connection.settings,
    )
    return reply if reply.status >= 500 else replace(reply, status=503)
