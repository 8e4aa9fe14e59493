"""Telling what became of each file: written down as it changes, for API and doctor."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from coalition.checkouts.files.domain import MAX_TOLD, FileOutcome, Told, What
from coalition.checkouts.files.store import told as rows
from coalition.db.database import Database

__all__ = ["Telling"]


@dataclass(frozen=True, slots=True)
class Telling:
    """What is told of the files in one folder of a connection. For one pass."""

    database: Database
    connection_no: int
    folder: str
    wall: Callable[[], datetime]
    _told: dict[str, Told] = field(default_factory=dict)

    def begin(self, names: Collection[str]) -> None:
        """Read what is told of the files that are there; of those that stayed and are gone, no more
        is told."""
        with self.database.autocommit() as connection:
            told = rows.told_of(
                connection=connection,
                connection_no=self.connection_no,
                folder=self.folder,
                names=names,
            )
            self._told.update((each.name, each) for each in told)
            if gone := self._told.keys() - set(names):
                rows.forget_gone(
                    connection=connection,
                    connection_no=self.connection_no,
                    folder=self.folder,
                    names=gone,
                )

    def told(self, name: str, stamp: str) -> What | None:
        """What became of this very file when it was looked at last."""
        before = self._told.get(name)
        return before.what if before is not None and before.stamp == stamp else None

    def tell(self, outcome: FileOutcome, stamp: str) -> None:
        """Say what became of a file; what is said already is not said again."""
        head = outcome.head
        told = Told(
            name=outcome.name,
            what=outcome.what,
            store=None if head is None else head.store,
            sequence=None if head is None else head.sequence,
            text=outcome.text,
            lines=list(outcome.lines[:MAX_TOLD]),
            more=max(0, len(outcome.lines) - MAX_TOLD),
            stamp=stamp,
            since=self.wall(),
        )
        before = self._told.get(told.name)
        if before is not None and replace(told, since=before.since) == before:
            return
        with self.database.autocommit() as connection:
            rows.tell(
                connection=connection,
                connection_no=self.connection_no,
                folder=self.folder,
                told=told,
            )
