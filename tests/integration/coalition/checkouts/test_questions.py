"""A till that waits is answered in the request: once for each key, right whatever comes again."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from adapters.contract import Reply, Request
from adapters.testing.shop import Item
from adapters.testing.till import Heard, Till
from tests.checkout_world import Connected, Market

KEY = "ab11d469-5ed5-4daa-b9d6-{:012x}"


@dataclass
class Counter:
    """A till at the hub's door, and Ann, who has 100 points."""

    market: Market
    shop: Connected
    ann: dict[str, Any]
    count: int = 0

    @property
    def till(self) -> Till:
        assert isinstance(self.shop.shop, Till)
        return self.shop.shop

    @property
    def card(self) -> str:
        return str(self.ann["cards"][0]["number"])

    def key(self) -> str:
        self.count += 1
        return KEY.format(self.count)

    def check(self, minor: int = 2000) -> Any:
        return self.till.buy([Item("L1", minor)], customer=self.card)

    def ask(self, request: Request) -> TestResponse:
        self.market.hub.wall = max(self.market.now(), self.till.now)
        return self.shop.send(request)

    def hear(self, request: Request) -> Heard:
        answer = self.ask(request)
        headers = {"Content-Type": answer.content_type}
        return self.till.heard(Reply(answer.status_code, answer.data, headers), request)

    def points(self) -> int:
        return self.market.balance(self.ann)


@pytest.fixture
def counter(market: Market) -> Counter:
    ann = market.member(phone="+15550177")
    sale = market.world.sale_body(None, ("food", "1", "100.00"))
    sale["member"] = {"card": ann["cards"][0]["number"]}
    assert market.partner.send("PUT", "/v1/sales/before", sale).status_code == 201
    return Counter(market, market.connect("toast"), ann)


def test_a_till_is_told_what_a_member_has_and_who_has_a_phone(counter: Counter) -> None:
    till = counter.till
    heard = counter.hear(
        till.inquire(key=counter.key(), member=counter.card, purchase=counter.check())
    )
    assert (heard.accepted, heard.points, max(heard.offered)) == (True, 100, 100)
    heard = counter.hear(till.search(key=counter.key(), phone="+15550177"))
    assert heard.members == (counter.ann["id"],)
    asked = till.inquire(key=counter.key(), member=counter.ann["id"], purchase=counter.check())
    assert counter.hear(asked).points == 100, "who was found is not known"
    assert not counter.hear(till.search(key=counter.key(), phone="+15550199")).accepted
    nobody = till.inquire(key=counter.key(), member="nobody-01", purchase=counter.check())
    assert not counter.hear(nobody).accepted
    assert counter.market.scalar("SELECT count(*) FROM inbox_message") == 0


def test_points_pay_once_for_a_key_however_often_it_comes(counter: Counter) -> None:
    till, check = counter.till, counter.check()
    redeem = till.redeem(key=counter.key(), member=counter.card, purchase=check, offers=(30,))
    first = counter.ask(redeem)
    assert counter.points() == 70
    assert till.heard(_reply(first), redeem).applied == (30,)
    for again in (redeem, till.redelivered(redeem)):
        assert counter.ask(again).data == first.data
    assert counter.points() == 70
    assert counter.market.scalar("SELECT count(*) FROM redemption") == 1
    assert counter.market.work() == {}, "a question is worked on again"


