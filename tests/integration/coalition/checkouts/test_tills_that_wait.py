"""A till asks the hub and waits: Toast's, over the hub's own door."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from adapters.contract import Reply, Request, Secrets
from adapters.testing.shop import Item, Purchase
from adapters.testing.till import Heard
from adapters.testing.toast import ToastOrders, ToastShop
from tests.checkout_world import Connected, Market


class Restaurant:
    """A restaurant whose tills ask the hub."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.door: Connected = market.connect("toast")
        shop = self.door.shop
        assert isinstance(shop, ToastShop)
        self.shop = shop
        #: A check that is about to be paid.
        self.check = shop.buy([Item("L1", 4000)], customer="77")

    def ask(self, request: Request) -> Heard:
        """Ask, and read the answer as the till does."""
        answer = self.send(request)
        return self.shop.heard(answer, request)

    def send(self, request: Request) -> Reply:
        """The answer as it comes."""
        self.market.hub.wall = max(self.market.now(), self.shop.now)
        found = self.door.send(request)
        return Reply(
            found.status_code, found.get_data(), {"Content-Type": found.headers["Content-Type"]}
        )

    def accrue(self, key: str, check: Purchase | None = None) -> Heard:
        """Earn on a check."""
        return self.ask(self.shop.accrue(key=key, member="77", purchase=check or self.check))


@pytest.fixture
def restaurant(market: Market) -> Restaurant:
    return Restaurant(market)


def test_points_are_asked_for_earned_spent_and_given_back(
    market: Market, restaurant: Restaurant
) -> None:
    member, shop = market.member("77", phone="+15550177"), restaurant.shop
    assert restaurant.accrue("k1").accepted
    assert market.balance(member) == 40
    heard = restaurant.ask(shop.search(key="k2", phone="+15550177"))
    assert heard.members == (member["id"],)
    inquire = shop.inquire(key="k3", member=heard.members[0], purchase=restaurant.check)
    assert restaurant.ask(inquire).points == 40
    assert max(restaurant.ask(inquire).offered) == 40
    redeem = shop.redeem(key="k4", member="77", purchase=restaurant.check, offers=(24,))
    heard = restaurant.ask(redeem)
    assert (heard.applied, heard.points) == ((24,), 16)
    first = restaurant.send(redeem)
    assert restaurant.send(redeem) == first
    assert market.balance(member) == 16
    assert restaurant.ask(shop.reverse(key="k5", member="77", reverses="k4", minor=10)).accepted
    assert market.balance(member) == 26
    assert restaurant.ask(shop.reverse(key="k6", member="77", reverses="k4")).accepted
    assert not restaurant.ask(shop.reverse(key="k7", member="77", reverses="k4")).accepted
    assert restaurant.ask(shop.reverse(key="k8", member="77", reverses="k1")).accepted
    assert market.balance(member) == 0


def test_what_cannot_be_done_is_told_in_form_and_done_in_no_part(
    market: Market, restaurant: Restaurant
) -> None:
    member, shop = market.member("77"), restaurant.shop
    restaurant.accrue("k1")
    check = restaurant.check
    heard = restaurant.ask(shop.redeem(key="k2", member="77", purchase=check, offers=(30, 20)))
    assert (heard.applied, heard.rejected) == ((), (30, 20))
    for request in (
        shop.redeem(key="k3", member="nobody-01", purchase=check, offers=(10,)),
        shop.inquire(key="k4", member="nobody-01", purchase=check),
        shop.accrue(key="k5", member="nobody-01", purchase=check),
        shop.reverse(key="k6", member="77", reverses="unknown"),
        shop.other(key="k7", member="77"),
        replace(shop.inquire(key="k8", member="77", purchase=check), body=b"{"),
        shop.forged(shop.redeem(key="k9", member="77", purchase=check, offers=(10,)), "expired"),
        shop.redeem(key="k1", member="77", purchase=check, offers=(10,)),
    ):
        assert not restaurant.ask(request).accepted
    assert market.balance(member) == 40


def test_a_check_whose_payment_changes_earns_once_in_whatever_order_it_is_told(
    market: Market, restaurant: Restaurant
) -> None:
    member, shop = market.member("77"), restaurant.shop
    states = [restaurant.check]
    for minor in (300, 500):
        shop.refund(restaurant.check, minor)
        states.append(replace(restaurant.check, refunds=list(restaurant.check.refunds)))
    asked = [shop.accrue(key=f"a{n}", member="77", purchase=s) for n, s in enumerate(states)]
    undone = [shop.reverse(key=f"r{n}", member="77", reverses=f"a{n}") for n in range(2)]
    asked[0] = next(m.request for m in shop.sent)
    undone[0] = shop.reverse(key="r0", member="77", reverses=restaurant_key(asked[0]))
    requests = [*asked, *undone] * 2
    random.Random(5).shuffle(requests)
    while requests:
        # What is refused is asked again.
        requests = [each for each in requests if restaurant.send(each).status != 200]
    assert market.balance(member) == 32
    assert restaurant.door.sale(restaurant.check)["points"]["earned"] == 32


def restaurant_key(request: Request) -> str:
    return request.headers["Toast-Transaction-GUID"]


