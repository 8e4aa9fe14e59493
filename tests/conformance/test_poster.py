"""Poster, by the kit, by the scheme that its documents describe and by what its API answers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.conformance import AdapterSuite
from adapters.conformance.hub import TinyHub
from adapters.contract import (
    Facts,
    Fetch,
    Headers,
    Ignored,
    NotNow,
    Order,
    Outcome,
    Rejected,
    Request,
    Secrets,
    Spend,
    Verified,
)
from adapters.poster import ADAPTER
from adapters.sale import to_sale
from adapters.testing.poster import PosterShop
from adapters.testing.shop import URL, Item, Purchase, json_answer


class TestPoster(AdapterSuite):
    adapter = ADAPTER
    shop = PosterShop


SECRETS = Secrets(("0123456789abcdef",))
NOW = datetime(2026, 5, 4, tzinfo=UTC)


def message(signed: str, **fields: Any) -> Request:
    """A message whose `verify` is the MD5 of this text, as Poster's documents make it."""
    verify = hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest()
    body = json.dumps(fields | {"account_number": "861052", "verify": verify}).encode()
    return Request("POST", URL, Headers({}), body)


@pytest.mark.parametrize(
    ("signed", "fields"),
    [
        ("cafe;transaction;7;closed;1518794257;0123456789abcdef", {}),
        ("cafe;transaction;7;closed;1518794257;0123456789abcdef", {"data": None}),
        ("cafe;transaction;7;closed;;1518794257;0123456789abcdef", {"data": ""}),
        ('cafe;transaction;7;closed;{"a":1};1518794257;0123456789abcdef', {"data": '{"a":1}'}),
        ("cafe;transaction;7;closed;1518794257;0123456789abcdef", {"object_id": "7"}),
        ("cafe;transaction;7;closed;1518794257;0123456789abcdef", {"time": 1518794257}),
    ],
)
def test_a_message_signed_as_poster_describes_it_is_taken_and_another_not(
    signed: str, fields: dict[str, Any]
) -> None:
    usual = {"account": "cafe", "object": "transaction", "object_id": 7, "action": "closed"}
    fields = usual | {"time": "1518794257"} | fields
    verdict = ADAPTER.verify(request=message(signed, **fields), secrets=SECRETS, now=NOW)
    assert isinstance(verdict, Verified)
    for name in ("account", "object", "object_id", "action", "time"):
        other = message(signed, **fields | {name: "8"})
        verdict = ADAPTER.verify(request=other, secrets=SECRETS, now=NOW)
        assert isinstance(verdict, Rejected), f"{name} is not signed"


def test_data_that_is_no_text_cannot_be_signed() -> None:
    fields = {"account": "cafe", "object": "transaction", "object_id": 7, "action": "closed"}
    for data in ({"a": 1}, [1], True):
        signed = "cafe;transaction;7;closed;Array;1518794257;0123456789abcdef"
        request = message(signed, **fields, time="1518794257", data=data)
        verdict = ADAPTER.verify(request=request, secrets=SECRETS, now=NOW)
        assert isinstance(verdict, Rejected)
        assert verdict.reason == "malformed"


def test_whose_account_it_is_stands_unsigned_and_nothing_follows_from_it() -> None:
    shop = PosterShop()
    shop.buy([Item("L1", 900)])
    request = shop.sent[0].request
    other = replace(request, body=request.body.replace(b'"861052"', b'"999999"'))
    assert other != request
    assert isinstance(ADAPTER.verify(request=other, secrets=shop.secrets, now=shop.now), Verified)
    asked = [ADAPTER.parse(request=r, settings=shop.settings) for r in (request, other)]
    assert asked[0] == asked[1]


def told(shop: PosterShop, **fields: Any) -> Any:
    said = {"account": "cafe", "object": "transaction", "object_id": 7, "action": "changed"}
    request = shop.sign(json.dumps(said | {"time": "1"} | fields).encode())
    return ADAPTER.parse(request=request, settings=shop.settings)


def test_what_does_not_change_the_money_is_not_asked_for() -> None:
    shop = PosterShop()
    history = {"type_history": "sendtokitchen", "time": 1}
    assert isinstance(told(shop, data=json.dumps({"transactions_history": history})), Ignored)
    assert isinstance(told(shop, object="product"), Ignored)
    history["type_history"] = "something new"
    for data in (json.dumps({"transactions_history": history}), "{", "[]", None):
        assert isinstance(told(shop, data=data), Fetch)


