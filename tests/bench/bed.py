"""The coalition that is measured: a database of its own on a durable embedded server, with partners
and members, made as production makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Engine, text

from coalition.agreements.service import publish_agreement
from coalition.config import Config
from coalition.db.database import Database
from coalition.db.embedded import EmbeddedServer
from coalition.db.engine import create_engine_for
from coalition.events.tables import subscription
from coalition.ids import IdSource
from coalition.partners.tables import party
from coalition.prepare import prepare_database

SECRET = b"0123456789abcdef" * 2
SUBSCRIBED_EVERY = 5
"""One partner in so many has subscribed to what happens, so that its postings fill the outbox."""


@dataclass(frozen=True, slots=True)
class Bed:
    """What a process needs to know to work on a coalition; it travels between processes."""

    address: str
    data_folder: str
    partners: tuple[int, ...]
    members: tuple[UUID, ...]
    batch: int = 500

    def config(self, **changes: Any) -> Config:
        """The hub's configuration for this coalition."""
        values = {
            "environment": "test",
            "database_url": self.address,
            "data_folder": Path(self.data_folder),
            "secret_key": SECRET,
            "log_level": "warning",
        }
        return Config(**(values | changes))


def terms(*, funding: str = "issue") -> dict[str, Any]:
    """One point per 1.00, nothing pending: an earn owes (issue) or does not (redemption)."""
    return {
        "currency": "EUR",
        "earn": {"rules": [{"kind": "per_amount", "points": "1", "per": "1.00"}]},
        "issue_price": "0.011",
        "redemption_price": "0.010",
        "funding": funding,
        "fees": {"issue_per_point": "0", "redemption_share": "0.02"},
        "expiry": {"months": 24},
        "grace_days": 30,
    }


def create_database(*, server: EmbeddedServer, name: str) -> str:
    """A fresh database beside the server's own; gives its address."""
    with psycopg.connect(server.address_of(database="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.address_of(database=name)


def drop_database(*, server: EmbeddedServer, name: str) -> None:
    """Give its space back."""
    with psycopg.connect(server.address_of(database="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def make_bed(
    *,
    server: EmbeddedServer,
    name: str,
    folder: Path,
    partners: int,
    members: int,
    mixed: bool = False,
    subscribed: bool = True,
    first_date: date | None = None,
) -> Bed:
    """Found a coalition with so many live partners and so many members, each with a lot to spend.

    Every member starts with one lot of a million active points, so that spending never ends.
    `mixed`: every other partner funds on redemption, else all fund on issue. `subscribed`: one in
    five has subscribed. `first_date` is the first business date (none: today).
    """
    address = create_database(server=server, name=name)
    data_folder = folder / name
    data_folder.mkdir(parents=True, exist_ok=True)
    first = None if first_date is None else first_date.isoformat()
    config = Bed(address, str(data_folder), (), ()).config(first_date=first)
    engine = create_engine_for(address, pool_size=2)
    now = datetime.now(UTC)
    try:
        prepare_database(engine=engine, config=config, now=now)
        numbers = _add_partners(engine, now, partners, mixed, subscribed)
        ids = _add_members(engine, members, numbers)
    finally:
        engine.dispose()
    return Bed(address, str(data_folder), numbers, ids)


def _add_partners(
    engine: Engine, now: datetime, count: int, mixed: bool, subscribed: bool
) -> tuple[int, ...]:
    new_id = IdSource()
    began = now - timedelta(days=800)
    numbers = []
    with Database(engine).transaction() as connection:
        for i in range(count):
            no = connection.execute(
                party.insert()
                .values(
                    id=new_id(),
                    kind="partner",
                    slug=f"brand-{i:03d}",
                    name=f"Brand {i}",
                    state="live",
                    time_zone="Europe/Bucharest",
                    created_at=began,
                )
                .returning(party.c.no)
            ).scalar_one()
            numbers.append(no)
            publish_agreement(
                connection=connection,
                existing=(),
                currency="EUR",
                agreement_id=new_id(),
                party_no=no,
                effective_from=began,
                effective_to=None,
                document=terms(funding=("issue", "redemption")[i % 2] if mixed else "issue"),
                now=now,
            )
            if subscribed and i % SUBSCRIBED_EVERY == 0:
                connection.execute(
                    subscription.insert().values(
                        subscription_id=new_id(),
                        party_no=no,
                        url="https://example.test/hook",
                        types=["sale.posted", "redemption.captured"],
                        secret=b"-",
                        state="active",
                        created_at=now,
                    )
                )
    return tuple(numbers)


_MEMBERS = """
WITH made AS (
  INSERT INTO member (member_id, account_id, state, enrolled_by, enrolled_at, wrapped_key)
  SELECT id, id, 'active', :party, now() - interval '700 days', '\\x2d'
    FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, :count)) made
  RETURNING member_id)
INSERT INTO balance (account_id, active) SELECT member_id, 1000000 FROM made RETURNING account_id
"""
_LOTS = """
INSERT INTO lot (account_id, lot_id, issuer, funder, funding, issue_price_micros,
       redemption_price_micros, currency, agreement_no, granted, active, occurred_at, posted_at,
       activates_at, expires_at)
SELECT b.account_id, uuidv7(interval '-100 days'), a.party_no, a.party_no, 'issue', 11000, 10000,
       'EUR', a.no, 1000000, 1000000, d.at, d.at, d.at, d.at + interval '720 days'
  FROM (SELECT account_id, row_number() OVER () AS n FROM balance) b
  JOIN (SELECT no, party_no, row_number() OVER (ORDER BY no) - 1 AS n FROM agreement) a
    ON a.n = b.n % (SELECT count(*) FROM agreement)
 CROSS JOIN (SELECT now() - interval '100 days' AS at) d
"""


def _add_members(engine: Engine, count: int, partners: tuple[int, ...]) -> tuple[UUID, ...]:
    with Database(engine).transaction() as connection:
        rows = connection.execute(text(_MEMBERS), {"party": partners[0], "count": count})
        ids = tuple(row.account_id for row in rows)
        connection.execute(text(_LOTS))
    with Database(engine).autocommit() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return ids
