"""What goes wrong: tried again while it may pass, a dead letter when not, right after any kill."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.testing.shop import Item
from coalition.checkouts.domain import MAX_ATTEMPTS
from coalition.checkouts.making import make_workshop
from coalition.config import Config
from coalition.db.database import Database
from coalition.db.engine import create_engine_for
from coalition.directory import Clocks, Directory
from tests.checkout_world import Connected, Market
from tests.killing import PROCESSES, die_at


def replayed(market: Market, shop: Connected, message_id: str) -> None:
    path = f"/v1/connections/{shop.id}/messages/{message_id}/replay"
    answer = market.partner.send("POST", path)
    assert (answer.status_code, answer.json["state"]) == (200, "waiting")


def test_a_shop_that_does_not_answer_is_asked_again_later(market: Market) -> None:
    member = market.member("77")
    shop = market.connect("woocommerce")
    shop.shop.buy([Item("L1", 4000)])
    shop.deliver()
    shop.server.fail(503, times=20)
    assert market.work() == {"later": 1}
    (message,) = shop.messages()
    assert (message["state"], message["attempts"]) == ("waiting", 1)
    assert "unreachable" in message["reason"]
    assert market.work() == {}, "it is tried at once again"
    shop.server._troubles.clear()
    market.later(hours=1)
    assert market.work() == {"done": 1}
    assert market.balance(member) == 40


def test_credentials_that_the_shop_refuses_can_be_mended(market: Market) -> None:
    member = market.member("77")
    shop = market.connect("shopify")
    body = {"secrets": {"access_token": "shpat_wrong"}}
    market.partner.send("POST", f"/v1/connections/{shop.id}/secrets", body)
    shop.shop.buy([Item("L1", 4000)])
    shop.deliver()
    assert market.work() == {"later": 1}
    (message,) = shop.messages()
    assert "not let in" in message["reason"]
    body = {"secrets": {"access_token": shop.shop.extra["access_token"]}}
    market.partner.send("POST", f"/v1/connections/{shop.id}/secrets", body)
    market.later(hours=1)
    assert market.work() == {"done": 1}
    assert market.balance(member) == 40


def test_what_cannot_be_read_is_a_dead_letter_with_its_reason(market: Market) -> None:
    shop = market.connect("shopify")
    assert shop.send(shop.shop.sign(b"[1, 2]")).status_code == 200
    assert market.work() == {}
    (message,) = shop.messages(state="dead")
    assert message["reason"] == "malformed: the body is not an object"
    assert message["bytes"] == len(b"[1, 2]")
    replayed(market, shop, message["id"])
    assert market.work() == {"dead": 1}
    whole = market.partner.send("GET", f"/v1/connections/{shop.id}/messages/{message['id']}")
    assert whole.json["body"] == "[1, 2]"


def test_a_dead_letter_is_worked_on_again_once_its_cause_is_mended(market: Market) -> None:
    member = market.member("77")
    shop = market.connect("shopify")
    bought = shop.shop.buy([Item("L1", 4000)])
    shop.shop.order = _in_other_money(shop)
    shop.deliver()
    assert market.work() == {"dead": 1}
    (message,) = shop.messages(state="dead")
    assert message["reason"].startswith("wrong_currency: ")
    del shop.shop.order
    replayed(market, shop, message["id"])
    assert market.work() == {"done": 1}
    assert shop.sale(bought)["points"]["earned"] == market.balance(member) == 40


def _in_other_money(shop: Connected) -> Callable[[Any], dict[str, Any]]:
    document = shop.shop.order  # type: ignore[attr-defined]  # this platform's fake has it
    return lambda purchase: {**document(purchase), "currency": "RON"}


def test_trouble_that_never_passes_ends_as_a_dead_letter(market: Market) -> None:
    shop = market.connect("woocommerce")
    shop.shop.buy([Item("L1", 4000)])
    shop.deliver()
    with market.world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE inbox_message SET attempts = %s", (MAX_ATTEMPTS - 1,))
    shop.server.fail(503, times=20)
    assert market.work() == {"dead": 1}
    (message,) = shop.messages()
    assert (message["state"], message["due_at"]) == ("dead", None)


def test_a_partner_that_may_not_issue_now_earns_for_its_members_when_it_may(
    market: Market,
) -> None:
    member = market.member("77")
    shop = market.connect("shopify")
    market.world.set_party("grocer", issuing_stopped=True)
    shop.shop.buy([Item("L1", 4000)])
    shop.deliver()
    assert market.work() == {"later": 1}
    market.world.set_party("grocer", issuing_stopped=False)
    market.later(hours=1)
    assert market.work() == {"done": 1}
    assert market.balance(member) == 40


def test_a_slow_shop_keeps_nobody_else_waiting(market: Market) -> None:
    market.member("77")
    slow, quick = market.connect("woocommerce"), market.connect("shopify")
    slow.shop.buy([Item("L1", 1000)])
    bought = quick.shop.buy([Item("L1", 4000)])
    slow.server.fail(500, times=50)
    for shop in (slow, quick):
        shop.deliver()
    assert market.work() == {"later": 1, "done": 1}
    assert quick.sale(bought)["points"]["earned"] == 40


def test_what_a_shopper_types_into_the_cart_stops_nothing(market: Market) -> None:
    market.member("77")
    shop = market.connect("shopify")
    odd, _ = shop.shop.buy([Item("L1", 4000)]), shop.shop.buy([Item("L1", 4000)])
    order = shop.shop.order  # type: ignore[attr-defined]
    note = {"note_attributes": [{"name": "loyalty_card", "value": "7\x007\ud800"}]}
    shop.shop.order = lambda each: order(each) | (note if each is odd else {})  # type: ignore[attr-defined]
    shop.deliver()
    assert market.work() == {"done": 2}


def test_a_message_at_which_the_hub_fails_keeps_no_other_waiting(market: Market) -> None:
    market.member("77")
    shop, broken = market.connect("shopify"), market.connect("woocommerce")
    bad, good = (shop.shop.buy([Item("L1", 4000)]) for _ in range(2))
    broken.shop.buy([Item("L1", 4000)])
    for each in (shop, broken):
        each.deliver()
    with market.world.engine.begin() as connection:
        connection.exec_driver_sql(_FAILING.format(order=shop.shop.order_id(bad)))
        connection.exec_driver_sql(
            "UPDATE checkout_connection SET platform = 'gone' WHERE platform = 'woocommerce'"
        )
    try:
        assert market.work() == {"done": 1, "later": 1, "failed": 1}
    finally:
        with market.world.engine.begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION fail CASCADE")
    assert shop.sale(good)["points"]["earned"] == 40
    (message,) = shop.messages(state="waiting")
    assert message["reason"].startswith("the hub failed: ")
    market.later(hours=1)
    assert market.work()["done"] == 1


_FAILING = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.order_id = '{order}' THEN RAISE EXCEPTION 'failed'; END IF; RETURN NEW; END $$;
CREATE TRIGGER failing BEFORE INSERT ON known_order FOR EACH ROW EXECUTE FUNCTION fail();
"""


