"""One pass over a folder: every file that is whole is taken in its turn, put away, reported on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import IO, Any, Protocol

from adapters.contract import (
    Facts,
    FileCheck,
    FiledOrder,
    FileHead,
    FileReader,
    Malformed,
    Parsed,
)
from adapters.registry import adapter_named
from coalition.checkouts.domain import Connection
from coalition.checkouts.files import store as rows
from coalition.checkouts.files.domain import (
    MAX_BYTES,
    MAX_FILES,
    MAX_PROBLEMS,
    PATIENCE,
    FileOutcome,
    StoredFile,
    judge,
    report,
    told,
)
from coalition.checkouts.files.folder import DropFolder, NoFile, TooLarge, lines_of
from coalition.db.database import Database
from coalition.errors import FieldError, HubError

__all__ = ["Pickup", "Takes"]

BATCH = 100
"""Orders taken together; after each batch it is noted how far a file was taken."""


class Became(Protocol):
    """What became of an order (`coalition.checkouts.processing.Taken`)."""

    @property
    def became(self) -> str: ...
    @property
    def reason(self) -> str | None: ...


class Takes(Protocol):
    """Does what follows from what was read (`coalition.checkouts.processing.Processing`)."""

    def take(self, connection: Connection, parsed: Sequence[Parsed]) -> Sequence[Became]:
        """What became of each."""


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
                `conflict_retry`: another process picks up just now.
            OSError: the folder cannot be read or written.
        """
        reader = self._reader()
        with self._alone():
            found = []
            for name in self.folder.names(limit=MAX_FILES):
                try:
                    found.append((self._place(reader, name), name))
                except NoFile:
                    continue
            return [outcome for _, name in sorted(found) for outcome in self._look(reader, name)]

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
            detail = f"The connection is {self.connection.state}."
            raise HubError("connection_closed", detail)
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

    def _place(self, reader: FileReader, name: str) -> tuple[str, int]:
        """Where a file stands among others: by its store and number, as its header says."""
        line = self.folder.first_line(name)
        head = reader.check_file(lines=[line], settings=self.connection.settings).head
        return ("", 0) if head is None else (head.store, head.sequence)

    def _look(self, reader: FileReader, name: str) -> Iterator[FileOutcome]:
        try:
            with self.folder.copy(name, most_bytes=MAX_BYTES) as copy:
                check = reader.check_file(lines=lines_of(copy), settings=self.connection.settings)
                outcome = self._decide(reader, name, check, copy)
        except TooLarge:
            text = f"it has more than {MAX_BYTES} bytes"
            outcome = FileOutcome(name, "refused", None, text)
        except NoFile:
            return
        if self.connection.posts and outcome.what in ("taken", "repeated", "refused"):
            written = report(outcome, connection=self.connection.name, read_at=self.wall())
            try:
                to = "refused" if outcome.what == "refused" else "done"
                self.folder.put_away(name, to=to, report=written)  # type: ignore[arg-type]  # one of the two
            except NoFile:
                # Whoever dropped it took it away; what was taken of it stays.
                outcome = replace(outcome, text=f"{outcome.text}; it is not in the folder any more")
        yield outcome

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
        with self.database.transaction() as connection:
            known = rows.find_file(
                connection=connection,
                connection_no=self.connection.no,
                store=head.store,
                sequence=head.sequence,
            )
            expected = self._expected(connection, head.store)
        verdict = judge(check=check, known=known, expected=expected, first=self._first())
        if verdict.what == "repeated" and known is not None:
            text = f"the same was taken before, as {known.name}; nothing changed"
            return FileOutcome(name, "repeated", head, text, _listed(known.problems))
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
        return self._take(reader, name, head, file, copy)

    def _take(
        self, reader: FileReader, name: str, head: FileHead, file: StoredFile, copy: IO[bytes]
    ) -> FileOutcome:
        """Take the orders that were not taken yet, batch by batch."""
        settings = self.connection.settings
        orders = reader.read_file(lines=lines_of(copy), settings=settings)
        problems = [] if file.done == 0 else list(file.problems)
        done = file.done
        if done:
            # They were taken before this process, or the one before it, was killed.
            list(islice(orders, done))
        try:
            while batch := list(islice(orders, BATCH)):
                problems += self._batch(batch)
                done += len(batch)
                with self.database.autocommit() as connection:
                    rows.say_done(
                        connection=connection,
                        connection_no=self.connection.no,
                        head=head,
                        done=done,
                        problems=problems[:MAX_PROBLEMS],
                    )
        except Malformed as fault:
            raise AssertionError(f"a file that was checked is another: {fault}") from fault
        later = [each for each in problems if each["passes"]]
        waits = bool(later) and self.wall() < file.started_at + PATIENCE
        with self.database.autocommit() as connection:
            rows.settle_file(
                connection=connection,
                connection_no=self.connection.no,
                head=head,
                state="waiting" if waits else "taken",
                wall_now=self.wall(),
            )
        if waits:
            text = f"{done} orders, of which {len(later)} are tried again"
            return FileOutcome(name, "waiting", head, text, _listed(problems))
        text = f"{done} orders" + (f", of which {len(problems)} were not taken" if problems else "")
        return FileOutcome(name, "taken", head, text, _listed(problems))

    def _batch(self, batch: Sequence[FiledOrder]) -> list[dict[str, Any]]:
        """Take some orders; those that were not taken, with the reason."""
        taken = self.takes.take(self.connection, [Facts((each.order,)) for each in batch])
        return [
            {
                "row": filed.row,
                "order": filed.order.id,
                "reason": one.reason or "",
                "passes": one.became == "later",
            }
            for filed, one in zip(batch, taken, strict=True)
            if one.became in ("later", "dead")
        ]

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


def _listed(problems: Sequence[Any]) -> tuple[str, ...]:
    return tuple(
        f"row {each['row']}, order {each['order']}: {each['reason']}"
        for each in problems[:MAX_PROBLEMS]
    )
