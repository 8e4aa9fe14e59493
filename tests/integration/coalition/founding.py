"""A founded coalition with partners, as tests of members and partners need it."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from coalition.directory import Snapshot, read_snapshot
from coalition.enrolment import enrol_member
from coalition.members.contacts import ContactKeys
from coalition.members.domain import Member
from coalition.partners import service
from coalition.partners.domain import Party
from coalition.posting_context import PostingContext
from coalition.setup import found_coalition
from partner_sdk.wire.ids import uuid7

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
KEYS = ContactKeys(lookup=b"l" * 32, wrapping=b"w" * 32, random=os.urandom)
_MILLISECONDS = itertools.count(int(NOW.timestamp() * 1000))
PATH_TO_LIVE = {
    "applied": (),
    "certified": ("certified",),
    "live": ("certified", "live"),
    "suspended": ("certified", "live", "suspended"),
    "leaving": ("certified", "live", "leaving"),
    "closed": ("certified", "live", "leaving", "closed"),
}


def new_id() -> UUID:
    """A fresh id, later than those before it."""
    return uuid7(unix_ms=next(_MILLISECONDS), random=os.urandom(10))


@dataclass
class Founded:
    """A coalition in an engine's database."""

    engine: Engine
    partners: dict[str, Party] = field(default_factory=dict)

    def add_partner(self, slug: str, state: str = "live") -> Party:
        """A partner brought to a state through the states before it."""
        with self.engine.begin() as connection:
            party = service.add_partner(
                connection=connection,
                party_id=new_id(),
                event_id=new_id(),
                slug=slug,
                name=slug.title(),
                time_zone="Europe/Bucharest",
                now=NOW,
            )
            for each in PATH_TO_LIVE[state]:
                party = service.change_state(
                    connection=connection,
                    party=party,
                    state=each,
                    reason="for the test",
                    event_id=new_id(),
                    now=NOW,
                )
        self.partners[slug] = party
        return party

    def snapshot(self) -> Snapshot:
        """The directory as it is now."""
        with self.engine.connect() as connection:
            return read_snapshot(connection=connection)

    def context(self, slug: str) -> PostingContext:
        """A call by a party."""
        snapshot = self.snapshot()
        return PostingContext(
            snapshot=snapshot,
            now=NOW,
            new_id=new_id,
            party_no=snapshot.party_by_slug[slug].no,
        )

    def enrol(self, slug: str, **names: str) -> Member:
        """A member enrolled at a partner."""
        with self.engine.begin() as connection:
            return enrol_member(
                connection=connection, context=self.context(slug), keys=KEYS, **names
            )


def found(connection: Connection, environment: str = "test") -> None:
    """Found a coalition in EUR."""
    found_coalition(
        connection=connection,
        environment=environment,
        name="Test coalition",
        time_zone="Europe/Bucharest",
        currency="EUR",
        face_micros=10_000,
        first_date=date(2026, 11, 1),
        now=NOW,
        new_id=new_id,
    )