def _killed(number: int, config: Config, at: datetime) -> None:
    """Work on the inbox until the n-th touch of the database, and die there."""
    engine = create_engine_for(str(config.database_url), pool_size=20)
    die_at(engine, number)
    make_workshop(
        config=config,
        database=Database(engine),
        directory=Directory(monotonic=time.monotonic),
        clocks=Clocks(wall=lambda: at),
    ).run()


@pytest.mark.parametrize("platform", ["adyen", "shopify"])
def test_a_worker_that_is_killed_anywhere_leaves_what_another_ends_right(
    market: Market, platform: str
) -> None:
    """Killed at its first touch of the database, at its second, …, each time with a new order."""
    member = market.member("77")
    shop = market.connect(platform)
    wanted = 0
    for number in range(1, 60):
        bought = shop.shop.buy([Item("L1", 4000)])
        shop.shop.refund(bought, 1000)
        wanted += 30
        shop.deliver()
        process = PROCESSES.Process(
            target=_killed, args=(number, market.config, market.now() + timedelta(seconds=1))
        )
        process.start()
        process.join(60)
        # The lease of the killed one runs out.
        market.later(minutes=3)
        assert set(market.work()) <= {"done"}
        assert market.balance(member) == wanted, f"killed at touch {number}"
        assert market.scalar("SELECT count(*) FROM known_order WHERE problem IS NOT NULL") == 0
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
    else:
        raise AssertionError("it never came through")
    assert number > 8, "the work has more steps than that"
