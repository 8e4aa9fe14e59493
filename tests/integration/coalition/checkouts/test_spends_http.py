"""Points paid at a checkout, over the API, the platform's door and its REST, end to end."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.testing.shop import Item
from coalition.checkouts.making import make_spends
from coalition.checkouts.spends.service import drive_due
from coalition.directory import Clocks
from partner_sdk.wire.ids import decode
from partner_sdk.wire.spends import Spend
from tests.checkout_world import Connected, Market

GOODS = (Item("A", 2000), Item("B", 1000, 2))


@pytest.fixture
def shop(market: Market) -> Connected:
    return market.connect("shopify")


@pytest.fixture
def ann(market: Market) -> dict[str, Any]:
    """A member with 1,000 points of the partner's."""
    ann = market.member("ann")
    world = market.world
    body = world.sale_body(decode("mem", ann["id"]), ("food", "1", "1000.00"))
    world.put("grocer", "s-1", body)
    return ann


def spend(market: Market, shop: Connected, *, as_: Any = None, **body: Any) -> Any:
    wanted = {"reference": "cart-1", "member": {"reference": "ann"}, "points": 350, **body}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    caller = as_ or market.partner
    return caller.sign("POST", f"/v1/connections/{shop.id}/spends", wanted)


def drive(market: Market) -> int:
    """What the job does."""
    world = market.world
    means = make_spends(
        config=market.config,
        database=world.database,
        directory=world.directory,
        clocks=Clocks(wall=market.now),
        patience=0,
    )
    return drive_due(means=means)


def test_from_the_code_to_the_sale_and_back(
    market: Market, shop: Connected, ann: dict[str, Any]
) -> None:
    made = spend(market, shop)
    assert made.status_code == 201, made.get_data()
    assert (made.json["state"], made.json["points"]) == ("made", 350)
    assert made.json["amount"] == {"amount": "3.50", "currency": "EUR"}
    assert market.balance(ann) == 650
    with shop.server.lock:
        order = shop.shop.buy(GOODS, code=made.json["code"])
    shop.deliver()
    assert market.work() == {"done": 1}
    path = f"/v1/connections/{shop.id}/spends/{made.json['id']}"
    used = market.partner.send("GET", path).json
    assert used["state"] == "used"
    assert used["order"] == shop.shop.order_id(order)
    redemption = market.partner.send("GET", f"/v1/redemptions/{used['redemption']}").json
    assert (redemption["points"], redemption["reversed_points"]) == (350, 0)
    stated = market.scalar(
        "SELECT document->'tenders' FROM sale WHERE external_id LIKE 'shopify.%'"
    )
    assert [used["redemption"], "points"] == [stated[-1][2], stated[-1][0]]
    with shop.server.lock:
        shop.shop.cancel(order)
    shop.deliver()
    market.work()
    again = market.partner.send("GET", f"/v1/redemptions/{used['redemption']}").json
    assert again["reversed_points"] == 350
    assert market.balance(ann) == 1000
    assert drive(market) == 1
    assert shop.shop.spent == {}


def test_the_same_reference_is_answered_with_the_same_spend(
    market: Market, shop: Connected, ann: dict[str, Any]
) -> None:
    first, second = spend(market, shop), spend(market, shop)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json
    read = Spend.from_wire(first.json)
    assert (read.connection, read.member, read.code) == (shop.id, ann["id"], first.json["code"])
    other = spend(market, shop, points=10)
    assert (other.status_code, other.json["code"]) == (409, "spend_reference_taken")
    listed = market.operator.send("GET", f"/v1/connections/{shop.id}/spends").json
    assert listed["items"] == [first.json]
    kept = market.scalar("SELECT count(*) FROM signed_request WHERE target LIKE '%/spends'")
    assert kept == 1, "what made something is kept as evidence"


def test_an_undone_spend_is_undone_at_once(
    market: Market, shop: Connected, ann: dict[str, Any]
) -> None:
    made = spend(market, shop, points=None, amount={"amount": "2.00", "currency": "EUR"}).json
    assert made["points"] == 200
    path = f"/v1/connections/{shop.id}/spends/{made['id']}/undo"
    for _ in range(2):
        undone = market.partner.send("POST", path)
        assert (undone.status_code, undone.json["state"]) == (200, "undone")
    assert shop.shop.spent == {}
    assert market.balance(ann) == 1000


def test_a_spend_that_an_order_used_is_not_undone(
    market: Market, shop: Connected, ann: dict[str, Any]
) -> None:
    made = spend(market, shop).json
    with shop.server.lock:
        shop.shop.buy(GOODS, code=made["code"])
    shop.deliver()
    market.work()
    answer = market.partner.send("POST", f"/v1/connections/{shop.id}/spends/{made['id']}/undo")
    assert (answer.status_code, answer.json["code"]) == (409, "spend_used")


def test_a_stranger_neither_spends_nor_sees(
    market: Market, shop: Connected, ann: dict[str, Any]
) -> None:
    made = spend(market, shop).json
    assert spend(market, shop, as_=market.stranger).json["code"] == "connection_not_found"
    path = f"/v1/connections/{shop.id}/spends"
    for call in (
        ("GET", path),
        ("GET", f"{path}/{made['id']}"),
        ("POST", f"{path}/{made['id']}/undo"),
    ):
        answer = market.stranger.send(*call)
        assert (answer.status_code, answer.json["code"]) == (404, "connection_not_found")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"points": 1001}, "insufficient_points"),
        ({"points": None, "amount": {"amount": "1.00", "currency": "USD"}}, "wrong_currency"),
        ({"points": None}, "validation_failed"),
        ({"member": {"reference": "nobody"}}, "member_not_found"),
    ],
)
def test_what_cannot_be_spent_is_refused_by_name(
    market: Market, shop: Connected, ann: dict[str, Any], body: dict[str, Any], code: str
) -> None:
    answer = spend(market, shop, **body)
    assert answer.json["code"] == code
    assert market.balance(ann) == 1000


def test_a_platform_that_does_not_answer_is_asked_again_by_the_job(
    market: Market, shop: Connected, ann: dict[str, Any]
) -> None:
    shop.server.fail(503)
    wanted = spend(market, shop).json
    assert (wanted["state"], wanted["code"]) == ("wanted", None)
    market.later(seconds=10)
    assert drive(market) == 1
    made = market.partner.send("GET", f"/v1/connections/{shop.id}/spends/{wanted['id']}").json
    assert made["state"] == "made"


def test_a_closed_connection_spends_nothing(
    market: Market, shop: Connected, ann: dict[str, Any]
) -> None:
    closed = market.partner.send("POST", f"/v1/connections/{shop.id}/state", {"state": "closed"})
    assert closed.status_code == 200, closed.get_data()
    assert spend(market, shop).json["code"] == "connection_closed"
