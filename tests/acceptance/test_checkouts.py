"""Eight brands on eight platforms, over HTTP both ways: from an order to a verified statement."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from adapters.contract import Capability
from adapters.registry import adapter_named
from adapters.testing.delivery import Deliverer
from adapters.testing.finding import fake_of
from adapters.testing.server import ShopServer
from adapters.testing.shop import Item, Purchase, Shop
from coalition.app import NOUNS
from coalition.config import Config
from coalition.ledger.check import run_checks
from partner_sdk.verify import verify_bundle
from settlement.app import make_night
from settlement.config import SettlementConfig
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.acceptance.checkout_histories import Clock, workshop_of
from tests.checkout_world import waiting
from tests.coalition_world import DAY_1, World, terms
from tests.hub_http import Caller, HttpHub
from tests.hub_server import serving

DAY_2 = date(2026, 3, 3)
# Each brand's points end a month later than those of the one before it: that is their order.
BRANDS = {
    "grocer": "shopify",
    "florist": "bigcommerce",
    "fuel": "square",
    "cinema": "stripe",
    "hotel": "adyen",
    "bookshop": "saleor",
    "cafe": "generic",
    "bakery": "woocommerce",
}


@dataclass
class Brand:
    """A partner with a shop on a platform: its own callers, its platform's server and deliverer."""

    slug: str
    shop: Shop
    server: ShopServer
    caller: Caller
    connection: str
    deliverer: Deliverer

    def buy(self, minor: int, **kwargs: Any) -> Purchase:
        with self.server.lock:
            return self.shop.buy([Item("L1", minor)], customer="77", **kwargs)

    def deliver(self, now: datetime) -> None:
        self.deliverer.run_to_the_end(now)
        assert {each.state for each in self.deliverer.deliveries} == {"delivered"}
        assert not self.server.errors, self.server.errors

    def sale(self, purchase: Purchase) -> dict[str, Any]:
        name = self.shop.order_id(purchase)
        answer = self.caller.send("GET", f"/v1/sales/shop.{name}")
        assert answer.status_code == 200, answer.get_data()
        return dict(answer.json)


@dataclass
class Town:
    """The coalition, its hub on a socket, and all brands."""

    world: World
    config: Config
    hub: HttpHub
    brands: dict[str, Brand]
    ann: str

    def work(self) -> None:
        done = workshop_of(self.config, self.world.database, Clock()).run()
        assert set(done) <= {"done", "ignored"}, done

    def tell(self) -> None:
        """Everything that was said is delivered, and worked on."""
        for brand in self.brands.values():
            brand.deliver(self.world.now)
        self.work()

    def points(self) -> int:
        answer = self.brands["grocer"].caller.send("GET", f"/v1/members/{self.ann}/balance")
        assert answer.status_code == 200, answer.get_data()
        return int(answer.json["active"])


@pytest.fixture
def town(engine: Engine, config: Config) -> Iterator[Town]:
    world = World(engine)
    config = replace(config, webhook_private_hosts=True)
    for months, slug in enumerate(BRANDS, start=12):
        world.partner(slug, terms(expiry={"months": months}))
    hub = waiting(HttpHub(world, config, nouns=NOUNS))
    with ExitStack() as stack:
        address = stack.enter_context(serving(hub.app))
        callers = {slug: hub.caller(slug) for slug in BRANDS}
        enrolled = callers["grocer"].send("POST", "/v1/members", {"reference": "77"})
        ann = enrolled.json["id"]
        for slug in BRANDS:
            if slug != "grocer":
                path = f"/v1/members/{ann}/reference"
                named = callers[slug].send("PUT", path, {"reference": "77"})
                assert named.status_code == 200, named.get_data()
        brands = {
            slug: opened(stack, slug, platform, callers[slug], address, world)
            for slug, platform in BRANDS.items()
        }
        yield Town(world, config, hub, brands, ann)


def opened(
    stack: ExitStack, slug: str, platform: str, caller: Caller, address: str, world: World
) -> Brand:
    """A brand's shop is served, and connected by the API."""
    adapter = adapter_named(platform)
    shop = fake_of(platform)(now=world.now)
    server = stack.enter_context(ShopServer(adapter=adapter, shop=shop))
    connection = caller.send(
        "POST",
        "/v1/connections",
        {
            "name": "shop",
            "platform": platform,
            "currency": "EUR",
            "time_zone": shop.settings.time_zone,
            "store_url": server.url,
            "secrets": {"signing": shop.signing[0], **shop.extra},
            "options": dict(shop.options),
        },
    )
    assert connection.status_code == 201, connection.get_data()
    heard: list[int] = []

    def unheard(_attempt: Any) -> bool:
        """The first answer is lost on the way, where the platform then tries again."""
        heard.append(1)
        return len(heard) == 1 and adapter.manifest.retries.tries > 0

    signs = Capability.SIGNED_TIME in adapter.manifest.capabilities
    deliverer = Deliverer(
        shop=shop,
        retries=adapter.manifest.retries,
        url=address + connection.json["hook"],
        unheard=unheard,
        signs_at=(lambda: datetime.now(UTC)) if signs else None,
    )
    return Brand(slug, shop, server, caller, connection.json["id"], deliverer)