def test_poster_gets_the_answer_that_its_documents_ask_for() -> None:
    shop = PosterShop()
    shop.buy([Item("L1", 900)])
    reply = ADAPTER.ack(
        request=shop.sent[0].request, outcome=Outcome("kept"), settings=shop.settings
    )
    assert json.loads(reply.body) == {"status": "accept"}


def resolved(shop: PosterShop, purchase: Purchase, products: Any = None, **order: Any) -> Order:
    found = products if products is not None else shop.products(purchase)
    answers = (
        json_answer({"response": [shop.order(purchase) | order]}),
        json_answer({"response": found}),
    )
    parsed = ADAPTER.resolve(fetch=Fetch("1", ()), answers=answers, settings=shop.settings)
    assert isinstance(parsed, Facts)
    return parsed.orders[0]


def test_bonuses_under_a_code_are_points_of_that_spend_and_others_are_posters_own() -> None:
    shop = PosterShop()
    purchase = shop.buy([Item("L1", 750), Item("L2", 250)])
    products = shop.products(purchase)
    products[0]["payed_sum"], products[1]["payed_sum"] = "600", "200"
    paid = {"payed_card": "800", "payed_bonus": "200"}
    for comment, spend in (("no sugar points-hld_1=2.00", "hld_1"), ("no sugar", None)):
        order = resolved(shop, purchase, products, transaction_comment=comment, **paid)
        assert [line.amount_micros for line in order.lines] == [7_500_000, 2_500_000]
        assert [(t.kind, t.amount_micros, t.redemption) for t in order.tenders] == [
            ("card", 8_000_000, None),
            ("points", 2_000_000, spend),
        ]


def test_every_means_of_payment_is_a_tender_and_can_be_mapped() -> None:
    shop = PosterShop()
    purchase = shop.buy([Item("L1", 600)])
    paid = {"payed_card": "100", "payed_cash": "200", "payed_third_party": "30"}
    paid |= {"payed_ewallet": "70", "payed_cert": "200"}
    order = resolved(shop, purchase, **paid)
    assert {(t.kind, t.amount_micros) for t in order.tenders} == {
        ("card", 1_000_000),
        ("cash", 2_000_000),
        ("other", 300_000),
        ("other", 700_000),
        ("gift_card", 2_000_000),
    }
    shop.settings = replace(shop.settings, tenders={"ewallet": "store_credit"})
    order = resolved(shop, purchase, **paid)
    assert ("store_credit", 700_000) in {(t.kind, t.amount_micros) for t in order.tenders}


def test_a_service_charge_is_a_tip_and_the_rest_the_products() -> None:
    shop = PosterShop()
    order = resolved(shop, shop.buy([Item("L1", 1000), Item("T1", 100, kind="tip")]))
    assert [(x.id, x.category, x.amount_micros) for x in order.lines] == [
        ("101-0", "goods", 10_000_000),
        ("tip", "tip", 1_000_000),
    ]


def test_a_product_that_is_there_twice_is_two_lines_of_its_category() -> None:
    shop = PosterShop()
    purchase = shop.buy([Item("L1", 500), Item("L2", 300)])
    products = [each | {"product_id": "101"} for each in shop.products(purchase)]
    shop.settings = replace(shop.settings, categories={"33": "kitchen"})
    order = resolved(shop, purchase, products)
    assert [(x.id, x.category, x.amount_micros) for x in order.lines] == [
        ("101-0", "33", 5_000_000),
        ("101-0-2", "33", 3_000_000),
    ]


def test_an_order_closed_without_payment_or_returned_by_its_receipt_is_cancelled() -> None:
    shop = PosterShop()
    purchase = shop.buy([Item("L1", 900)])
    assert resolved(shop, purchase, pay_type="0").status == "cancelled"
    assert resolved(shop, purchase, print_fiscal="2").status == "cancelled"
    assert resolved(shop, purchase, status="1").status == "open"
    shop.settings = replace(shop.settings, options={"fiscal_return": "ignore"})
    assert resolved(shop, purchase, print_fiscal="2").status == "paid"


