"""What a noun's command works with: one transaction, the newest directory, the moment, new ids.

Commands act for the operator: who holds the database and its secret needs no key.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from coalition.cli.session import open_session
from coalition.clock import wall_now
from coalition.config import Config
from coalition.directory import Clocks, Snapshot, read_snapshot
from coalition.errors import HubError
from coalition.ids import IdSource
from coalition.ledger.domain import OPERATOR
from coalition.partners.domain import Party
from coalition.posting_context import PostingContext
from partner_sdk.wire import ids


@dataclass(frozen=True, slots=True)
class Command:
    """One command's unit of work. `now` is business time."""

    config: Config
    connection: Connection
    snapshot: Snapshot
    now: datetime
    new_id: Callable[[], UUID]
    random: Callable[[int], bytes]

    def party(self, name: str) -> Party:
        """A party by its slug or public id.

        Raises:
            HubError: `partner_not_found`.
        """
        found = self.snapshot.party_by_slug.get(name)
        if found is None:
            try:
                found = self.snapshot.party_by_id.get(ids.decode("prt", name))
            except ids.InvalidId:
                found = None
        if found is None:
            raise HubError("partner_not_found", f"There is no partner {name}.")
        return found

    @property
    def operator(self) -> Party:
        """The operator, for whom commands act."""
        return self.snapshot.parties[OPERATOR]

    def acting_for(self, party_no: int = OPERATOR) -> PostingContext:
        """The command as a call of that party."""
        return PostingContext(
            snapshot=self.snapshot, now=self.now, new_id=self.new_id, party_no=party_no
        )


@contextmanager
def open_command() -> Iterator[Command]:
    """Work on the database that the configuration names; committed when the block ends well.

    Raises:
        ConfigError, EmbeddedError: there is no such database.
    """
    with open_session() as session, session.database.transaction() as connection:
        snapshot = read_snapshot(connection=connection)
        yield Command(
            config=session.config,
            connection=connection,
            snapshot=snapshot,
            now=Clocks(wall=wall_now).business(snapshot),
            new_id=IdSource(),
            random=os.urandom,
        )