@pytest.fixture
def night(config: Config, database_url: str) -> Iterator[Night]:
    made = make_night(
        config=config,
        settings=SettlementConfig(key_passphrase="a passphrase of tests", pdf="no"),
        address=database_url,
    )
    yield made
    made.database.engine.dispose()


def settle(town: Town, night: Night, day: date) -> dict[str, Path]:
    """The night of a day; gives the bundles by slug."""
    town.world.advance(days=1)
    settle_date(night=night, business_date=day)
    return {path.stem: path for path in (night.statements_folder / day.isoformat()).glob("*.zip")}


def nets(bundles: dict[str, Path]) -> dict[str, str]:
    found = {}
    for slug, path in bundles.items():
        with zipfile.ZipFile(path) as bundle:
            net = json.loads(bundle.read("statement.json"))["net"]
        if net != "0.00":
            found[slug] = net
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as bundle:
        return [json.loads(line) for line in bundle.read("lines.ndjson").splitlines()]


def test_what_is_bought_spent_and_returned_on_eight_platforms_is_settled_to_the_cent(
    town: Town, night: Night
) -> None:
    bought = {slug: brand.buy(4000) for slug, brand in town.brands.items()}
    town.tell()
    assert town.points() == 8 * 40
    for slug, brand in town.brands.items():
        assert brand.sale(bought[slug])["points"]["earned"] == 40
        tried = [len(each.attempts) for each in brand.deliverer.deliveries]
        retries = brand.server.adapter.manifest.retries.tries > 0
        assert tried[0] == 1 + retries, "what was not heard is delivered again"

    bakery = town.brands["bakery"]
    asked = {"reference": "cart-1", "member": {"id": town.ann}, "points": 150}
    made = bakery.caller.send("POST", f"/v1/connections/{bakery.connection}/spends", asked)
    assert made.status_code == 201, made.get_data()
    assert (made.json["state"], made.json["amount"]["amount"]) == ("made", "1.50")
    assert list(bakery.shop.spent.values()) == [150]
    assert town.points() == 8 * 40 - 150
    paid = bakery.buy(2000, code=made.json["code"])
    town.tell()
    assert bakery.sale(paid)["points"]["earned"] == 18, "what points paid earns nothing"
    spends = bakery.caller.send("GET", f"/v1/connections/{bakery.connection}/spends").json
    assert [each["state"] for each in spends["items"]] == ["used"]
    assert town.points() == 8 * 40 - 150 + 18

    first = settle(town, night, DAY_1)
    # Soonest expiry first: all of grocer's, florist's and fuel's points, 30 of cinema's.
    assert nets(first) == {
        "bakery": "1.50",
        "grocer": "-0.40",
        "florist": "-0.40",
        "fuel": "-0.40",
        "cinema": "-0.30",
    }

    grocer = town.brands["grocer"]
    with grocer.server.lock:
        grocer.shop.now = town.world.now
        grocer.shop.refund(bought["grocer"], 2000, [("L1", 2000, 0)])
    town.tell()
    assert grocer.sale(bought["grocer"])["points"]["earned"] == 20
    assert town.points() == 8 * 40 - 150 + 18 - 20

    second = settle(town, night, DAY_2)
    # Grocer's own points were spent: 10 of cinema's and 10 of hotel's come back for them.
    assert nets(second) == {"grocer": "0.20", "cinema": "-0.10", "hotel": "-0.10"}
    spent = [each for each in lines(first["bakery"]) if each["kind"] == "redemption"]
    assert [(x["counterparty"], x["partner_ref"], x["receipt"], x["net"]) for x in spent] == [
        ("grocer", "cart-1", str(paid.number), "0.400000"),
        ("florist", "cart-1", str(paid.number), "0.400000"),
        ("fuel", "cart-1", str(paid.number), "0.400000"),
        ("cinema", "cart-1", str(paid.number), "0.300000"),
    ]
    order = f"shop.{grocer.shop.order_id(bought['grocer'])}"
    back = lines(second["grocer"])
    assert [(x["kind"], x["reason"], x["partner_ref"], x["issuer"], x["net"]) for x in back] == [
        ("clawback", "sale_returned", order, "cinema", "0.100000"),
        ("clawback", "sale_returned", order, "hotel", "0.100000"),
    ]
    assert all(each["adjusts_statement"] for each in back), "it changes what day 1 stated"
    root = night.root_path.read_bytes()
    for slug in BRANDS:
        assert verify_bundle(bundle=first[slug], root=root, previous=None).ok
        assert verify_bundle(bundle=second[slug], root=root, previous=first[slug]).ok
    with town.world.engine.connect() as connection:
        assert [f.check.name for f in run_checks(connection=connection) if f.broken] == []