def test_an_order_that_lost_its_products_when_it_was_removed_is_stated_as_cancelled() -> None:
    shop = PosterShop()
    order = resolved(shop, shop.buy([Item("L1", 900)]), [], status="3", payed_card="0")
    sale = to_sale(order=order, settings=shop.settings, member=None)
    assert sale is not None
    assert sale.cancelled


def test_who_is_known_by_phone_is_asked_for() -> None:
    shop = PosterShop()
    shop.settings = replace(shop.settings, member_by=("card_attribute", "phone"))
    shop.buy([Item("L1", 900)])
    shop.buy([Item("L1", 900)], customer=None)
    hub = TinyHub(adapter=ADAPTER, shop=shop)
    for sent in shop.sent:
        hub.deliver(sent)
    known, guest = hub.orders["1"].customer, hub.orders["2"].customer
    assert known is not None
    assert (known.id, known.phone, known.card) == ("77", "380501112233", None)
    assert guest is None


def test_the_members_card_is_the_one_that_the_till_read() -> None:
    shop = PosterShop()
    found = resolved(shop, shop.buy([Item("L1", 900)]), card_number="0000000000222").customer
    assert found is not None
    assert found.card == "0000000000222"


def test_an_error_that_comes_with_success_is_no_order() -> None:
    shop = PosterShop()
    for said, problem in (({"error": {"code": 11}}, "error 11"), ({"error": 30}, "error 30")):
        answers = (json_answer(said), json_answer(said))
        with pytest.raises(NotNow, match=problem):
            ADAPTER.resolve(fetch=Fetch("1", ()), answers=answers, settings=shop.settings)
    answers = (json_answer({"error": {"code": 404}}), json_answer({"response": []}))
    parsed = ADAPTER.resolve(fetch=Fetch("1", ()), answers=answers, settings=shop.settings)
    assert isinstance(parsed, Ignored)


def spend_at(shop: PosterShop, **kwargs: Any) -> Spend:
    purchase = shop.open([Item("L1", 2000)])
    return Spend("hld_1", 3_500_000, "EUR", order=str(purchase.number), **kwargs)


def test_a_code_stands_beside_what_the_waiter_wrote_and_leaves_it_there() -> None:
    shop = PosterShop()
    hub, spend = TinyHub(adapter=ADAPTER, shop=shop), spend_at(shop)
    shop.comments[1] = "no sugar"
    result = hub.redeem(spend)
    assert result.code == "points-hld_1=3.50"
    assert shop.comments[1] == "no sugar points-hld_1=3.50"
    second = hub.redeem(replace(spend, id="hld_2"))
    assert second.problem == "points pay for this order already"
    assert hub.undo(spend, result).problem is None
    assert shop.comments[1] == "no sugar"


def test_points_pay_for_an_open_order_only_and_are_not_taken_from_a_paid_one() -> None:
    shop = PosterShop()
    hub, spend = TinyHub(adapter=ADAPTER, shop=shop), spend_at(shop)
    result = hub.redeem(spend)
    shop.pay(shop.opened[1])
    assert hub.redeem(replace(spend, id="hld_2")).problem == "the order is not open any more"
    # It was closed without the points: there is nothing to take back.
    assert hub.undo(spend, result).problem is None
    paid = shop.order(shop.purchases[1]) | {"payed_bonus": "350"}
    hub.ask = lambda _call: json_answer({"response": [paid]})
    assert hub.undo(spend, result).problem == "the order is paid, and with the points"
    assert hub.redeem(replace(spend, order=None)).problem == "say which order of the till it is"
    nowhere = replace(spend, order="404")
    hub.ask = shop.answer
    assert hub.redeem(nowhere).problem == "Poster does not know this order"
    assert hub.undo(nowhere, result).problem is None, "there is nothing to take back"


def test_a_poll_asks_in_the_accounts_days_and_in_seconds_of_closing() -> None:
    shop = PosterShop()
    since, until = datetime(2026, 5, 4, 22, tzinfo=UTC), datetime(2026, 5, 5, 22, tzinfo=UTC)
    call = ADAPTER.poll(since=since, until=until, cursor="17", settings=shop.settings)
    asked = {name: value for name, (value,) in parse_qs(urlsplit(call.path).query).items()}
    assert (asked["dateFrom"], asked["dateTo"], asked["next_tr"]) == ("20260504", "20260507", "17")
    assert int(asked["after_date_close"]) == since.timestamp() - 1
    assert int(asked["before_date_close"]) == until.timestamp() + 1
