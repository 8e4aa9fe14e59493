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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from adapters.contract import (
    Adapter,
    Capability,
    Headers,
    Ignored,
    Malformed,
    Outcome,
    Parsed,
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
    about_of,
    is_credential,
    kept_key,
)
from coalition.checkouts.service.known import Book, Connections
from coalition.checkouts.store import inbox, rejections
from coalition.db.database import Database
from coalition.errors import StaleDirectory
from coalition.logging import logger
from coalition.metrics import CHECKOUT_DELIVERIES, CHECKOUT_DELIVERY_SECONDS

_log = logger(__name__)

SHORTEST_LIMIT_SECONDS = 1.8
"""For a platform that is not known yet: within the shortest patience of any (2 s)."""
_SHARE_OF_LIMIT = 0.8
_ATTEMPTS = 5
MOST_CHECKS = 50
"""How often a second the database is asked, and a refusal noted, because of what is refused."""


@dataclass(slots=True)
class _Checks:
    """A limit by the second, a process."""

    second: int = 0
    count: int = 0

    def allowed(self, now: float) -> bool:
        """Whether one more is."""
        if int(now) != self.second:
            self.second, self.count = int(now), 0
        self.count += 1
        return self.count <= MOST_CHECKS


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
    ) -> None:
        self._database = database
        self._connections = connections
        self._answering = answering
        self._new_id = new_id
        self._wall = wall
        self._checks = _Checks()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="door")

    def receive(self, *, connection_id: UUID, request: Request) -> Reply:
        """The answer, within the platform's time limit whatever the database does.

        What is still under way by then is answered as unavailable; should it be kept after all, it
        is known by its delivery key when it comes again.

        Raises:
            UnknownConnection: there is none of that id, or it is closed.
        """
        began = time.monotonic()
        book = self._connections.peek()
        known = None if book is None else book.by_id.get(connection_id)
        limit = SHORTEST_LIMIT_SECONDS
        if known is not None:
            patience = adapter_named(known.platform).manifest.retries.answer_within_ms / 1000
            limit = patience * _SHARE_OF_LIMIT
        context = contextvars.copy_context()
        work = self._pool.submit(context.run, self._receive, connection_id, request)
        try:
            reply = work.result(timeout=limit)
        except TimeoutError:
            work.cancel()
            _log.warning("delivery_too_slow", connection=str(connection_id), limit_seconds=limit)
            reply = _unavailable(known, request)
        except SQLAlchemyError as error:
            _log.warning("delivery_not_kept", error=type(error).__name__)
            reply = _unavailable(known, request)
        CHECKOUT_DELIVERY_SECONDS.observe(time.monotonic() - began)
        return reply

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
        if not self._checks.allowed(time.monotonic()):
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
        if self._checks.allowed(time.monotonic()):
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
        parsed = _parse(connection, adapter, request)
        if isinstance(parsed, Question):
            outcome = Outcome("unavailable", "connection_paused")
            if connection.state != "paused":
                key = kept_key(parsed.key)
                outcome = self._answering.answer(
                    connection=connection,
                    question=parsed,
                    delivery=self._delivery(connection, request, key, None),
                    snapshot=book.snapshot,
                )
        else:
            key = kept_key(adapter.delivery_key(request=request))
            delivery = self._delivery(connection, request, key, parsed)
            with self._database.autocommit() as database:
                kept = inbox.keep(
                    connection=database,
                    delivery=delivery,
                    directory_version=book.snapshot.version,
                )
            if not kept.current:
                raise StaleDirectory
            outcome = Outcome("kept" if kept.new else "repeated")
            if isinstance(parsed, Malformed) and _waits(adapter):
                outcome = Outcome("rejected", "malformed", {"detail": str(parsed)})
        CHECKOUT_DELIVERIES.labels(connection.platform, outcome.kind).inc()
        return adapter.ack(request=request, outcome=outcome, settings=connection.settings)

    def _delivery(
        self,
        connection: Connection,
        request: Request,
        key: str,
        parsed: Parsed | Exception | None,
    ) -> Delivery:
        """The message as it is put into the inbox: what is nothing to work on is settled there."""
        about = parsed if not isinstance(parsed, Exception) else None
        delivery = Delivery(
            message_id=self._new_id(),
            connection_no=connection.no,
            key=key,
            about=None if about is None else about_of(about),
            request=replace(
                request,
                url=_without_credentials(request.url),
                headers=Headers((n, v) for n, v in request.headers.items() if not is_credential(n)),
            ),
            received_at=self._wall(),
        )
        match parsed:
            case Ignored(reason=reason):
                return replace(delivery, state="ignored", reason=reason)
            case Malformed():
                return replace(delivery, state="dead", reason=f"malformed: {parsed}")
            case _:
                return delivery


def as_told(request: Request, connection: Connection) -> Request:
    """The request with the address that the platform was told, where the connection says which."""
    told = connection.settings.options.get("hook_url")
    if told is None:
        return request
    query = urlsplit(request.url).query
    return replace(request, url=f"{told}?{query}" if query and "?" not in told else told)


def _waits(adapter: Adapter) -> bool:
    """Whether a till waits for the answer, and must be told that it was not understood."""
    return Capability.SYNCHRONOUS in adapter.manifest.capabilities


def _parse(connection: Connection, adapter: Adapter, request: Request) -> Parsed | Exception:
    """What the message says, or why it cannot be read: that it is kept must not depend on it."""
    try:
        return adapter.parse(request=request, settings=connection.settings)
    except Malformed as fault:
        return fault
    except Exception as error:  # noqa: BLE001 - the message is kept, and read again later
        _log.exception("adapter_failed", platform=connection.platform)
        return error


def _without_credentials(url: str) -> str:
    """An address as it is stored: without what may be a credential in its query."""
    parts = urlsplit(url)
    if not parts.query:
        return url
    given = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in given if not is_credential(name)]
    return urlunsplit(parts._replace(query=urlencode(kept)))


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
