"""Square, by the kit, by Square's own library and by what Square once sent."""

from __future__ import annotations

import json
from dataclasses import replace

from square.utils.webhooks_helper import verify_signature

from adapters.conformance import AdapterSuite
from adapters.contract import Answer, Call, Facts, Fetch, Headers, Settings, Spend, Verified
from adapters.sale import to_sale
from adapters.square import ADAPTER
from adapters.testing.shop import Item
from adapters.testing.square import SquareShop
from tests.conformance.recorded import recorded


class TestSquare(AdapterSuite):
    adapter = ADAPTER
    shop = SquareShop


def test_squares_library_takes_what_the_adapter_signs_and_refuses_it_tampered_with() -> None:
    shop = SquareShop()
    for scenario in ADAPTER.manifest.scenarios:
        for request in ADAPTER.sample(
            scenario=scenario, secrets=shop.secrets, settings=shop.settings, now=shop.now
        ):
            for body, url, wanted in (
                (request.body, request.url, True),
                (request.body + b" ", request.url, False),
                (request.body, request.url + "/", False),
            ):
                by_vendor = verify_signature(
                    request_body=body.decode(),
                    signature_header=request.headers["x-square-hmacsha256-signature"],
                    signature_key=shop.signing[0],
                    notification_url=url,
                )
                ours = ADAPTER.verify(
                    request=replace(request, body=body, url=url),
                    secrets=shop.secrets,
                    now=shop.now,
                )
                assert by_vendor == wanted == isinstance(ours, Verified)


def _answer(body: bytes) -> Answer:
    return Answer(200, Headers({}), body)


def test_the_recorded_payment_asks_for_its_order() -> None:
    shop = SquareShop()
    request = shop.sign(recorded("square/PaymentUpdatedEvent.json"))
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)
    assert ADAPTER.delivery_key(request=request) == "6a8f5f28-54a1-4eb0-a98a-3111513fd4fc"
    fetch = ADAPTER.parse(request=request, settings=shop.settings)
    assert isinstance(fetch, Fetch)
    assert [call.path for call in fetch.calls] == ["/v2/orders/03O3USaPaAaFnI6kkwB1JxGgBsUZY"]


def test_the_recorded_refund_asks_for_its_payment_and_then_for_the_order() -> None:
    shop = SquareShop()
    request = shop.sign(recorded("square/RefundUpdatedEvent.json"))
    fetch = ADAPTER.parse(request=request, settings=shop.settings)
    assert isinstance(fetch, Fetch)
    assert [call.path for call in fetch.calls] == ["/v2/payments/KkAkhdMsgzn59SM8A89WgKwekxLZY"]
    payment = {"payment": {"id": "KkAk", "order_id": "haOy"}}
    answers = (_answer(json.dumps(payment).encode()),)
    then = ADAPTER.resolve(fetch=fetch, answers=answers, settings=shop.settings)
    assert isinstance(then, Fetch)
    assert [call.path for call in then.calls] == ["/v2/orders/haOy"]


def test_the_recorded_order_is_open_with_half_off_and_earns_nothing_yet() -> None:
    shop = SquareShop(currency="USD")
    fetch = Fetch("x", (Call("GET", "/v2/orders/x"),), {"step": "order"})
    body = recorded("square/RetrieveOrderResponse.json")
    facts = ADAPTER.resolve(fetch=fetch, answers=(_answer(body),), settings=shop.settings)
    assert isinstance(facts, Facts)
    (order,) = facts.orders
    assert order.status == "open"
    assert [line.amount_micros for line in order.lines] == [2_500_000, 3_000_000]
    assert to_sale(order=order, settings=shop.settings, member=None) is None


