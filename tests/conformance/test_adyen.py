"""Adyen, by the kit, by Adyen's own library and by what Adyen once sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from Adyen.util import generate_notification_sig, is_valid_hmac_notification

from adapters.absent import NotOffered
from adapters.adyen import ADAPTER, item_signature
from adapters.conformance import AdapterSuite
from adapters.contract import Headers, Ignored, Part, Parts, Rejected, Secrets, Spend, Verified
from adapters.testing.adyen import AdyenShop
from adapters.testing.shop import Item
from tests.conformance.recorded import recorded

#: Adyen's own published example (Adyen/adyen-python-api-library, test/UtilTest.py).
VECTOR_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
VECTOR = {
    "pspReference": "7914073381342284",
    "merchantAccountCode": "TestMerchant",
    "merchantReference": "TestPayment-1407325143704",
    "amount": {"value": 1130, "currency": "EUR"},
    "eventCode": "AUTHORISATION",
    "success": "true",
}
VECTOR_SIGNATURE = "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="


class TestAdyen(AdapterSuite):
    adapter = ADAPTER
    shop = AdyenShop


def items_of(body: bytes) -> list[dict[str, Any]]:
    items = json.loads(body)["notificationItems"]
    return [each["NotificationRequestItem"] for each in items]


def test_the_published_example_is_signed_alike() -> None:
    assert item_signature(VECTOR, VECTOR_KEY) == VECTOR_SIGNATURE
    assert generate_notification_sig(VECTOR, VECTOR_KEY).decode() == VECTOR_SIGNATURE


def test_adyens_library_takes_what_the_adapter_signs_and_refuses_it_tampered_with() -> None:
    shop = AdyenShop()
    for scenario in ADAPTER.manifest.scenarios:
        for request in ADAPTER.sample(
            scenario=scenario, secrets=shop.secrets, settings=shop.settings, now=shop.now
        ):
            message = json.loads(request.body)
            assert is_valid_hmac_notification(message, shop.signing[0])
            message["notificationItems"][0]["NotificationRequestItem"]["amount"]["value"] += 1
            assert not is_valid_hmac_notification(message, shop.signing[0])
            tampered = replace(request, body=json.dumps(message).encode())
            verdict = ADAPTER.verify(request=tampered, secrets=shop.secrets, now=shop.now)
            assert isinstance(verdict, Rejected)


def test_what_adyens_library_signs_is_taken() -> None:
    shop = AdyenShop()
    item: dict[str, Any] = VECTOR | {"originalReference": "1", "merchantReference": "ä:b\\c"}
    signature = generate_notification_sig(item, shop.signing[0]).decode()
    item["additionalData"] = {"hmacSignature": signature}
    body = json.dumps({"notificationItems": [{"NotificationRequestItem": item}]}).encode()
    request = replace(shop.message([VECTOR]), body=body)
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)


def test_a_forged_second_item_is_refused_though_adyens_library_takes_it() -> None:
    shop = AdyenShop()
    shop.buy([Item("L1", 1000)])
    shop.buy([Item("L1", 9000)])
    forged = shop.forged_batch([message.request for message in shop.sent])
    assert is_valid_hmac_notification(json.loads(forged.body), shop.signing[0])
    verdict = ADAPTER.verify(request=forged, secrets=shop.secrets, now=shop.now)
    assert isinstance(verdict, Rejected)


def test_one_signature_says_one_thing() -> None:
    """Fields are joined by colons: a colon in another field could move the borders."""
    shop = AdyenShop()
    shop.buy([Item("L1", 1000)])
    (item,) = items_of(shop.sent[0].request.body)
    item |= {"merchantAccountCode": "ShopECOM:order", "merchantReference": "1"}
    item["pspReference"] = "PSP1"
    body = json.dumps({"notificationItems": [{"NotificationRequestItem": item}]}).encode()
    assert is_valid_hmac_notification(json.loads(body), shop.signing[0])
    request = replace(shop.sent[0].request, body=body)
    verdict = ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now)
    assert isinstance(verdict, Rejected)


def test_basic_authentication_is_asked_for_where_it_is_set() -> None:
    shop = AdyenShop()
    shop.secrets = Secrets(shop.secrets.signing, {"basic_auth": "adyen:correct horse"})
    shop.buy([Item("L1", 1000)])
    request = shop.sent[0].request
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)
    without = replace(request, headers=Headers({}))
    verdict = ADAPTER.verify(request=without, secrets=shop.secrets, now=shop.now)
    assert isinstance(verdict, Rejected)


def signed_anew(name: str, member: str | None) -> Any:
    shop = AdyenShop()
    items = items_of(recorded(name, member))
    request = shop.message(items)
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)
    return ADAPTER.parse(request=request, settings=shop.settings)


def test_the_recorded_authorisation_is_a_sale() -> None:
    parsed = signed_anew("adyen/webhook_AUTHORISATION.json", "body")
    assert isinstance(parsed, Parts)
    hub = TestAdyen().new_hub(AdyenShop())
    hub.take(parsed)
    (sale,) = hub.sales.values()
    assert (sale.id, sale.lines[0].amount.micros) == ("NGAO2BVQFXJ7XZDP", 101_000_000)
    assert sale.occurred_at.isoformat() == "2023-03-08T09:45:05+00:00"


@pytest.mark.parametrize("name", ["CANCELLATION", "CAPTURE"])
def test_the_recorded_changes_without_a_payment_are_refused_with_a_reason(name: str) -> None:
    parsed = signed_anew(f"adyen/webhook_{name}.json", "body")
    assert isinstance(parsed, Ignored)
    assert "originalReference" in parsed.reason


def test_the_recorded_refund_that_was_not_possible_takes_nothing() -> None:
    parsed = signed_anew("adyen/spec_REFUND.json", None)
    shop = AdyenShop()
    hub = TestAdyen().new_hub(shop)
    hub.take(parsed)
    assert hub.sales == {}
    payment = VECTOR | {"pspReference": "9913140798220028", "eventDate": "2021-01-01T00:00:00Z"}
    hub.read(shop.message([payment]))
    (sale,) = hub.sales.values()
    assert [refund.status for refund in sale.refunds] == ["failed"]
    assert hub.points(sale.id) == 11


def test_captures_by_hand_add_up_and_one_that_failed_is_taken_out() -> None:
    shop = AdyenShop()
    shop.settings = replace(shop.settings, options={"capture": "manual"})
    purchase = shop.buy([Item("L1", 3000)])
    hub = TestAdyen().heard(shop)
    assert hub.sales == {}
    for psp, minor in (("CA", 1000), ("CB", 500)):
        hub.read(shop.message([shop.item(purchase, "CAPTURE", psp=psp, minor=minor)]))
    assert hub.points(shop.order_id(purchase)) == 15
    hub.read(shop.message([shop.item(purchase, "CAPTURE_FAILED", psp="CB", minor=500)]))
    assert hub.points(shop.order_id(purchase)) == 10


def test_a_payment_by_gift_card_earns_nothing() -> None:
    shop = AdyenShop()
    purchase = shop.buy([Item("L1", 3000)])
    hub = TestAdyen().new_hub(shop)
    hub.read(shop.message([shop.item(purchase, "AUTHORISATION") | {"paymentMethod": "givex"}]))
    assert hub.points(shop.order_id(purchase)) == 0


@pytest.mark.parametrize(
    ("currency", "value"), [("CLP", 1000), ("CVE", 10), ("IDR", 10), ("ISK", 1000)]
)
def test_adyens_own_minor_units_are_known(currency: str, value: int) -> None:
    shop = AdyenShop(currency=currency)
    shop.buy([Item("L1", value)])
    (order,) = TestAdyen().heard(shop).orders.values()
    assert order.lines[0].amount_micros == 10_000_000


def test_what_adyen_does_not_offer_tells_the_manifests_reason() -> None:
    shop = AdyenShop()
    with pytest.raises(NotOffered, match="spend by the hub's API"):
        ADAPTER.redeem(spend=Spend("hld_1", 1, "EUR"), settings=shop.settings)
    with pytest.raises(NotOffered, match="30 days"):
        ADAPTER.poll(since=shop.now, until=shop.now, cursor=None, settings=shop.settings)


def test_parts_hold_values_that_a_database_keeps() -> None:
    shop = AdyenShop()
    shop.buy([Item("L1", 3000)])
    parsed = ADAPTER.parse(request=shop.sent[0].request, settings=shop.settings)
    assert isinstance(parsed, Parts)
    (part,) = parsed.parts
    assert Part(part.about, part.key, json.loads(json.dumps(dict(part.says)))) == part
