"""What is asked for equals what was told; how far it got survives a kill."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from adapters.contract import Answer, Call
from adapters.testing.shop import START, Item
from coalition.checkouts.calls import Client
from coalition.checkouts.doctor import Found, check
from coalition.checkouts.domain import Asks, Connection
from coalition.checkouts.making import make_connections, make_processing
from coalition.checkouts.polling import command, store
from coalition.checkouts.polling.service import EVERY, LEASE, PATIENCE, Poller
from coalition.directory import Clocks
from coalition.errors import HubError
from partner_sdk.wire.ids import decode
from tests.checkout_world import Connected, Market


def poller(market: Market) -> Poller:
    """One whose waiting for its turn moves the clock, and nothing else."""
    world = market.world
    processing = make_processing(
        config=market.config,
        database=world.database,
        directory=world.directory,
        clocks=Clocks(wall=market.now),
    )
    assert isinstance(processing.asks, Client)

    def sleep(seconds: float) -> None:
        market.later(seconds=seconds)

    return Poller(
        connections=make_connections(
            config=market.config, database=world.database, directory=world.directory
        ),
        processing=replace(processing, asks=replace(processing.asks, sleep=sleep), parallel=1),
        jitter=lambda: 0.5,
    )


def named(market: Market, shop: Connected) -> Connection:
    return poller(market).connections.newest().by_id[decode("con", shop.id)]


def second(market: Market, shop: Connected) -> Connected:
    """The same shop, connected once more under another name."""
    body = market.opening(shop.platform, shop.shop, shop.server.url) | {"name": "copy"}
    opened = market.partner.send("POST", "/v1/connections", body)
    assert opened.status_code == 201, opened.get_data()
    return replace(shop, id=opened.json["id"])


def sales(market: Market, prefix: str) -> dict[str, Any]:
    """What was stated of each order, whatever its revision."""
    path = f"/v1/sales/{prefix}."
    found = {}
    with market.world.database.autocommit() as connection:
        ids = connection.execute(
            text("SELECT external_id, document FROM sale WHERE external_id LIKE :name"),
            {"name": f"{prefix}.%"},
        ).all()
    for name, document in ids:
        answer = market.partner.send("GET", path + name.partition(".")[2]).json
        found[name.partition(".")[2]] = (answer["points"]["earned"], json.dumps(document))
    return found


@pytest.mark.parametrize("platform", ["shopify", "woocommerce", "square", "stripe"])
def test_a_backfill_equals_what_the_messages_gave(market: Market, platform: str) -> None:
    market.member("77")
    shop = market.connect(platform)
    copy = second(market, shop)
    shop.shop.page = 2
    for amount in (1000, 2000, 3000):
        bought = shop.shop.buy(shop.shop.possible([Item("L1", amount)]))
        if amount > 2000:
            shop.shop.refund(bought, 500)
        shop.deliver()
        assert "later" not in market.work()
        market.later(seconds=30)
    assert sales(market, "copy") == {}
    counts, problems = command.run(
        poller(market), named(market, copy), START - timedelta(days=1), START + timedelta(hours=1)
    )
    assert problems == []
    assert counts["done"] >= 3
    told, asked = sales(market, platform), sales(market, "copy")
    assert len(told) == 3
    assert asked == told
    # Once more, nothing changes.
    command.run(
        poller(market), named(market, copy), START - timedelta(days=1), START + timedelta(hours=1)
    )
    assert sales(market, "copy") == told


def test_a_tills_checks_are_asked_for_where_the_hub_can_log_in(market: Market) -> None:
    ann = market.member("77")
    shop = market.connect("toast")
    shop.shop.page = 2
    for amount in (1000, 2000, 3000):
        shop.shop.buy([Item("L1", amount)])
    span = (START - timedelta(days=1), START + timedelta(hours=1))
    assert command.run(poller(market), named(market, shop), *span) == ({"done": 3}, [])
    assert market.balance(ann) == 60
    paths = [each.path.partition("?")[0] for each in shop.server.asked]
    login = "/authentication/v1/authentication/login"
    # The token serves all pages; an empty one is the last.
    assert paths == [login, *["/orders/v2/ordersBulk"] * 3]
    secrets = {"signing": shop.shop.signing[0].replace("\n", "\\n")}
    silent = market.connect("toast", name="silent", secrets=secrets)
    poller(market).look()
    assert silent.server.asked == [], "it was given nothing to ask with"
    with pytest.raises(HubError, match="no secret client_id"):
        command.run(poller(market), named(market, silent), *span)


def test_a_platform_that_cannot_be_asked_says_why(market: Market) -> None:
    shop = market.connect("adyen")
    with pytest.raises(HubError) as refused:
        command.run(poller(market), named(market, shop), START, START + timedelta(hours=1))
    assert refused.value.code == "polling_not_supported"


def test_a_lost_message_is_made_good_by_looking(market: Market) -> None:
    ann = market.member("77")
    shop = market.connect("shopify")
    assert not poller(market).look(), "it begins with now"
    shop.shop.buy([Item("L1", 4000)])
    assert not poller(market).look(), "it is not due yet"
    market.later(minutes=15)
    assert poller(market).look() == {"done": 1}
    assert market.balance(ann) == 40
    market.later(minutes=15)
    poller(market).look()
    assert market.balance(ann) == 40


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Dying:
    """Asks, and dies at the n-th list."""

    asks: Asks
    at: int

    def ask(self, connection: Connection, calls: Sequence[Call]) -> tuple[Answer, ...]:
        if "orders.json" in calls[0].path:
            self.at -= 1
            if self.at == 0:
                raise Killed
        return self.asks.ask(connection, calls)


def test_killed_between_pages_it_goes_on_with_the_next(market: Market) -> None:
    ann = market.member("77")
    shop = market.connect("shopify")
    shop.shop.page = 2
    poller(market).look()
    for _ in range(5):
        shop.shop.buy([Item("L1", 1000)])
    market.later(minutes=15)
    whole = poller(market)
    dying = replace(whole.processing, asks=Dying(whole.processing.asks, 2))
    with pytest.raises(Killed):
        replace(whole, processing=dying).look()
    assert market.balance(ann) == 20
    assert not poller(market).look(), "another may still be at it"
    market.later(seconds=LEASE.total_seconds() + 1)
    asked = len(shop.server.asked)
    assert poller(market).look() == {"done": 3}
    assert market.balance(ann) == 50
    lists = [each for each in shop.server.asked[asked:] if "orders.json" in each.path]
    assert len(lists) == 2, "the first page is not asked for again"


def at(market: Market, shop: Connected) -> store.Cursor:
    with market.world.database.autocommit() as connection:
        found = store.find(connection=connection, connection_no=named(market, shop).no)
    assert found is not None
    return found


def doctor(market: Market) -> list[Found]:
    with market.world.database.autocommit() as connection:
        return list(check(connection, market.now()))


def test_a_platform_that_is_down_is_asked_again_soon_and_nothing_is_left_out(
    market: Market,
) -> None:
    ann = market.member("77")
    shop = market.connect("shopify")
    poller(market).look()
    shop.shop.buy([Item("L1", 4000)])
    market.later(minutes=15)
    shop.server.fail(503)
    assert not poller(market).look()
    behind = at(market, shop)
    assert (behind.attempts, behind.problem) == (1, "the platform answered 503")
    assert behind.due_at < market.now() + EVERY
    assert doctor(market) == []
    for _ in range(2):
        market.later(minutes=1)
        shop.server.fail(503)
        assert not poller(market).look()
    ((grade, about, found, _),) = doctor(market)
    assert (grade, about) == ("wrong", f"polling of shopify ({shop.id})")
    assert found.startswith("failed 3 times, asked up to ")
    assert found.endswith(": the platform answered 503")
    market.later(minutes=1)
    assert poller(market).look() == {"done": 1}
    assert doctor(market) == []
    assert market.balance(ann) == 40
    assert at(market, shop).problem is None


def test_an_order_that_cannot_be_stated_yet_does_not_stop_the_others_for_ever(
    market: Market,
) -> None:
    ann = market.member("77")
    shop = market.connect("shopify")
    poller(market).look()
    shop.shop.buy([Item("L1", 4000)])
    market.world.set_party("grocer", issuing_stopped=True)
    market.later(minutes=15)
    for _ in range(PATIENCE + 1):
        assert poller(market).look() == {"later": 1}
        market.later(hours=1)
    done = at(market, shop)
    assert (done.problem, done.attempts) == (None, 0)
    assert market.balance(ann) == 0


@dataclass
class Faulty:
    """Asks, but for one connection, whose adapter fails."""

    asks: Asks
    no: int

    def ask(self, connection: Connection, calls: Sequence[Call]) -> tuple[Answer, ...]:
        if connection.no == self.no:
            raise KeyError("orders")
        return self.asks.ask(connection, calls)


def test_an_adapter_that_fails_stops_no_other(market: Market) -> None:
    ann = market.member("77")
    faulty, sound = market.connect("square"), market.connect("shopify")
    poller(market).look()
    sound.shop.buy([Item("L1", 4000)])
    market.later(minutes=15)
    whole = poller(market)
    asks = Faulty(whole.processing.asks, named(market, faulty).no)
    found = replace(whole, processing=replace(whole.processing, asks=asks)).look()
    assert found == {"done": 1}
    assert market.balance(ann) == 40
    assert at(market, faulty).problem == "the adapter failed: KeyError"


def test_a_paused_connection_is_left_alone(market: Market) -> None:
    shop = market.connect("shopify")
    poller(market).look()
    asked = len(shop.server.asked)
    market.partner.send("POST", f"/v1/connections/{shop.id}/state", {"state": "paused"})
    market.later(hours=1)
    assert not poller(market).look()
    assert len(shop.server.asked) == asked
