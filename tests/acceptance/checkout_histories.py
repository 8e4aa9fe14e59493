"""Random histories of shops, told to the real hub badly, with its workers killed in between.

The shops are on real sockets and so is the hub's door. What is random is told by a seed.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import text

from adapters.conformance import AdapterSuite
from adapters.conformance.points import points_of_purchase
from adapters.contract import Adapter, Capability, Parsed
from adapters.registry import adapter_named
from adapters.testing.delivery import post
from adapters.testing.finding import fake_of
from adapters.testing.server import ShopServer
from adapters.testing.shop import Message, Shop
from coalition.checkouts.calls import Client
from coalition.checkouts.domain import LEASE
from coalition.checkouts.making import make_workshop
from coalition.checkouts.workshop import Workshop
from coalition.config import Config
from coalition.db.database import Database
from coalition.db.engine import create_engine_for
from coalition.directory import Clocks, Directory
from partner_sdk.wire.ids import decode
from tests.checkout_world import Market
from tests.coalition_world import terms
from tests.hub_server import serving
from tests.killing import PROCESSES, die_at

CUSTOMERS = ("77", "78", "79")
SHOP_TERMS = terms(
    earn={
        "rules": [{"kind": "per_amount", "points": "1", "per": "1.00"}],
    }
)
"""A point for each 1.00 of goods."""
C = Capability


@dataclass
class Clock:
    """The workers' wall clock: nobody waits, for to wait is to set it on."""

    ahead: float = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def sleep(self, seconds: float) -> None:
        self.ahead += seconds


