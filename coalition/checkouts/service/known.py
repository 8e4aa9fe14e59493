"""The connections as a process holds them: read again when the directory moved, opened once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from coalition.checkouts.domain import Connection
from coalition.checkouts.service.manage import opened
from coalition.checkouts.store import connections as rows
from coalition.db.database import Database
from coalition.directory import Directory, Snapshot
from coalition.logging import logger
from coalition.sealing import SealBroken

__all__ = ["Book", "Connections"]

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Book:
    """All connections that are not closed, as of one version of the directory."""

    snapshot: Snapshot
    by_id: Mapping[UUID, Connection]
    by_no: Mapping[int, Connection] = field(default_factory=dict)


class Connections:
    """One for a process. Thread-safe: a book is immutable, the swap atomic."""

    def __init__(self, *, database: Database, directory: Directory, key: bytes) -> None:
        self._database = database
        self._directory = directory
        self._key = key
        self._lock = threading.Lock()
        self._book: Book | None = None

    def peek(self) -> Book | None:
        """The newest book at hand, however old: for what must not go to the database."""
        return self._book

    def current(self) -> Book:
        """A book that was the newest at most a second ago."""
        snapshot = self._directory.peek()
        return self.newest() if snapshot is None else self._of(snapshot)

    def newest(self) -> Book:
        """The newest book, checked now."""
        with self._database.autocommit() as connection:
            snapshot = self._directory.refresh(connection=connection)
        return self._of(snapshot)

    def _of(self, snapshot: Snapshot) -> Book:
        book = self._book
        if book is not None and book.snapshot.version == snapshot.version:
            return book
        with self._lock:
            book = self._book
            if book is not None and book.snapshot.version >= snapshot.version:
                return book
            # Read after the version was: it may be newer than that, never older.
            with self._database.autocommit() as connection:
                stored = rows.load_open(connection=connection)
            by_id: dict[UUID, Connection] = {}
            for each in stored:
                try:
                    by_id[each.connection_id] = opened(each, key=self._key)
                except SealBroken:
                    # The others go on; this one is as good as unknown until it gets new secrets.
                    _log.error("connection_not_opened", connection=str(each.connection_id))
            book = Book(snapshot, by_id, {each.no: each for each in by_id.values()})
            self._book = book
            return book
