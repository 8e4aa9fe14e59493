"""From a platform's message to points: kept once, worked on in the background, right in the end."""

from __future__ import annotations

import random
from typing import Any

import pytest

from adapters.testing.shop import Item, Purchase
from tests.checkout_world import PLATFORMS, Connected, Market


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_a_shop_sells_and_takes_back_is_earned_and_taken_back(
    market: Market, platform: str
) -> None:
    member = market.member("77")
    shop = market.connect(platform)
    bought = shop.shop.buy(shop.shop.possible([Item("L1", 4000)]))
    assert set(shop.deliver()) <= {200, 201, 202, 204}
    assert market.balance(member) == 0, "it was worked on within the request"
    assert "dead" not in market.work()
    assert market.balance(member) == 40
    shop.shop.refund(bought, 1000)
    shop.deliver()
    market.work()
    assert market.balance(member) == 30
    assert shop.sale(bought)["points"]["earned"] == 30
    assert market.work() == {}, "something is worked on again and again"


def test_a_message_that_comes_again_is_kept_once_and_done_once(market: Market) -> None:
    member = market.member("77")
    shop = market.connect("adyen")
    shop.shop.buy([Item("L1", 4000)])
    messages = shop.shop.sent * 3
    assert set(shop.deliver(messages)) == {200}
    assert len(shop.messages()) == len(shop.shop.sent)
    market.work()
    shop.deliver(messages)
    assert market.work() == {}
    assert market.balance(member) == 40
    assert shop.server.asked == []


def test_messages_about_one_order_are_answered_by_one_look_at_it(market: Market) -> None:
    market.member("77")
    shop = market.connect("shopify")
    bought = shop.shop.buy([Item("L1", 4000)])
    shop.shop.refund(bought, 500)
    shop.shop.refund(bought, 500)
    shop.deliver()
    assert market.work() == {"done": 3}
    assert len(shop.server.asked) == 2, "an order and its payments, once for all three"
    assert shop.sale(bought)["points"]["earned"] == 30


@pytest.mark.parametrize("platform", ["adyen", "square", "woocommerce"])
def test_any_order_of_messages_ends_in_the_points_of_the_last_state(
    market: Market, platform: str
) -> None:
    member = market.member("77")
    shop = market.connect(platform)
    order = random.Random(7)
    purchases = []
    for amount in (1200, 3400, 5600):
        bought = shop.shop.buy([Item("L1", amount)])
        purchases.append(bought)
        shop.shop.refund(bought, 200)
    shop.shop.refund(purchases[0], 300)
    messages = shop.shop.sent * 2
    order.shuffle(messages)
    for start in range(0, len(messages), 3):
        shop.deliver(messages[start : start + 3])
        market.work()
    assert [shop.sale(each)["points"]["earned"] for each in purchases] == [7, 32, 54]
    assert market.balance(member) == 93


def test_a_change_within_the_second_of_the_last_one_is_stated_all_the_same(market: Market) -> None:
    """The shop's times tie, and what it says of one revision is another thing each time."""
    market.member("77")
    shop = market.connect("shopify")
    bought = shop.shop.buy([Item("L1", 4000)])
    shop.deliver()
    market.work()
    before = shop.sale(bought)["revision"]
    item = bought.items[0]
    bought.items = (Item(item.id, 3000),)
    shop.shop.lines[bought.number] = [
        (bought.items[0], line) for _, line in shop.shop.lines[bought.number]
    ]
    again(shop, bought)
    market.work()
    after = shop.sale(bought)
    assert (after["points"]["earned"], after["revision"]) == (30, before + 1)


def again(shop: Connected, bought: Purchase) -> None:
    """The shop says that the order was changed, by a new message at the same time."""
    for request in shop.shop.messages(bought, "identified", None):
        body = request.body + b" "
        assert shop.send(shop.shop.sign(body, like=None)).status_code == 200


def test_a_guest_earns_nothing_until_the_sale_is_claimed_and_then_all_the_same(
    market: Market,
) -> None:
    shop = market.connect("shopify")
    bought = shop.shop.buy([Item("L1", 4000)], customer=None)
    shop.deliver()
    market.work()
    assert shop.sale(bought)["member"] is None
    member = market.member("77")
    sale_id = shop.sale(bought)["id"]
    claimed = market.partner.send(
        "POST", f"/v1/sales/{sale_id}/claim", {"member": {"id": member["id"]}}
    )
    assert claimed.status_code == 200, claimed.get_data()
    assert market.balance(member) == 40
    shop.shop.refund(bought, 1000)
    shop.deliver()
    market.work()
    assert market.balance(member) == 30, "the claim was forgotten"


