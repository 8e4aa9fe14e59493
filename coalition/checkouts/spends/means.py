"""What the use cases of spends work with, and their unit of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection as Session

from coalition.checkouts.domain import Asks, Connection
from coalition.db.database import Database
from coalition.db.transactions import ATTEMPTS, in_transaction
from coalition.directory import Clocks, Directory
from coalition.errors import HubError, StaleDirectory
from coalition.posting_context import PostingContext

CUSTOMERS_KEY = "checkout customers"
"""The purpose of the key that seals who buys, while a code is being made."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Means:
    """One for a process; `connection` finds one by its number, None where it is closed."""

    database: Database
    directory: Directory
    clocks: Clocks
    new_id: Callable[[], UUID]
    random: Callable[[int], bytes]
    jitter: Callable[[], float]
    key: bytes = field(repr=False)
    ask: Asks
    connection: Callable[[int], Connection | None]

    def post(self, party_no: int, work: Callable[[Session, PostingContext], T]) -> T:
        """Run a unit of work that may post for a party, with the newest directory.

        Raises:
            HubError: `conflict_retry`; whatever the work refuses.
        """

        def unit(connection: Session) -> T:
            snapshot = self.directory.refresh(connection=connection)
            context = PostingContext(
                snapshot=snapshot,
                now=self.clocks.business(snapshot),
                new_id=self.new_id,
                party_no=party_no,
            )
            return work(connection, context)

        for _ in range(ATTEMPTS):
            try:
                return in_transaction(database=self.database, work=unit)
            except StaleDirectory:
                continue
        raise HubError("conflict_retry", "The directory changes too fast just now.")