def test_a_check_that_is_paid_anew_without_a_change_earns_again_and_once(
    market: Market, restaurant: Restaurant
) -> None:
    member, shop = market.member("77"), restaurant.shop
    for number in range(3):
        assert restaurant.accrue(f"a{number}").accepted
        assert market.balance(member) == 40
        undo = shop.reverse(key=f"r{number}", member="77", reverses=f"a{number}")
        assert restaurant.ask(undo).accepted
        assert market.balance(member) == 0
    assert restaurant.accrue("a4").accepted
    assert market.balance(member) == 40


def test_an_accrual_that_was_repeated_by_another_key_stands_when_the_first_is_undone(
    market: Market, restaurant: Restaurant
) -> None:
    """The answer to the first came too late: the till made another, and undoes the first."""
    member, shop = market.member("77"), restaurant.shop
    assert restaurant.accrue("a1").accepted
    assert restaurant.accrue("a2").accepted
    assert restaurant.ask(shop.reverse(key="r1", member="77", reverses="a1")).accepted
    assert market.balance(member) == 40
    assert restaurant.ask(shop.reverse(key="r2", member="77", reverses="a2")).accepted
    assert market.balance(member) == 0


def test_accruals_of_one_check_that_are_undone_at_once_leave_nothing(
    market: Market, restaurant: Restaurant
) -> None:
    member, shop = market.member("77"), restaurant.shop
    for number in range(5):
        keys = [f"a{number}", f"b{number}"]
        assert all(restaurant.accrue(key).accepted for key in keys)
        assert market.balance(member) == 40
        undo = [shop.reverse(key=f"r{key}", member="77", reverses=key) for key in keys]
        while undo:
            # One that was in the other's way is asked again.
            with ThreadPoolExecutor(len(undo)) as tills:
                answers = list(tills.map(restaurant.send, undo))
            undo = [each for each, a in zip(undo, answers, strict=True) if a.status != 200]
        assert market.balance(member) == 0


def test_an_accrual_that_comes_late_does_not_bring_back_what_was_undone_since(
    market: Market, restaurant: Restaurant
) -> None:
    member, shop = market.member("77"), restaurant.shop
    late = shop.accrue(key="a1", member="77", purchase=restaurant.check)
    shop.edit(restaurant.check, [Item("L1", 1500)])
    assert restaurant.accrue("a2").accepted
    assert restaurant.ask(shop.reverse(key="r2", member="77", reverses="a2")).accepted
    assert restaurant.ask(late).accepted
    assert market.balance(member) == 0


def test_a_guests_check_is_accepted_and_earns_nothing(
    market: Market, restaurant: Restaurant
) -> None:
    market.member("77")
    shop = restaurant.shop
    check = shop.buy([Item("L1", 2000)], customer=None)
    assert restaurant.ask(shop.accrue(key="g1", member=None, purchase=check)).accepted
    assert restaurant.door.sale(check)["member"] is None
    assert restaurant.ask(shop.reverse(key="g2", member=None, reverses="g1")).accepted
    ignore = {"guests": "ignore"}
    path = f"/v1/connections/{restaurant.door.id}"
    assert market.partner.send("PUT", path, ignore).status_code == 200
    other = shop.buy([Item("L1", 2000)], customer=None)
    assert restaurant.ask(shop.accrue(key="g3", member=None, purchase=other)).accepted
    assert restaurant.ask(shop.reverse(key="g4", member=None, reverses="g3")).accepted


def test_the_webhook_of_orders_tells_the_same_sale_and_its_refunds(
    market: Market, restaurant: Restaurant
) -> None:
    """A restaurant whose tills ask, and whose orders' webhook comes to the same door."""
    member, shop = market.member("77"), restaurant.shop
    assert restaurant.accrue("a1").accepted
    shop.refund(restaurant.check, 1500)
    orders = ToastOrders()
    orders.secrets = Secrets((f"webhook:{shop.extra['webhook_secret']}",))
    for _ in range(2):
        (told,) = orders.messages(restaurant.check, "refund", None)
        assert restaurant.door.send(told).status_code == 200
        assert restaurant.door.send(told).status_code == 200
    assert "dead" not in market.work()
    assert market.balance(member) == 25
    forged = replace(told, body=told.body + b" ")
    assert restaurant.door.send(forged).status_code == 401
    odd = orders.sign(b'{"timestamp":"x","eventType":"order_updated"}')
    assert restaurant.door.send(odd).status_code == 200, "it would come again and again"
    assert len(restaurant.door.messages(state="dead")) == 1


def test_a_till_is_answered_well_within_half_a_second(
    market: Market, restaurant: Restaurant
) -> None:
    market.member("77")
    restaurant.accrue("k0")
    spent = []
    for number in range(20):
        request = restaurant.shop.redeem(
            key=f"k{number + 1}", member="77", purchase=restaurant.check, offers=(2,)
        )
        began = time.perf_counter()
        answer = restaurant.send(request)
        spent.append(time.perf_counter() - began)
        assert restaurant.shop.heard(answer, request).applied == (2,)
    assert sum(spent) / len(spent) < 0.5, f"{max(spent):.3f} s at the most"
