"""Webhooks are checked as Standard Webhooks says; its own library is the oracle."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from partner_sdk.errors import WebhookInvalid
from partner_sdk.webhooks import sign_webhook, verify_webhook

SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 25))).decode()
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
RAW = json.dumps(
    {"type": "sale.posted", "timestamp": "2026-11-22T09:29:58Z", "data": {"sale": "A1"}}
).encode()


def headers(raw: bytes = RAW, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    """Sign as the library does."""
    signature = Webhook(secret).sign("evt_1", at, raw.decode())
    return {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": signature,
    }


def test_a_delivery_signed_by_the_library_is_accepted() -> None:
    event = verify_webhook(RAW, headers(), secret=SECRET, now=NOW)
    assert (event.id, event.type, event.data) == ("evt_1", "sale.posted", {"sale": "A1"})
    assert event.timestamp == datetime(2026, 11, 22, 9, 29, 58, tzinfo=UTC)


@given(st.dictionaries(st.text(), st.text()))
def test_the_library_accepts_what_we_sign(data: dict[str, str]) -> None:
    raw = json.dumps({"type": "x", "data": data}).encode()
    now = datetime.now(UTC)
    sent = sign_webhook(raw, message_id="evt_2", secret=SECRET, now=now)
    assert Webhook(SECRET).verify(raw, sent)
    assert verify_webhook(raw, sent, secret=SECRET).data == data


def test_one_of_several_signatures_and_secrets_is_enough() -> None:
    sent = headers()
    sent["Webhook-Signature"] = "v2,abc v1a,def v1,AAAA " + sent["Webhook-Signature"]
    verify_webhook(RAW, sent, secret=[OTHER, SECRET], now=NOW)


def test_a_changed_body_id_time_or_secret_is_refused() -> None:
    sent = headers()
    for raw, changed, secret in (
        (RAW + b" ", sent, SECRET),
        (RAW, {**sent, "Webhook-Id": "evt_2"}, SECRET),
        (RAW, {**sent, "Webhook-Timestamp": str(int(NOW.timestamp()) + 1)}, SECRET),
        (RAW, {**sent, "Webhook-Signature": "v1,"}, SECRET),
        (RAW, {**sent, "Webhook-Signature": "v1,é"}, SECRET),
        (RAW, {**sent, "Webhook-Signature": ""}, SECRET),
        (RAW, sent, OTHER),
    ):
        with pytest.raises(WebhookInvalid, match="no signature fits"):
            verify_webhook(raw, changed, secret=secret, now=NOW)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_a_missing_header_is_refused(name: str) -> None:
    sent = headers()
    del sent[name]
    with pytest.raises(WebhookInvalid, match="is missing"):
        verify_webhook(RAW, sent, secret=SECRET, now=NOW)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_delivery_out_of_its_time_is_refused(seconds: int) -> None:
    with pytest.raises(WebhookInvalid, match="clock"):
        verify_webhook(RAW, headers(), secret=SECRET, now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("stamp", ["", "x", "-5", "1.5", "٣", "9" * 40])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    with pytest.raises(WebhookInvalid, match="webhook-timestamp"):
        verify_webhook(RAW, {**headers(), "Webhook-Timestamp": stamp}, secret=SECRET, now=NOW)


@pytest.mark.parametrize("raw", [b"[]", b"{}", b'{"type":"x"}', b"not json", b'"x"'])
def test_a_signed_body_that_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(WebhookInvalid, match="not an event"):
        verify_webhook(raw, headers(raw), secret=SECRET, now=NOW)


@pytest.mark.parametrize("secret", ["whsec_", "", "whsec_???"])
def test_a_secret_that_is_none_is_the_callers_mistake(secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        verify_webhook(RAW, headers(), secret=secret, now=NOW)