def test_the_same_key_at_once_from_many_tills_is_done_once(counter: Counter) -> None:
    check = counter.check()
    redeem = counter.till.redeem(
        key=counter.key(), member=counter.card, purchase=check, offers=(30,)
    )
    answers: list[TestResponse] = []
    threads = [
        threading.Thread(target=lambda: answers.append(counter.shop.send(redeem))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {200, 500, 503}
    assert len({answer.data for answer in answers if answer.status_code == 200}) == 1
    assert counter.points() == 70


def test_too_few_points_pay_nothing_and_may_be_enough_later(counter: Counter) -> None:
    till, check = counter.till, counter.check()
    redeem = till.redeem(key=counter.key(), member=counter.card, purchase=check, offers=(101,))
    heard = counter.hear(redeem)
    assert (heard.applied, heard.rejected, counter.points()) == ((), (101,), 100)
    counter.hear(till.accrue(key=counter.key(), member=counter.card, purchase=check))
    assert counter.points() == 120
    assert counter.hear(redeem).applied == (101,), "the refusal was remembered"
    assert counter.points() == 19


def test_what_is_undone_is_as_if_it_had_not_been(counter: Counter) -> None:
    till, check, card = counter.till, counter.check(), counter.card
    spent, earned = counter.key(), counter.key()
    counter.hear(till.redeem(key=spent, member=card, purchase=check, offers=(30, 20)))
    counter.hear(till.accrue(key=earned, member=card, purchase=check))
    assert counter.points() == 70
    part = till.reverse(key=counter.key(), member=card, reverses=spent, minor=20)
    assert counter.hear(part).accepted
    assert counter.points() == 90
    for undone in (spent, earned):
        undo = till.reverse(key=counter.key(), member=card, reverses=undone)
        for _ in range(2):
            assert counter.hear(undo).accepted
    assert counter.points() == 100
    for undone in (spent, earned, KEY.format(0xFFFF)):
        undo = till.reverse(key=counter.key(), member=card, reverses=undone)
        assert not counter.hear(undo).accepted, "undone twice, or what never was"
    again = till.accrue(key=counter.key(), member=card, purchase=check)
    assert counter.hear(again).accepted
    assert counter.points() == 120, "a check that is paid anew does not earn"


def test_an_accrual_is_a_sale_and_a_guests_can_be_claimed(counter: Counter) -> None:
    till = counter.till
    check = till.buy([Item("L1", 2000)], customer=None)
    assert counter.hear(till.accrue(key=counter.key(), member=None, purchase=check)).accepted
    sale = counter.shop.sale(check)
    assert (sale["member"], counter.points()) == (None, 100)
    claim = {"member": {"id": counter.ann["id"]}}
    counter.market.partner.send("POST", f"/v1/sales/{sale['id']}/claim", claim)
    assert counter.points() == 120


def test_a_stranger_is_refused_and_nothing_is_done(counter: Counter) -> None:
    redeem = counter.till.redeem(
        key=counter.key(), member=counter.card, purchase=counter.check(), offers=(30,)
    )
    for how in counter.till.forgeries:
        assert 400 <= counter.ask(counter.till.forged(redeem, how)).status_code < 500
    assert counter.points() == 100
    assert counter.market.scalar("SELECT count(*) FROM inbox_message") == 0


def test_a_hub_in_trouble_says_so_and_what_comes_again_is_done(counter: Counter) -> None:
    redeem = counter.till.redeem(
        key=counter.key(), member=counter.card, purchase=counter.check(), offers=(30,)
    )
    with counter.market.world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE inbox_message RENAME TO gone"))
    assert counter.ask(redeem).status_code >= 500
    with counter.market.world.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO inbox_message"))
    assert counter.points() == 100
    assert counter.hear(redeem).applied == (30,)


def test_what_a_till_cannot_have_meant_is_refused_and_kept_to_be_looked_at(
    counter: Counter,
) -> None:
    request = counter.till.inquire(key=counter.key(), member=counter.card, purchase=counter.check())
    assert counter.ask(replace(request, body=b"[]")).status_code == 400
    (message,) = counter.shop.messages()
    assert (message["state"], message["reason"][:10]) == ("dead", "malformed:")
    assert "authorization" not in str(
        counter.market.partner.send(
            "GET", f"/v1/connections/{counter.shop.id}/messages/{message['id']}"
        ).json["headers"]
    )


def _reply(answer: TestResponse) -> Reply:
    return Reply(answer.status_code, answer.data, {"Content-Type": str(answer.content_type)})