@dataclass
class Told:
    """A shop, what it says, and a hub that hears it."""

    market: Market
    adapter: Adapter
    shop: Shop
    hook: str
    connection_id: UUID
    random: Random
    clock: Clock = field(default_factory=Clock)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    kills: int = 0
    lost: int = 0

    def live(self, histories: int) -> None:
        """Let so many orders be made and changed; some changes fall into one second."""
        suite = type("Suite", (AdapterSuite,), {"adapter": self.adapter, "shop": type(self.shop)})
        while len(self.shop.purchases) < histories:
            self.shop.step = timedelta(seconds=self.random.choice((0, 1, 1)))
            suite()._happens(self.shop, self.random)
            if self.random.random() < 0.15:
                # Somebody hears what was said so far.
                self.tell(self.shop.sent[-3:])
                self.work()

    def tell_all(self) -> None:
        """Every message, some of them twice, in no order; what is lost is asked for in the end."""
        said = list(self.shop.sent)
        said += self.random.sample(said, len(said) // 3)
        self.random.shuffle(said)
        loses = C.POLL in self.adapter.manifest.capabilities
        while said:
            count = self.random.randrange(1, 20)
            part, said = said[:count], said[count:]
            kept = [each for each in part if not (loses and self.random.random() < 0.2)]
            self.lost += len(part) - len(kept)
            self.tell(kept)
            if self.random.random() < 0.7:
                self.work_and_die()
        self.work()
        if loses:
            self.backfill()

    def tell(self, messages: list[Message]) -> None:
        """Deliver over HTTP; a platform that signs the time signs each try."""
        signs = C.SIGNED_TIME in self.adapter.manifest.capabilities
        for message in messages:
            request = self.shop.redelivered(message.request)
            if signs:
                before, self.shop.now = self.shop.now, self.market.now()
                request = self.shop.sign(request.body, like=request)
                self.shop.now = before
            attempt = post(request, url=self.hook, at=self.market.now(), within_seconds=30)
            assert attempt.status in self.adapter.manifest.retries.succeeds_on, attempt

    def work(self) -> None:
        """Work until nothing waits."""
        for _ in range(20):
            workshop_of(self.market.config, self.market.world.database, self.clock).run()
            if not self.market.scalar("SELECT count(*) FROM inbox_message WHERE state = 'waiting'"):
                return
            self.clock.sleep(3600)
        raise AssertionError("messages wait for ever")

    def work_and_die(self) -> None:
        """Work in a process of its own, which is killed somewhere."""
        process = PROCESSES.Process(
            target=work_until_killed,
            args=(self.random.randrange(1, 25), self.market.config, self.clock.ahead),
        )
        process.start()
        process.join(120)
        assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
        self.kills += process.exitcode != 0
        # What it had is free again when its lease has run out.
        self.clock.sleep(LEASE.total_seconds())

    def backfill(self) -> None:
        """Ask for all that changed, page by page."""
        workshop = workshop_of(self.market.config, self.market.world.database, self.clock)
        processing = workshop.processing
        connection = workshop.connections.newest().by_id[self.connection_id]
        cursor = None
        while True:
            call = self.adapter.poll(
                since=self.shop.now - timedelta(days=30),
                until=self.shop.now + timedelta(days=1),
                cursor=cursor,
                settings=connection.settings,
            )
            (answer,) = processing.asks.ask(connection, (call,))
            page = self.adapter.polled(answer=answer, cursor=cursor, settings=connection.settings)
            parsed: list[Parsed] = list(page.parsed)
            for taken in processing.take(connection, parsed):
                assert taken.became in ("done", "ignored"), taken
            cursor = page.cursor
            if cursor is None:
                return

    def check(self) -> None:
        """Every order is worth what it is worth, and so is every member."""
        found = self._worth()
        wanted: dict[str, int] = dict.fromkeys(CUSTOMERS, 0)
        wrong = []
        for purchase in self.shop.purchases.values():
            points = points_of_purchase(purchase) if purchase.customer else 0
            if purchase.customer:
                wanted[purchase.customer] += points
            if found.get(self.shop.order_id(purchase), 0) != points:
                wrong.append((found.get(self.shop.order_id(purchase)), points, purchase))
        assert not wrong, wrong
        balances = {name: self.market.balance(self.members[name]) for name in CUSTOMERS}
        assert balances == wanted, (balances, wanted)
        dead = self.market.scalar("SELECT count(*) FROM inbox_message WHERE state = 'dead'")
        assert dead == 0

    def _worth(self) -> dict[str, int]:
        """Points of each order that has a member."""
        with self.market.world.database.autocommit() as connection:
            rows = connection.execute(text(_WORTH)).all()
        prefix = f"{self.adapter.manifest.name}."
        return {row.external_id.removeprefix(prefix): int(row.points) for row in rows}


_WORTH = "SELECT external_id, points FROM sale WHERE account_id IS NOT NULL"


def workshop_of(config: Config, database: Database, clock: Clock) -> Workshop:
    """A worker with memory of its own."""
    made = make_workshop(
        config=config,
        database=database,
        directory=Directory(monotonic=time.monotonic),
        clocks=Clocks(wall=clock.now),
    )
    assert isinstance(made.processing.asks, Client)
    asks = replace(made.processing.asks, sleep=clock.sleep)
    return replace(made, processing=replace(made.processing, asks=asks), jitter=lambda: 0.5)


def work_until_killed(touches: int, config: Config, ahead: float) -> None:
    """Work on the inbox, and be killed at that touch of the database."""
    engine = create_engine_for(str(config.database_url), pool_size=20)
    workshop = workshop_of(config, Database(engine), Clock(ahead))
    die_at(engine, touches)
    workshop.run()


@contextmanager
def told(*, market: Market, platform: str, seed: int) -> Iterator[Told]:
    """A shop of that platform, connected over real HTTP, with three of its customers enrolled."""
    random = Random(seed)
    adapter = adapter_named(platform)
    shop = fake_of(platform)(page=random.choice((3, 100)))
    with ShopServer(adapter=adapter, shop=shop) as server, serving(market.hub.app) as address:
        opened = market.partner.send(
            "POST", "/v1/connections", market.opening(platform, shop, server.url)
        )
        assert opened.status_code == 201, opened.get_data()
        made = Told(
            market=market,
            adapter=adapter,
            shop=shop,
            hook=f"{address}/hooks/{opened.json['id']}",
            connection_id=decode("con", opened.json["id"]),
            random=random,
            members={name: market.member(name) for name in CUSTOMERS},
        )
        yield made
        assert not server.errors, server.errors
