"""Saleor, by the kit, by Saleor's own library and by what its API answers."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance import AdapterSuite
from adapters.conformance.hub import TinyHub
from adapters.contract import (
    Facts,
    Fetch,
    Headers,
    Ignored,
    Malformed,
    NotNow,
    Order,
    Rejected,
    Request,
    Secrets,
    Spend,
    Verified,
)
from adapters.saleor import ADAPTER
from adapters.saleor.jws import signed
from adapters.saleor.values import global_id
from adapters.signatures import hex_mac
from adapters.testing.saleor import SaleorShop, key_set
from adapters.testing.shop import Item, json_answer


class TestSaleor(AdapterSuite):
    adapter = ADAPTER
    shop = SaleorShop


class ShopWithSecret(SaleorShop):
    """A webhook that was given a secret key is signed by that, and by no key of the shop."""

    signing = ("whsec-new-0123456789", "whsec-old-0123456789", "whsec-stranger")


class TestSaleorWithSecret(AdapterSuite):
    adapter = ADAPTER
    shop = ShopWithSecret


NODE = Path(__file__).parent / "node"


def published(secret: str) -> str:
    """The keys as the shop shows them to everybody: without their private half."""
    public = ("kty", "use", "alg", "kid", "n", "e")
    keys = [{name: key[name] for name in public} for key in json.loads(secret)["keys"]]
    return json.dumps({"keys": keys})


def by_vendor(requests: list[Request], jwks: str) -> list[bool]:
    """What Saleor's library for node thinks; skips where it is not installed."""
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules" / "@saleor").is_dir():
        pytest.skip("Saleor's library is not there: `make tools` installs it where node is")
    asked = [
        {"jwks": jwks, "signature": r.headers["saleor-signature"], "body": r.body.decode()}
        for r in requests
    ]
    done = subprocess.run(
        [node, "saleor.mjs"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=NODE,
        timeout=60,
        check=True,
    )
    verdicts: list[bool] = json.loads(done.stdout)
    return verdicts


def with_signature(request: Request, signature: str) -> Request:
    return replace(request, headers=Headers({**request.headers, "saleor-signature": signature}))


def test_saleors_library_agrees_on_what_is_signed_and_on_what_was_changed() -> None:
    shop = SaleorShop()
    jwks = published(shop.signing[0])
    good = [request for _, request in TestSaleor().samples(shop)]
    changed = [replace(request, body=request.body + b" ") for request in good]
    of_another = [with_signature(r, good[0].headers["saleor-signature"]) for r in good[1:]]
    by_stranger = [with_signature(r, signed(body=r.body, key_set=shop.signing[2])) for r in good]
    flipped = []
    value = good[0].headers["saleor-signature"]
    for place in range(0, len(value), 7):
        other = "A" if value[place] != "A" else "B"
        if value[place] != ".":
            flipped.append(with_signature(good[0], value[:place] + other + value[place + 1 :]))
    tried = good + changed + of_another + by_stranger + flipped
    secrets = Secrets((jwks,))
    ours = [
        isinstance(ADAPTER.verify(request=r, secrets=secrets, now=shop.now), Verified)
        for r in tried
    ]
    assert ours == [True] * len(good) + [False] * (len(tried) - len(good))
    assert by_vendor(tried, jwks) == ours


def claims(**header: Any) -> str:
    raw = json.dumps(header, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_public_key_set_is_no_secret_and_no_other_algorithm_is_taken() -> None:
    shop = SaleorShop()
    jwks = published(shop.signing[0])
    request = shop.sign(b"{}")
    start, _, rest = request.headers["saleor-signature"].partition("..")
    usual: dict[str, Any] = {"alg": "RS256", "b64": False, "crit": ["b64"]}
    forged = [
        hex_mac(jwks.encode(), request.body),
        f"{claims(alg='none')}..",
        f"{claims(**usual | {'alg': 'HS256'})}..{rest}",
        f"{claims(**usual | {'b64': True})}..{rest}",
        f"{claims(**usual | {'crit': ['b64', 'exp']})}..{rest}",
        f"{start}.e30.{rest}",
        f"{start}..{rest}=",
        f"{start}..",
    ]
    for signature in forged:
        verdict = ADAPTER.verify(
            request=with_signature(request, signature), secrets=Secrets((jwks,)), now=shop.now
        )
        assert isinstance(verdict, Rejected), signature


def test_a_short_key_is_not_believed_and_a_key_of_another_name_is_not_tried() -> None:
    shop = SaleorShop()
    weak = key_set("weak", bits=1024)
    request = with_signature(shop.sign(b"{}"), signed(body=b"{}", key_set=weak))
    for jwks in (weak, shop.signing[0].replace('"new"', '"renamed"')):
        for each in (request, shop.sign(b"{}")):
            verdict = ADAPTER.verify(request=each, secrets=Secrets((jwks,)), now=shop.now)
            assert isinstance(verdict, Rejected)


def test_a_sample_is_not_signed_by_the_public_half_of_a_key() -> None:
    shop = SaleorShop()
    secrets = Secrets((published(shop.signing[0]),))
    with pytest.raises(ValueError, match="has no p"):
        ADAPTER.sample(scenario="paid", secrets=secrets, settings=shop.settings, now=shop.now)


def parsed(body: Any) -> Any:
    shop = SaleorShop()
    return ADAPTER.parse(request=shop.sign(json.dumps(body).encode()), settings=shop.settings)


def test_a_message_without_a_subscription_asks_for_its_order_too() -> None:
    order = {"type": "Order", "id": global_id("Order", "7"), "meta": {"issued_at": "2026-05-04"}}
    fetch = parsed([order])
    assert isinstance(fetch, Fetch)
    assert fetch.about == "7"
    assert isinstance(parsed([order | {"type": "Product"}]), Ignored)
    assert isinstance(parsed({"giftCard": {"id": "x"}, "issuedAt": "2026-05-04"}), Ignored)


def test_messages_that_cannot_be_told_apart_are_refused_with_what_to_do() -> None:
    with pytest.raises(Malformed, match="let the webhook's subscription ask for it"):
        parsed({"order": {"id": global_id("Order", "7")}})


def resolved(shop: SaleorShop, order: dict[str, Any]) -> Order:
    answer = json_answer({"data": {"order": order}})
    found = ADAPTER.resolve(fetch=Fetch("1", ()), answers=(answer,), settings=shop.settings)
    assert isinstance(found, Facts)
    return found.orders[0]


def event(number: int, kind: str, minor: int, reference: str = "", second: int = 0) -> Any:
    return {
        "id": global_id("TransactionEvent", str(number)),
        "type": kind,
        "pspReference": reference,
        "createdAt": f"2026-05-04T10:00:{second:02}+00:00",
        "amount": {"amount": minor / 100},
    }


def transaction(charged: int, refunded: int, *events: Any) -> dict[str, Any]:
    return {
        "name": "Credit card",
        "chargedAmount": {"amount": charged / 100},
        "refundedAmount": {"amount": refunded / 100},
        "refundPendingAmount": {"amount": 0},
        "events": list(events),
    }


def test_staff_may_grant_less_than_the_lines_cost_and_it_is_theirs_in_proportion() -> None:
    shop = SaleorShop()
    items = [Item("L1", 900, 3), Item("L2", 600), Item("S1", 300, kind="shipping")]
    purchase = shop.buy(items)
    shop.refund(purchase, 900, [("L1", 400, 2), ("L2", 400, 1)])
    (refund,) = resolved(shop, shop.order(purchase)).refunds
    assert refund.amount_micros == 9_000_000
    assert [(p.amount_micros, p.quantity_micros) for p in refund.lines] == [
        (4_500_000, 2_000_000),
        (4_500_000, 1_000_000),
    ]
    shop.refund(purchase, 500, [("S1", 500, 1)])
    refund = resolved(shop, shop.order(purchase)).refunds[1]
    assert refund.amount_micros == 5_000_000
    assert [(p.id, p.amount_micros) for p in refund.lines] == [("shipping", 3_000_000)]


def test_what_was_given_back_in_full_was_paid_all_the_same() -> None:
    shop = SaleorShop()
    purchase = shop.buy([Item("L1", 900)])
    shop.refund(purchase, 900)
    found = resolved(shop, shop.order(purchase))
    assert (found.status, found.tenders[0].amount_micros) == ("paid", 9_000_000)


def test_an_order_is_open_until_all_of_it_is_charged_and_dead_when_it_expires() -> None:
    shop = SaleorShop()
    order = shop.order(shop.buy([Item("L1", 900)]))
    assert resolved(shop, order | {"transactions": [transaction(899, 0)]}).status == "open"
    assert resolved(shop, order | {"status": "DRAFT"}).status == "open"
    assert resolved(shop, order | {"status": "EXPIRED"}).status == "cancelled"


def test_an_app_that_sets_sums_by_hand_makes_refunds_and_takes_them_back() -> None:
    shop = SaleorShop()
    order = shop.order(shop.buy([Item("L1", 900)]))
    told = [event(1, "REFUND_SUCCESS", 200, second=1), event(2, "REFUND_SUCCESS", 300, second=2)]
    order["transactions"] = [transaction(400, 500, *told)]
    refunds = resolved(shop, order).refunds
    assert [(r.id, r.status, r.amount_micros) for r in refunds] == [
        ("1", "succeeded", 2_000_000),
        ("2", "succeeded", 3_000_000),
    ]
    told.append(event(3, "REFUND_SUCCESS", -300, second=3))
    order["transactions"] = [transaction(700, 200, *told)]
    assert [r.status for r in resolved(shop, order).refunds] == ["succeeded", "failed"]
    told.append(event(4, "REFUND_SUCCESS", -100, second=4))
    order["transactions"] = [transaction(800, 100, *told)]
    with pytest.raises(Malformed, match="by another amount"):
        resolved(shop, order)


def test_money_that_a_bank_took_again_is_a_refund() -> None:
    shop = SaleorShop()
    order = shop.order(shop.buy([Item("L1", 900)]))
    order["transactions"] = [transaction(0, 0, event(5, "CHARGE_BACK", 900, "ch_1"))]
    found = resolved(shop, order)
    assert found.status == "paid"
    assert [(r.id, r.amount_micros) for r in found.refunds] == [("chargeback-5", 9_000_000)]


def test_a_failure_before_a_success_does_not_undo_it() -> None:
    shop = SaleorShop()
    order = shop.order(shop.buy([Item("L1", 900)]))
    told = [
        event(1, "REFUND_REQUEST", 200, "re_1", 1),
        event(2, "REFUND_FAILURE", 200, "re_1", 2),
        event(3, "REFUND_SUCCESS", 200, "re_1", 3),
    ]
    order["transactions"] = [transaction(700, 200, *told)]
    assert [(r.id, r.status) for r in resolved(shop, order).refunds] == [("3", "succeeded")]


def test_an_order_of_the_old_payments_is_read_with_its_refunds() -> None:
    shop = SaleorShop()
    order = shop.order(shop.buy([Item("L1", 900)]))
    back = {
        "id": global_id("Transaction", "8"),
        "kind": "REFUND",
        "isSuccess": True,
        "created": "2026-05-04T10:00:00+00:00",
        "amount": {"amount": 2.5},
    }
    payment = {"gateway": "mirumee.payments.dummy", "capturedAmount": {"amount": 6.5}}
    order |= {"transactions": [], "payments": [payment | {"transactions": [back]}]}
    found = resolved(shop, order)
    assert found.status == "paid"
    assert [(r.id, r.amount_micros) for r in found.refunds] == [("payment-8", 2_500_000)]
    order["payments"][0]["transactions"] = [back | {"kind": "REFUND_ONGOING"}]
    assert resolved(shop, order).status == "open"


def test_a_gift_card_for_points_is_a_tender_and_what_comes_back_brings_its_share_along() -> None:
    shop = SaleorShop()
    purchase = shop.buy([Item("L1", 750), Item("L2", 250)], tenders=[("gift_card", 200)])
    shop.refund(purchase, 600, [("L1", 600, 1)])
    order = shop.order(purchase)
    order["giftCards"][0]["tags"].append({"name": "points-hld_1"})
    found = resolved(shop, order)
    assert [line.amount_micros for line in found.lines] == [7_500_000, 2_500_000]
    assert [(t.kind, t.amount_micros, t.redemption) for t in found.tenders] == [
        ("card", 8_000_000, None),
        ("points", 2_000_000, "hld_1"),
    ]
    assert found.refunds[0].amount_micros == found.refunds[0].lines[0].amount_micros == 7_500_000


def test_the_total_of_the_order_settles_what_lines_do_not_show() -> None:
    shop = SaleorShop()
    order = shop.order(shop.buy([Item("L1", 900), Item("L2", 100)]))
    order["total"]["gross"] = {"amount": 9.0}
    found = resolved(shop, order)
    assert [line.amount_micros for line in found.lines] == [8_100_000, 900_000]
    order["total"]["gross"] = {"amount": 10.5}
    order["transactions"] = [transaction(1050, 0)]
    found = resolved(shop, order)
    assert [(x.category, x.amount_micros) for x in found.lines][2:] == [("fee", 500_000)]


def test_a_category_comes_from_the_sku_the_category_or_the_product_type() -> None:
    shop = SaleorShop()
    order = shop.order(shop.buy([Item("L1", 900)]))
    for name in ("L1", "things", "thing"):
        shop.settings = replace(shop.settings, categories={name: "coffee"})
        assert resolved(shop, order).lines[0].category == name


def test_the_members_card_is_in_the_metadata_of_the_order_or_of_its_customer() -> None:
    shop = SaleorShop()
    order = shop.order(shop.buy([Item("L1", 900)]))
    order["user"]["metadata"] = [{"key": "loyalty_card", "value": "C-1"}]
    found = resolved(shop, order).customer
    assert found is not None
    assert (found.id, found.card) == ("77", "C-1")
    order["metadata"] = [{"key": "loyalty_card", "value": "C-2"}]
    found = resolved(shop, order).customer
    assert found is not None
    assert found.card == "C-2"


SPEND = Spend("hld_1", 3_500_000, "EUR", expires_at=datetime(2026, 5, 5, 9, tzinfo=UTC))


def test_a_gift_card_has_a_code_that_saleor_takes_and_ends_after_the_hold() -> None:
    shop = SaleorShop()
    (call,) = ADAPTER.redeem(spend=SPEND, settings=shop.settings)
    card = json.loads(call.body)["variables"]["input"]
    assert 8 <= len(card["code"]) <= 16
    assert card["balance"] == {"amount": "3.50", "currency": "EUR"}
    assert (card["addTags"], card["expiryDate"]) == (["points-hld_1"], "2026-05-06")


def test_a_card_that_has_paid_is_blocked_and_its_undoing_is_a_problem() -> None:
    shop = SaleorShop()
    hub = TinyHub(adapter=ADAPTER, shop=shop)
    result = hub.redeem(SPEND)
    (card,) = shop.cards.values()
    card["currentBalance"] = {"amount": 1.25}
    for _ in range(2):
        undone = hub.undo(SPEND, result)
        assert undone.problem is not None
        assert "was paid" in undone.problem
        assert shop.cards, "a used card is part of an order's facts and stays"
        assert card["isActive"] is False


def test_what_the_token_may_not_see_is_named() -> None:
    shop = SaleorShop()
    errors = [{"message": "…", "extensions": {"exception": {"code": "PermissionDenied"}}}]
    answer = json_answer({"data": {"order": None}, "errors": errors})
    with pytest.raises(NotNow, match="PermissionDenied"):
        ADAPTER.resolve(fetch=Fetch("1", ()), answers=(answer,), settings=shop.settings)
