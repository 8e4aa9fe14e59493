"""What follows from a message: fetch, resolve, assemble, recognise the member, state the sale.

`Processing.take` is the one way from anything that an adapter read (a message, a page of a poll,
a row of a file) to sales, whoever brings it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from adapters.contract import Parsed
from adapters.registry import adapter_named
from coalition.checkouts.domain import Asks, Connection
from coalition.checkouts.processing.reading import Reader
from coalition.checkouts.processing.stating import Stated, Stating
from coalition.checkouts.processing.values import (
    Became,
    Heard,
    NoSpends,
    Source,
    Spends,
    Taken,
)
from coalition.db.database import Database
from coalition.directory import Clocks, Directory
from coalition.ids import IdSource
from coalition.members.contacts import ContactKeys

__all__ = ["NoSpends", "Processing", "Spends", "Taken"]

PARALLEL = 4
"""Fetches of one connection at a time."""


@dataclass(frozen=True, slots=True)
class Processing:
    """One for a process. Safe to share between threads."""

    database: Database
    directory: Directory
    clocks: Clocks
    asks: Asks
    keys: ContactKeys
    spends: Spends = field(default_factory=NoSpends)
    new_id: Callable[[], UUID] = field(default_factory=IdSource)
    parallel: int = PARALLEL

    def take(
        self,
        connection: Connection,
        parsed: Sequence[Parsed | Taken],
        *,
        asked_at: datetime | None = None,
    ) -> list[Taken]:
        """Do all that follows, and tell what became of each, in their order.

        Nothing is raised for a platform's or an order's trouble. The same again changes nothing.
        What is a `Taken` already stays what it is. `asked_at`: the database's time, before which
        nothing was asked; without it, it is looked up where something is.

        Raises:
            SQLAlchemyError: the hub's database cannot be reached.
        """
        reader = Reader(
            database=self.database,
            adapter=adapter_named(connection.platform),
            connection=connection,
            asks=self.asks,
            parallel=self.parallel,
            asked_at=asked_at,
        )
        sources = reader.read(parsed)
        heard: dict[int, Heard] = {id(h): h for source in sources for h in source.heard}
        stating = Stating(
            database=self.database,
            directory=self.directory,
            clocks=self.clocks,
            new_id=self.new_id,
            keys=self.keys,
            connection=connection,
            spends=self.spends,
        )
        stated = dict(zip(heard, stating.state(list(heard.values())), strict=True))
        return [_taken(each, [stated[id(h)] for h in each.heard]) for each in sources]


def _taken(source: Source, stated: Sequence[Stated]) -> Taken:
    """What became of one thing: the worst of what became of its orders, and of itself."""
    orders = tuple(each.document() for each in stated)
    if source.ended is not None and source.ended.became in ("later", "dead"):
        return Taken(source.ended.became, source.ended.reason, orders, source.ended.retry_at)
    refused = [each for each in stated if each.problem is not None]
    if refused:
        worst = next((each for each in refused if not each.passes), refused[0])
        became: Became = "later" if worst.passes else "dead"
        return Taken(became, f"{worst.problem}: {worst.detail}"[:500], orders)
    if source.ended is not None and not stated:
        return source.ended
    if all(each.outcome == "open" for each in stated):
        return Taken("ignored", "the order is not paid", orders)
    if all(each.outcome in ("guest", "open") for each in stated):
        return Taken("ignored", "a guest's order, and guests get nothing here", orders)
    return Taken("done", None, orders)
