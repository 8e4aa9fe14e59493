"""Taking the orders of a file that was checked, batch by batch; killed in between, it goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import IO, Any

from adapters.contract import Facts, FiledOrder, FileHead, FileReader, Malformed
from coalition.checkouts.domain import Connection
from coalition.checkouts.files.domain import (
    MAX_PROBLEMS,
    PATIENCE,
    FileOutcome,
    StoredFile,
    Takes,
    next_try,
)
from coalition.checkouts.files.folder import lines_of
from coalition.checkouts.files.store import taken as rows
from coalition.db.database import Database

__all__ = ["Taking", "listed", "waiting"]

BATCH = 100
"""Orders taken together; after each batch it is noted how far a file was taken."""


@dataclass(frozen=True, slots=True)
class Taking:
    """What takes the orders of a connection's files."""

    database: Database
    takes: Takes
    connection: Connection
    wall: Callable[[], datetime]

    def take(
        self, reader: FileReader, name: str, head: FileHead, file: StoredFile, copy: IO[bytes]
    ) -> FileOutcome:
        """Take the orders that were not taken yet."""
        orders = reader.read_file(lines=lines_of(copy), settings=self.connection.settings)
        problems = [] if file.done == 0 else list(file.problems)
        done = file.done
        # So many were taken before this process, or the one before it, was killed.
        deque(islice(orders, done), maxlen=0)
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
        now = self.wall()
        waits = any(each["passes"] for each in problems) and now < file.started_at + PATIENCE
        with self.database.autocommit() as connection:
            if waits:
                rows.try_later(
                    connection=connection,
                    connection_no=self.connection.no,
                    head=head,
                    due_at=next_try(started_at=file.started_at, now=now),
                )
                return waiting(name, head, done, problems)
            rows.settle_file(
                connection=connection,
                connection_no=self.connection.no,
                head=head,
                wall_now=now,
            )
        text = f"{done} orders" + (f", of which {len(problems)} were not taken" if problems else "")
        return FileOutcome(name, "taken", head, text, listed(problems))

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


def waiting(
    name: str, head: FileHead, orders: int, problems: Sequence[Mapping[str, Any]]
) -> FileOutcome:
    """A file of which some orders are tried again."""
    later = sum(1 for each in problems if each["passes"])
    text = f"{orders} orders, of which {later} are tried again"
    return FileOutcome(name, "waiting", head, text, listed(problems))


def listed(problems: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Orders that were not taken, as a report lists them."""
    return tuple(
        f"row {each['row']}, order {each['order']}: {each['reason']}"
        for each in problems[:MAX_PROBLEMS]
    )