def test_a_shop_that_says_in_an_answer_of_success_that_it_will_not_tell_is_asked_again(
    market: Market,
) -> None:
    member = market.member("77")
    shop = market.connect("saleor")
    shop.shop.buy([Item("L1", 4000)])
    shop.deliver()
    shop.server.fail(200)
    assert market.work() == {"later": 1}
    (message,) = shop.messages(state="waiting")
    assert message["reason"] == "not told: Saleor answered errors: unnamed"
    market.later(minutes=2)
    assert market.work() == {"done": 1}
    assert market.balance(member) == 40


def test_guests_get_nothing_where_the_connection_says_so(market: Market) -> None:
    shop = market.connect("shopify", guests="ignore")
    shop.shop.buy([Item("L1", 4000)], customer=None)
    shop.deliver()
    assert market.work() == {"ignored": 1}
    (message,) = shop.messages()
    assert (message["state"], message["reason"]) == (
        "ignored",
        "a guest's order, and guests get nothing here",
    )
    assert market.scalar("SELECT count(*) FROM sale") == 0


@pytest.mark.parametrize(
    ("ways", "named"),
    [
        (["phone", "customer_id"], "phone"),
        (["email", "customer_id"], "email"),
        (["customer_id", "email"], "reference"),
        (["phone"], None),
    ],
)
def test_a_member_is_recognised_in_the_order_that_is_set(
    market: Market, ways: list[str], named: str | None
) -> None:
    members: dict[str, dict[str, Any]] = {
        "reference": market.member("77"),
        "email": market.member(email="ann@example.com"),
    }
    if named == "phone":
        members["phone"] = market.member(phone="+40721000001")
    shop = market.connect("shopify", member_by=ways)
    bought = shop.shop.buy([Item("L1", 4000)])
    if named == "phone":
        document = shop.shop.order
        shop.shop.order = lambda purchase: document(purchase) | {"phone": "0040 721-000.001"}
    shop.deliver()
    market.work()
    found = shop.sale(bought)["member"]
    assert found == (None if named is None else members[named]["id"])


def test_a_connection_in_test_shows_what_it_would_state_and_states_nothing(
    market: Market,
) -> None:
    member = market.member("77")
    shop = market.connect("shopify", state="test")
    bought = shop.shop.buy([Item("L1", 4000)])
    shop.deliver()
    assert market.work() == {"done": 1}
    (message,) = shop.messages()
    (shown,) = message["result"]["orders"]
    assert (shown["outcome"], shown["member"]) == ("not_stated", member["id"])
    assert market.scalar("SELECT count(*) FROM sale") == 0
    state = {"state": "live"}
    assert market.partner.send("POST", f"/v1/connections/{shop.id}/state", state).status_code == 200
    path = f"/v1/connections/{shop.id}/messages/{message['id']}/replay"
    assert market.partner.send("POST", path).status_code == 200
    market.work()
    assert shop.sale(bought)["points"]["earned"] == 40


def test_a_paused_connection_keeps_what_comes_and_works_on_it_when_it_goes_on(
    market: Market,
) -> None:
    market.member("77")
    shop = market.connect("shopify")
    path = f"/v1/connections/{shop.id}/state"
    market.partner.send("POST", path, {"state": "paused"})
    bought = shop.shop.buy([Item("L1", 4000)])
    assert shop.deliver() == [200]
    assert market.work() == {}
    assert shop.server.asked == []
    market.partner.send("POST", path, {"state": "live"})
    assert market.work() == {"done": 1}
    assert shop.sale(bought)["points"]["earned"] == 40


def test_orders_of_one_number_on_two_platforms_are_two_sales(market: Market) -> None:
    market.member("77")
    shops = [market.connect("shopify"), market.connect("woocommerce")]
    bought = [shop.shop.buy([Item("L1", 1000 * n)]) for n, shop in enumerate(shops, 1)]
    for shop in shops:
        shop.deliver()
    market.work()
    ids = [shop.sale(order)["id"] for shop, order in zip(shops, bought, strict=True)]
    assert ids == ["shopify.1", "woocommerce.1"]
