"""A member with points, and a shop that a spend can be made at, over real HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from adapters.contract import Answer, Call, Facts, Fetch, Order
from adapters.registry import adapter_named
from adapters.testing.server import ShopServer
from adapters.testing.shop import Item, Purchase, Shop
from adapters.testing.shopify import ShopifyShop
from coalition.checkouts.calls import Client
from coalition.checkouts.domain import Connection
from coalition.checkouts.spends import store
from coalition.checkouts.spends.domain import StoredSpend
from coalition.checkouts.spends.means import Means
from coalition.checkouts.spends.service import Wanted, drive_due, stop_spend, want_spend
from coalition.checkouts.spends.settling import Settling
from coalition.directory import Clocks
from coalition.outgoing.pinned import PinnedClient
from partner_sdk.wire.ids import encode
from tests.coalition_world import World

WALL = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOODS = (Item("A", 2000), Item("B", 1000, 2))


@dataclass
class Spending:
    """Ann has 1,000 points; Bakery's shop takes them."""

    world: World
    server: ShopServer
    checkout: Connection
    ann: UUID
    wall: datetime = WALL
    #: Called with each call before it is made, and after it is answered.
    before: list[Any] = field(default_factory=list)
    means: Means = field(init=False)

    def __post_init__(self) -> None:
        client = Client(
            database=self.world.database,
            send=PinnedClient(allow_private=True, resolve=lambda *_: ["127.0.0.1"], seconds=5),
            wall=self.now,
            patience=0,
        )
        self.client = client
        self.means = Means(
            database=self.world.database,
            directory=self.world.directory,
            clocks=Clocks(wall=self.now),
            new_id=self.world.new_id,
            random=os.urandom,
            jitter=lambda: 0.5,
            key=b"k" * 32,
            ask=client,
            connection=lambda no: self.checkout if no == self.checkout.no else None,
        )

    @property
    def shop(self) -> Shop:
        return self.server.shop

    def now(self) -> datetime:
        return self.wall

    def pass_time(self, **amount: float) -> None:
        """Both clocks go on."""
        self.wall += timedelta(**amount)
        self.world.advance(**amount)

    def want(self, points: int = 350, reference: str = "cart-1", **more: Any) -> StoredSpend:
        made, _ = want_spend(
            means=self.means,
            context=self.world.context("bakery"),
            checkout=self.checkout,
            wanted=Wanted(reference=reference, account_id=self.ann, points=points, **more),
        )
        return made

    def stop(self, spend: StoredSpend) -> StoredSpend:
        return stop_spend(means=self.means, checkout=self.checkout, spend_id=spend.spend_id)

    def work(self) -> int:
        return drive_due(means=self.means)

    def spend(self, spend: StoredSpend) -> StoredSpend:
        with self.world.database.autocommit() as connection:
            found = store.find_spend(connection=connection, spend_id=spend.spend_id)
        assert found is not None
        return found

    def buy(self, spend: StoredSpend | None = None, items: Sequence[Item] = GOODS) -> Purchase:
        """Ann buys; with the spend's code, where there is one."""
        with self.server.lock:
            return self.shop.buy(items, code=None if spend is None else spend.code)

    def orders(self) -> list[Order]:
        """All orders of the shop, as the adapter reads them."""
        adapter = adapter_named(self.checkout.platform)
        settings = self.checkout.settings
        found: list[Order] = []
        for message in self.shop.sent[-1:]:
            parsed = adapter.parse(request=message.request, settings=settings)
            while isinstance(parsed, Fetch):
                answers = self.client.ask(self.checkout, parsed.calls)
                parsed = adapter.resolve(fetch=parsed, answers=answers, settings=settings)
            assert isinstance(parsed, Facts)
            found += parsed.orders
        return found

    def tell(self, orders: Sequence[Order] | None = None) -> dict[str, str]:
        """The hub hears of the newest order."""
        told = self.orders() if orders is None else orders
        return dict(Settling(self.means).used(connection=self.checkout, orders=told))

    def points(self) -> tuple[int, int]:
        """Ann's active and held points."""
        balance = self.world.balance(self.ann)
        return balance["active"], balance["held"]

    def hold_state(self, spend: StoredSpend) -> str:
        with self.world.database.autocommit() as connection:
            return str(
                connection.execute(
                    text("SELECT state FROM hold WHERE hold_id = :id"), {"id": spend.hold_id}
                ).scalar_one()
            )

    def redemption(self, spend: StoredSpend) -> tuple[int, int]:
        """Points of its redemption, and of those given back."""
        with self.world.database.autocommit() as connection:
            row = connection.execute(
                text(
                    "SELECT r.points, r.reversed_points FROM redemption r JOIN spend s"
                    " USING (redemption_id) WHERE s.spend_id = :id"
                ),
                {"id": spend.spend_id},
            ).one()
        return row.points, row.reversed_points


@contextmanager
def spending(
    engine: Engine, shop: Shop | None = None, platform: str = "shopify"
) -> Iterator[Spending]:
    """A coalition of two, and the second one's shop."""
    world = World(engine)
    world.partner("grocer")
    world.partner("bakery")
    ann = world.member()
    world.put("grocer", "s-1", world.sale_body(ann, ("food", "1", "1000.00")))
    with ShopServer(adapter_named(platform), shop or ShopifyShop()) as server:
        checkout = Connection(
            no=7,
            id=UUID(int=7),
            party_no=world.numbers["bakery"],
            name="web",
            platform=platform,
            state="live",
            settings=server.shop.settings,
            secrets=server.shop.secrets,
        )
        yield Spending(world, server, checkout, ann)


def name_of(spend: StoredSpend) -> str:
    """Its public id."""
    return encode("spd", spend.spend_id)


def worth(micros: int) -> Decimal:
    """Micros as money."""
    return Decimal(micros) / 1_000_000


def answers_nothing(_checkout: Connection, _calls: Sequence[Call]) -> tuple[Answer, ...]:
    """A platform that nobody may ask."""
    raise AssertionError("the platform was asked")


__all__ = [
    "GOODS",
    "WALL",
    "Spending",
    "answers_nothing",
    "name_of",
    "replace",
    "spending",
    "worth",
]