def test_the_recorded_refund_counts_once_its_order_is_known() -> None:
    refund = json.loads(recorded("square/GetPaymentRefundResponse.json"))
    order = json.loads(recorded("square/RetrieveOrderResponse.json"))["order"]
    payment_id = refund["refund"]["payment_id"]
    tender = {"id": payment_id, "type": "CARD", "amount_money": {"amount": 550, "currency": "USD"}}
    order |= {"tenders": [tender], "line_items": [order["line_items"][1]]}
    order |= {"total_money": {"amount": 600, "currency": "USD"}}
    order["line_items"][0]["total_money"] = {"amount": 600, "currency": "USD"}
    payment = {"id": payment_id, "order_id": order["id"], "status": "COMPLETED"}
    payment["refund_ids"] = [refund["refund"]["id"]]
    served = {
        f"/v2/orders/{order['id']}": {"order": order},
        f"/v2/payments/{payment_id}": {"payment": payment},
        f"/v2/refunds/{refund['refund']['id']}": refund,
        "/v2/orders/batch-retrieve": {"orders": []},
    }
    shop = SquareShop(currency="USD")
    hub = TestSquare().new_hub(shop, lambda call: _answer(json.dumps(served[call.path]).encode()))
    hub.take(Fetch("x", (Call("GET", f"/v2/orders/{order['id']}"),), {"step": "order"}))
    (sale,) = hub.sales.values()
    assert [(r.amount.micros, r.status) for r in sale.refunds] == [(5_550_000, "succeeded")]
    assert hub.points(sale.id) == 0


def test_cash_that_is_rounded_is_found_in_the_largest_line() -> None:
    shop = SquareShop()
    purchase = shop.buy([Item("L1", 1002), Item("L2", 501)])
    served = shop.order(purchase)
    served["total_money"]["amount"] = 1505
    served["tenders"] = []
    fetch = Fetch("x", (Call("GET", "/v2/orders/x"),), {"step": "order"})
    body = json.dumps({"order": served}).encode()
    facts = ADAPTER.resolve(fetch=fetch, answers=(_answer(body),), settings=shop.settings)
    assert isinstance(facts, Facts)
    assert [line.amount_micros for line in facts.orders[0].lines] == [10_040_000, 5_010_000]


def test_a_service_charge_is_shipping_where_it_is_shipped_and_else_a_fee() -> None:
    shop = SquareShop()
    served = shop.order(shop.buy([Item("L1", 1000), Item("S1", 300, kind="shipping")]))
    fetch = Fetch("x", (Call("GET", "/v2/orders/x"),), {"step": "order"})
    for fulfillments, category in (([{"type": "SHIPMENT"}], "shipping"), ([], "fee")):
        order = served | {"fulfillments": fulfillments, "tenders": []}
        body = json.dumps({"order": order}).encode()
        facts = ADAPTER.resolve(fetch=fetch, answers=(_answer(body),), settings=shop.settings)
        assert isinstance(facts, Facts)
        assert [line.category for line in facts.orders[0].lines] == ["goods", category]


def test_an_item_that_is_mapped_has_the_mapped_category() -> None:
    shop = SquareShop()
    shop.settings = Settings("EUR", "Europe/Kyiv", categories={"L1": "coffee"})
    shop.buy([Item("L1", 1000), Item("L2", 500)])
    (sale,) = TestSquare().heard(shop).sales.values()
    assert [line.category for line in sale.lines] == ["coffee", "goods"]


def test_an_order_that_changed_while_the_discount_was_put_on_is_read_again() -> None:
    shop = SquareShop()
    purchase = shop.open([Item("L1", 2000)])
    spend = Spend("hld_1", 3_500_000, "EUR", order=shop.order_id(purchase))
    asked: list[Call] = []

    def ask(call: Call) -> Answer:
        if call.method == "PUT" and not any(each.method == "PUT" for each in asked):
            purchase.version += 1
        asked.append(call)
        return shop.answer(call)

    hub = TestSquare().new_hub(shop, ask)
    assert hub.redeem(spend).code == "points-hld_1"
    assert [call.method for call in asked] == ["GET", "PUT", "GET", "PUT"]
    assert purchase.by_points == 350


def test_what_an_amount_gives_back_of_a_square_order_holds_the_share_of_the_points() -> None:
    shop = SquareShop()
    suite = TestSquare()
    hub, purchase, _ = suite.paid_with_points(shop, 400, Item("L1", 1000), Item("L2", 600))
    shop.refund(purchase, 300)
    suite.hear(shop, hub)
    (order,) = hub.orders.values()
    assert [refund.amount_micros for refund in order.refunds] == [4_000_000]
