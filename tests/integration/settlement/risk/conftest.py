"""A coalition with a partner that cannot pay, and the operator's people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from coalition.config import Config
from coalition.db.embedded import EmbeddedServer
from settlement import hub
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries
from settlement.risk.service import collateral
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from settlement.store.checks import run_checks
from tests.coalition_world import DAY_1, FUEL_TERMS, World, terms
from tests.database import copy_of
from tests.integration.settlement.kept import Kept, keep
from tests.integration.settlement.reading import bundle_path, read_statement


@dataclass
class Bank:
    """The coalition with its money."""

    world: World
    night: Night
    ann: UUID

    def settle(self, *days: int) -> None:
        """Settle days, numbered from 1, and go on to the morning after the last."""
        for number in days:
            day = DAY_1 + timedelta(days=number - 1)
            self.world.set_clock(datetime(day.year, day.month, day.day, 23, tzinfo=UTC))
            settle_date(night=self.night, business_date=day)
        next_day = day + timedelta(days=1)
        self.world.set_clock(datetime(next_day.year, next_day.month, next_day.day, 9, tzinfo=UTC))

    def closing(self, slug: str, number: int) -> str:
        """What a party's statement of a day closes with."""
        day = DAY_1 + timedelta(days=number - 1)
        found: str = read_statement(bundle_path(self.night, day, slug))["closing"]
        return found

    def party(self, slug: str) -> hub.PartyFacts:
        """A party as settlement sees it."""
        with self.world.database.autocommit() as connection:
            parties = hub.read_parties(connection=connection)
        return next(party for party in parties if party.slug == slug)

    def pay(self, slug: str, micros: int) -> None:
        """Money of a partner comes in (or goes out to it, below zero)."""
        no = self.world.numbers[slug]
        with self.world.database.transaction() as connection:
            post_entries(
                connection=connection,
                entries=[
                    NewEntry(
                        kind="payment",
                        debtor=hub.CLEARING if micros > 0 else no,
                        creditor=no if micros > 0 else hub.CLEARING,
                        amount_micros=abs(micros),
                        currency="EUR",
                        cause=f"payment:{self.world.new_id()}",
                    )
                ],
            )

    def put_up(self, slug: str, micros: int, purpose: Any = "collateral") -> None:
        """A partner pays collateral in."""
        self.pay(slug, micros)
        with self.world.database.transaction() as connection:
            assert collateral.put_up(
                connection=connection,
                party=self.party(slug),
                purpose=purpose,
                amount_micros=micros,
                reference=f"{purpose}-1",
                person="ann",
            )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with self.world.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def prove(self) -> None:
        """Nothing of settlement's books is broken."""
        with self.world.engine.connect() as connection:
            assert [f for f in run_checks(connection=connection) if f.broken] == []


def make_bank(engine: Engine, night: Night) -> Bank:
    """Ann earned at Grocer and Fuel, and spent 600 of Grocer's points at Bakery and at Fuel.

    Grocer owes Bakery 4.00 and Fuel 2.00; Fuel owes the pool 1.10 for its own.
    """
    world = World(engine)
    world.partner("grocer", terms(cap="10.00"))
    world.partner("bakery")
    world.partner("fuel", FUEL_TERMS)
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "700.00")))
    world.redeem("bakery", ann, 400)
    world.redeem("fuel", ann, 200)
    bob = world.member()
    world.put("fuel", "F-1", world.sale_body(bob, ("fuel", "50", "80.00")))
    made = Bank(world, night, ann)
    made.settle(1)
    return made


@pytest.fixture(scope="session")
def kept_bank(
    server: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Kept[Bank]:
    """The coalition after its first day."""
    return keep(
        make_bank,
        name="bank",
        server=server,
        template=template_database,
        folder=tmp_path_factory.mktemp("bank"),
    )


@pytest.fixture
def database_url(server: EmbeddedServer, kept_bank: Kept[Bank]) -> Iterator[str]:
    """Address of a copy of the database that was kept."""
    with copy_of(server, kept_bank.template) as address:
        yield address


@pytest.fixture
def bank(kept_bank: Kept[Bank], engine: Engine, night: Night, config: Config) -> Bank:
    """A bank of the test's own."""
    kept_bank.copy_files(config)
    return Bank(kept_bank.made.world.at(engine), night, kept_bank.made.ann)
