"""Stripe, by the kit, by Stripe's own library and by what Stripe once sent."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from adapters.conformance import AdapterSuite
from adapters.contract import Headers, Ignored, Rejected, Request, Settings, Verified
from adapters.stripe import ADAPTER
from adapters.testing.shop import Item
from adapters.testing.stripe import StripeShop
from tests.conformance.recorded import recorded


class TestStripe(AdapterSuite):
    adapter = ADAPTER
    shop = StripeShop


def signed_by_vendor(body: bytes, secret: str, at: datetime) -> Request:
    value = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, timestamp=int(at.timestamp())
    )
    return Request(
        "POST", "https://hub.example/hooks/con_1", Headers({"stripe-signature": value}), body
    )


def test_what_stripes_library_signs_is_taken_and_what_is_tampered_with_is_not() -> None:
    shop = StripeShop()
    body = '{"id":"evt_1","type":"x","name":"Ünï"}'.encode()
    request = signed_by_vendor(body, shop.signing[0], shop.now)
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)
    tampered = replace(request, body=body.replace(b"evt_1", b"evt_2"))
    verdict = ADAPTER.verify(request=tampered, secrets=shop.secrets, now=shop.now)
    assert isinstance(verdict, Rejected)
    assert verdict.reason == "signature_wrong"


def test_stripes_library_takes_what_the_adapter_signs_and_refuses_it_tampered_with() -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    shop = StripeShop(now=now)
    for scenario in ADAPTER.manifest.scenarios:
        for request in ADAPTER.sample(
            scenario=scenario, secrets=shop.secrets, settings=shop.settings, now=now
        ):
            header = request.headers["stripe-signature"]
            event = stripe.Webhook.construct_event(request.body, header, shop.signing[0])
            assert event["type"]
            with pytest.raises(stripe.SignatureVerificationError):
                stripe.Webhook.construct_event(request.body + b" ", header, shop.signing[0])


def test_the_future_is_refused_though_stripes_library_takes_it() -> None:
    now = datetime.fromtimestamp(int(time.time()), UTC)
    shop = StripeShop(now=now)
    request = signed_by_vendor(b'{"id":"evt_1"}', shop.signing[0], now + timedelta(hours=1))
    stripe.Webhook.construct_event(
        request.body, request.headers["stripe-signature"], shop.signing[0]
    )
    verdict = ADAPTER.verify(request=request, secrets=shop.secrets, now=now)
    assert isinstance(verdict, Rejected)
    assert verdict.reason == "from_the_future"


def test_the_recorded_session_of_a_subscription_is_refused_with_a_reason() -> None:
    body = recorded("stripe/webhook_checkout.session.completed.json", "body")
    shop = StripeShop()
    request = signed_by_vendor(body, shop.signing[0], shop.now)
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)
    parsed = ADAPTER.parse(request=request, settings=shop.settings)
    assert isinstance(parsed, Ignored)
    assert "invoice" in parsed.reason


@pytest.mark.parametrize(
    ("currency", "minor", "micros"),
    [("ISK", 1000, 10_000_000), ("UGX", 1000, 10_000_000), ("MGA", 10, 10_000_000)],
)
def test_stripes_own_minor_units_are_known(currency: str, minor: int, micros: int) -> None:
    shop = StripeShop(currency=currency)
    shop.buy([Item("L1", minor)])
    suite = TestStripe()
    (order,) = suite.heard(shop).orders.values()
    assert order.lines[0].amount_micros == micros


def test_a_product_that_is_mapped_has_the_mapped_category() -> None:
    shop = StripeShop()
    shop.settings = Settings("EUR", "Europe/Kyiv", categories={"prod_L1": "fuel"})
    shop.buy([Item("L1", 1000), Item("L2", 500)])
    (sale,) = TestStripe().heard(shop).sales.values()
    assert [line.category for line in sale.lines] == ["fuel", "goods"]


def test_a_session_that_was_free_without_points_is_nothing() -> None:
    shop = StripeShop()
    shop.buy([Item("L1", 0, discount=900)])
    hub = TestStripe().heard(shop)
    assert not hub.orders
    assert hub.ignored == ["nothing was to pay, and points paid nothing"]
