"""One pass over a folder: every file that is whole is taken in its turn, put away, reported on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, Any

from adapters.contract import (
    FileCheck,
    FileHead,
    FileReader,
)
from adapters.registry import adapter_named
from coalition.checkouts.domain import Connection
from coalition.checkouts.files.domain import (
    MAX_BYTES,
    MAX_FILES,
    FileOutcome,
    StoredFile,
    Takes,
    Verdict,
    judge,
    report,
    told,
)
from coalition.checkouts.files.folder import (
    MOST_NAME_BYTES,
    DropFolder,
    NoFile,
    TooLarge,
    is_fit,
    lines_of,
    shown,
)
from coalition.checkouts.files.store import taken as rows
from coalition.checkouts.files.taking import Taking, listed, waiting
from coalition.checkouts.files.telling import Telling
from coalition.db.database import Database
from coalition.errors import FieldError, HubError

__all__ = ["Pickup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickup:
    """A connection's folder, picked up by one process at a time."""

    database: Database
    takes: Takes
    connection: Connection
    folder: DropFolder
    wall: Callable[[], datetime]

    def run(self) -> list[FileOutcome]:
        """Look at all files once, those of each store by their numbers.

        A connection in test shows what is wrong with files, and neither takes nor moves any.

        Raises:
            HubError: `validation_failed`: the platform has no files; `connection_closed`;
                `connection_not_live`: it is paused; `conflict_retry`: another process picks up
                just now.
            OSError: the folder cannot be read or written.
        """
        reader = self._reader()
        with self._alone():
            telling = Telling(
                self.database, self.connection.no, str(self.folder.path.absolute()), self.wall
            )
            names = self.folder.names(limit=MAX_FILES)
            telling.begin([shown(name) for name in names])
            found: list[tuple[str, int, str]] = []
            heads: dict[str, FileHead | None] = {}
            for name in names:
                try:
                    head = heads[name] = self._head(reader, name)
                except NoFile:
                    continue
                found.append((head.store, head.sequence, name) if head else ("", 0, name))
            return [
                outcome
                for _, _, name in sorted(found)
                for outcome in self._look(reader, telling, name, heads[name])
            ]

    def give_up(self, *, store: str, sequence: int) -> None:
        """Wait no longer for a file that will not come. It is taken if it comes after all.

        Raises:
            HubError: `validation_failed`: it is not the one that comes next.
        """
        with self._alone(), self.database.transaction() as connection:
            expected = self._expected(connection, store)
            if sequence != expected:
                fault = FieldError("/sequence", f"must be {expected}, the one that comes next")
                raise HubError("validation_failed", "Nothing waits for it.", errors=(fault,))
            rows.give_up(
                connection=connection,
                connection_no=self.connection.no,
                store=store,
                sequence=sequence,
                wall_now=self.wall(),
            )

    def _reader(self) -> FileReader:
        adapter = adapter_named(self.connection.platform)
        if not isinstance(adapter, FileReader):
            detail = f"The platform {self.connection.platform} says nothing by file."
            raise HubError("validation_failed", detail)
        if self.connection.state in ("paused", "closed"):
            closed = self.connection.state == "closed"
            detail = f"The connection is {self.connection.state}."
            raise HubError("connection_closed" if closed else "connection_not_live", detail)
        return adapter

    @contextmanager
    def _alone(self) -> Iterator[None]:
        no = self.connection.no
        with self.database.autocommit() as guard:
            if not rows.try_lock(connection=guard, connection_no=no):
                raise HubError("conflict_retry", "Another process picks up these files just now.")
            try:
                yield
            finally:
                rows.unlock(connection=guard, connection_no=no)

    def _head(self, reader: FileReader, name: str) -> FileHead | None:
        """Whose a file is, and its number, as its first line says."""
        line = self.folder.first_line(name)
        return reader.check_file(lines=[line], settings=self.connection.settings).head

    def _look(
        self, reader: FileReader, telling: Telling, name: str, head: FileHead | None
    ) -> Iterator[FileOutcome]:
        try:
            stamp = self.folder.stamp(name)
            outcome = self._unread(telling, name, stamp, head) or self._read(reader, name)
        except NoFile:
            return
        telling.tell(outcome, stamp)
        if self.connection.posts and outcome.what in ("taken", "repeated", "refused"):
            written = report(outcome, connection=self.connection.name, read_at=self.wall())
            try:
                to = "refused" if outcome.what == "refused" else "done"
                self.folder.put_away(name, to=to, report=written)  # type: ignore[arg-type]  # one of the two
            except NoFile:
                # Whoever dropped it took it away; what was taken of it stays.
                outcome = replace(outcome, text=f"{outcome.text}; it is not in the folder any more")
        yield outcome

    def _unread(
        self, telling: Telling, name: str, stamp: str, head: FileHead | None
    ) -> FileOutcome | None:
        """What is known of a file without reading it: it has a wrong name, is held as before, or
        its orders are tried again later."""
        if not is_fit(name):
            text = f"a name is plain text of at most {MOST_NAME_BYTES} bytes"
            return FileOutcome(shown(name), "misnamed", None, text)
        before = telling.told(name, stamp)
        if head is None or not self.connection.posts or before not in ("held", "waiting"):
            return None
        verdict, known = self._judge(head, None)
        if before == "held":
            return FileOutcome(name, "held", head, verdict.text) if verdict.what == "held" else None
        if known is None or known.due_at is None or known.due_at <= self.wall():
            return None
        return waiting(name, head, known.orders, known.problems)

    def _read(self, reader: FileReader, name: str) -> FileOutcome:
        try:
            with self.folder.copy(name, most_bytes=MAX_BYTES) as copy:
                check = reader.check_file(lines=lines_of(copy), settings=self.connection.settings)
                return self._decide(reader, name, check, copy)
        except TooLarge:
            return FileOutcome(name, "refused", None, f"it has more than {MAX_BYTES} bytes")

    def _judge(self, head: FileHead, sha256: str | None) -> tuple[Verdict, StoredFile | None]:
        """What to do with a file, and what is known of its number."""
        with self.database.autocommit() as connection:
            known = rows.find_file(
                connection=connection,
                connection_no=self.connection.no,
                store=head.store,
                sequence=head.sequence,
            )
            expected = self._expected(connection, head.store)
        verdict = judge(
            head=head, sha256=sha256, known=known, expected=expected, first=self._first()
        )
        return verdict, known

    def _decide(
        self, reader: FileReader, name: str, check: FileCheck, copy: IO[bytes]
    ) -> FileOutcome:
        head = check.head
        if not check.complete:
            return FileOutcome(name, "incomplete", head, "it has no end yet, and is left alone")
        if check.faults or head is None or check.sha256 is None:
            count = f"{len(check.faults)} faults" if len(check.faults) != 1 else "1 fault"
            return FileOutcome(name, "refused", head, count, told(check))
        if not self.connection.posts:
            text = f"{check.orders} orders; nothing is taken while the connection is in test"
            return FileOutcome(name, "checked", head, text)
        verdict, known = self._judge(head, check.sha256)
        if verdict.what == "repeated" and known is not None:
            text = f"the same was taken before, as {known.name}; nothing changed"
            return FileOutcome(name, "repeated", head, text, listed(known.problems))
        if verdict.what in ("refused", "held"):
            return FileOutcome(name, verdict.what, head, verdict.text)
        with self.database.transaction() as connection:
            file = rows.begin_file(
                connection=connection,
                connection_no=self.connection.no,
                name=name,
                head=head,
                sha256=check.sha256,
                orders=check.orders,
                wall_now=self.wall(),
            )
        taking = Taking(self.database, self.takes, self.connection, self.wall)
        return taking.take(reader, name, head, file, copy)

    def _first(self) -> int:
        given = self.connection.settings.options.get("first_sequence", "")
        return int(given) if given.isdecimal() else 1

    def _expected(self, connection: Any, store: str) -> int:
        return rows.next_sequence(
            connection=connection,
            connection_no=self.connection.no,
            store=store,
            first=self._first(),
        )
