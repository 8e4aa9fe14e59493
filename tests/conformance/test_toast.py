"""Toast, by the kit: as its tills ask, and as its webhook tells."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from adapters.conformance import AdapterSuite
from adapters.conformance.hub import TinyHub
from adapters.contract import (
    Facts,
    Headers,
    Ignored,
    Malformed,
    Order,
    Outcome,
    Question,
    Rejected,
    Request,
    Secrets,
    Verified,
)
from adapters.testing.shop import START, URL, Item
from adapters.testing.toast import RESTAURANT, ToastOrders, ToastShop, public_key
from adapters.toast import ADAPTER
from adapters.toast.token import pem_of
from tests.conformance.recorded import FOLDER

#: RFC 7515, appendix A.2: a token by RS256 and the modulus of its key.
RFC_TOKEN = (
    "eyJhbGciOiJSUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn"
    "VlfQ"
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L"
    "07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUi"
    "pUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
)
RFC_MODULUS = (
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4"
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdb"
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-D"
    "WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
)
ANN = "card-0077"


class TestToast(AdapterSuite):
    adapter = ADAPTER
    shop = ToastShop


class TestToastOrders(AdapterSuite):
    adapter = ADAPTER
    shop = ToastOrders


def verdict_on(token: str, *secrets: str, at: datetime = START) -> Verified | Rejected:
    request = Request("POST", URL, Headers({"Authorization": token}), b"{}")
    return ADAPTER.verify(request=request, secrets=Secrets(secrets), now=at)


def public_pem(key: Any) -> str:
    found: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found.decode()


# Tokens, by others than the adapter.


def test_the_standards_own_token_is_taken_and_refused_with_any_character_changed() -> None:
    modulus = int.from_bytes(base64.urlsafe_b64decode(RFC_MODULUS + "=="))
    pem = public_pem(RSAPublicNumbers(65537, modulus).public_key())
    day = datetime(2011, 3, 22, tzinfo=UTC)
    assert isinstance(verdict_on(RFC_TOKEN, pem, at=day), Verified)
    stale = verdict_on(RFC_TOKEN, pem, at=day.replace(day=23))
    assert isinstance(stale, Rejected)
    assert stale.reason == "stale"
    for place, letter in enumerate(RFC_TOKEN):
        changed = RFC_TOKEN[:place] + ("A" if letter != "A" else "B") + RFC_TOKEN[place + 1 :]
        assert isinstance(verdict_on(changed, pem, at=day), Rejected), place


def openssl(*arguments: str, said: bytes) -> bytes:
    done = subprocess.run(["openssl", *arguments], input=said, capture_output=True, check=False)
    return done.stdout


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """The shop's newest key, as files for openssl."""
    assert shutil.which("openssl"), "openssl judges the signatures"
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.write_bytes(pem_of(ToastShop.signing[0]))
    public.write_text(public_key(ToastShop.signing[0]))
    return private, public


def test_openssl_takes_the_tokens_of_the_samples_and_refuses_them_tampered_with(
    keys: tuple[Path, Path], tmp_path: Path
) -> None:
    shop = ToastShop()
    (request,) = ADAPTER.sample(
        scenario="inquire", secrets=shop.secrets, settings=shop.settings, now=shop.now
    )
    signed, _, signature = request.headers["Authorization"].rpartition(".")
    proof = tmp_path / "signature"
    proof.write_bytes(base64.urlsafe_b64decode(signature + "=="))
    judge = ("dgst", "-sha256", "-verify", str(keys[1]), "-signature", str(proof))
    assert openssl(*judge, said=signed.encode()) == b"Verified OK\n"
    tampered = signed[:-1] + ("A" if signed[-1] != "A" else "B")
    assert b"OK" not in openssl(*judge, said=tampered.encode())
    verdict = verdict_on(f"{tampered}.{signature}", public_key(shop.signing[0]))
    assert isinstance(verdict, Rejected)


def test_a_token_that_openssl_signed_is_taken_with_the_public_key_alone(
    keys: tuple[Path, Path],
) -> None:
    at = int(ToastShop().now.timestamp())
    parts = ({"alg": "RS256", "kid": "x"}, {"exp": at + 60, "nbf": at, "iat": at})
    encoded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in parts]
    signed = b".".join(encoded)
    made = openssl("dgst", "-sha256", "-sign", str(keys[0]), said=signed)
    token = b".".join([signed, base64.urlsafe_b64encode(made).rstrip(b"=")]).decode()
    public = public_key(ToastShop.signing[0])
    for given in (token, f"Bearer {token}", f"bearer  {token}"):
        assert isinstance(verdict_on(given, public), Verified)
    for padded in (f"{token}==", f"{token}.", f".{token}", token.replace(".", " .", 1)):
        assert isinstance(verdict_on(padded, public), Rejected)
    assert isinstance(verdict_on(token, public_key(ToastShop.signing[1])), Rejected)


def test_a_key_may_be_written_in_one_line() -> None:
    shop = ToastShop()
    shop.buy([Item("L1", 100)])
    token = shop.sent[0].request.headers["Authorization"]
    pem = public_key(shop.signing[0])
    for written in (pem, pem.strip(), pem.replace("\n", "\\n"), pem.replace("\n", " ")):
        assert pem_of(written) == pem.encode()
        verdict = ADAPTER.verify(
            request=shop.sent[0].request, secrets=Secrets((written,), shop.extra), now=shop.now
        )
        assert isinstance(verdict, Verified)
        assert isinstance(verdict_on(token[:-4], written), Rejected)


def test_a_short_key_or_one_of_another_kind_opens_nothing() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = short.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    shop = ToastShop()
    shop.secrets = Secrets((pem,))
    shop.buy([Item("L1", 100)])
    token = shop.sent[0].request.headers["Authorization"]
    curve = public_pem(ec.generate_private_key(ec.SECP256R1()).public_key())
    broken = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"
    for secret in (pem, public_key(pem), curve, broken):
        assert isinstance(verdict_on(token, secret), Rejected)


def test_a_secret_is_good_for_one_thing_only() -> None:
    public = public_key(ToastShop.signing[0])
    assert isinstance(verdict_on(public.replace("\n", ""), public), Rejected)
    assert isinstance(verdict_on(public, public), Rejected)
    assert isinstance(verdict_on("static-key-1", "static-key-1"), Verified)
    assert isinstance(verdict_on("Bearer static-key-1", public, "static-key-1"), Verified)
    for given in ("webhook:secret-1", "secret-1", ""):
        assert isinstance(verdict_on(given, "webhook:secret-1"), Rejected)
    shop = ToastOrders()
    shop.secrets = Secrets(("webhook:static-key-1",))
    shop.buy([Item("L1", 100)])
    signed_by_key = shop.sent[0].request
    verdict = ADAPTER.verify(
        request=signed_by_key, secrets=Secrets(("static-key-1",)), now=shop.now
    )
    assert isinstance(verdict, Rejected), "an API key, which is sent in the open, signs webhooks"


def test_openssl_signs_webhooks_alike() -> None:
    shop = ToastOrders()
    shop.buy([Item("L1", 1250)])
    request = shop.sent[0].request
    signed = request.body + json.loads(request.body)["timestamp"].encode()
    secret = shop.signing[0].removeprefix("webhook:")
    made = openssl("dgst", "-sha256", "-hmac", secret, "-binary", said=signed)
    assert request.headers["Toast-Signature"] == base64.b64encode(made).decode()


def test_nobody_signs_with_a_public_key() -> None:
    shop = ToastShop()
    secrets = Secrets((public_key(shop.signing[0]),))
    with pytest.raises(ValueError, match="private key or an API key"):
        ADAPTER.sample(scenario="paid", secrets=secrets, settings=shop.settings, now=shop.now)


# Checks.


def read(check: dict[str, Any], shop: ToastShop | None = None) -> Order:
    """A check as an accrual states it, its numbers as they are written."""
    shop = shop or ToastShop()
    purchase = shop.buy([Item("L1", 100)], customer=ANN)
    whole = shop.check(purchase) | ({"totalAmount": check["amount"]} | check)
    said = {"loyaltyIdentifier": ANN, "check": whole, "redemptions": []}
    body = json.dumps({"checkTransactionInformation": said}).encode()
    parsed = ADAPTER.parse(request=replace(shop.sent[0].request, body=body), settings=shop.settings)
    assert isinstance(parsed, Question)
    assert parsed.order is not None
    return parsed.order


def item(name: str, price: float, tax: float = 0.0, **more: Any) -> dict[str, Any]:
    return {"guid": name, "price": price, "tax": tax, "quantity": 1.0, **more}


def paid(amount: float, **more: Any) -> dict[str, Any]:
    return {
        "guid": "p",
        "type": "CREDIT",
        "amount": amount,
        "tipAmount": 0,
        "paymentStatus": "CAPTURED",
        "refundStatus": "NONE",
        **more,
    }


def sums(order: Order) -> dict[str, int]:
    return {line.id: line.amount_micros for line in order.lines}


def test_taxes_with_more_digits_than_a_cent_has_add_up_to_the_checks_total() -> None:
    order = read(
        {
            "selections": [item("a", 87.92, 5.49612811), item("b", 9.5, 0.59387189)],
            "amount": 97.42,
            "taxAmount": 6.09,
            "totalAmount": 103.51,
            "payments": [paid(103.51)],
        }
    )
    assert sums(order) == {"a": 93_416_128, "b": 10_093_872}
    assert sum(sums(order).values()) == 103_510_000


def test_what_a_float_left_over_is_rounded_and_never_a_reason_to_refuse() -> None:
    order = read(
        {
            "selections": [item("a", 0.30000000000000004, 0.1 + 0.7, quantity=1 / 3)],
            "amount": 0.1 + 0.2,
            "totalAmount": 1.1,
            "payments": [paid(1.1)],
        }
    )
    assert sums(order) == {"a": 1_100_000}
    assert order.lines[0].quantity_micros == 333_000


def test_what_points_paid_is_a_tender_and_no_discount() -> None:
    def discount(amount: float, state: str, offer: str = "points-all") -> dict[str, Any]:
        details = {"vendor": "INTEGRATION", "referenceId": offer}
        return {"discountAmount": amount, "processingState": state, "loyaltyDetails": details}

    order = read(
        {
            "selections": [
                item("a", 6.0),
                item("b", 1.0, appliedDiscounts=[discount(2, "APPLIED")]),
            ],
            "appliedDiscounts": [
                discount(3, "PENDING_APPLIED"),
                discount(9, "VOID"),
                discount(4, "APPLIED", offer="birthday"),
                {"discountAmount": 1, "loyaltyDetails": None},
            ],
            "amount": 7.0,
            "totalAmount": 7.0,
            "payments": [paid(7.0)],
        }
    )
    assert sum(sums(order).values()) == 12_000_000
    assert {t.kind: t.amount_micros for t in order.tenders} == {
        "card": 7_000_000,
        "points": 5_000_000,
    }
    assert sums(order) == {"a": 8_571_429, "b": 3_428_571}


def test_modifiers_that_are_not_in_the_price_are_found_and_what_is_unknown_is_refused() -> None:
    whole = {"payments": [paid(12.0)], "amount": 12.0, "totalAmount": 12.0}
    extra = [{"guid": "m", "price": 2.0}, {"guid": "v", "price": 9.0, "voided": True}]
    assert sums(read({**whole, "selections": [item("a", 10.0, modifiers=extra)]})) == {
        "a": 12_000_000
    }
    with pytest.raises(Malformed, match="do not add up"):
        read({**whole, "selections": [item("a", 10.0)]})
    near = read({**whole, "selections": [item("a", 4.0), item("b", 7.99)]})
    assert sums(near) == {"a": 4_000_000, "b": 8_000_000}


def test_what_is_no_meal_is_told_apart() -> None:
    order = read(
        {
            "selections": [
                item("meal", 10.0),
                item("card", 25.0, selectionType="TOAST_CARD_SELL"),
                item("later", 5.0, deferred=True),
                item("gone", 99.0, voided=True),
            ],
            "appliedServiceCharges": [
                {"guid": "g", "chargeAmount": 2.0, "gratuity": True},
                {"guid": "f", "chargeAmount": 1.0, "serviceChargeCategory": "FUNDRAISING_CAMPAIGN"},
                {"guid": "d", "chargeAmount": 4.0, "delivery": True},
                {"guid": "s", "chargeAmount": 3.0, "delivery": True, "dineIn": True},
            ],
            "amount": 50.0,
            "totalAmount": 50.0,
            "payments": [paid(50.0, tipAmount=6.0)],
        }
    )
    assert {line.id: line.category for line in order.lines} == {
        "meal": "goods",
        "card": "gift_card",
        "later": "gift_card",
        "g": "tip",
        "f": "tip",
        "d": "shipping",
        "s": "fee",
        "tip": "tip",
    }


def test_only_payments_that_stand_pay() -> None:
    payments = [
        paid(60.0, guid="a"),
        paid(60.0, guid="b", paymentStatus="DENIED"),
        paid(60.0, guid="c", voidInfo={"voidDate": "2026-05-04T09:30:00.000+0000"}),
        paid(40.0, guid="d", type="OTHER", otherPayment={"guid": "vouchers"}),
    ]
    shop = ToastShop()
    shop.settings = replace(shop.settings, tenders={"vouchers": "store_credit"})
    order = read({"selections": [item("a", 100.0)], "amount": 100.0, "payments": payments}, shop)
    assert {t.kind: t.amount_micros for t in order.tenders} == {
        "card": 60_000_000,
        "store_credit": 40_000_000,
    }


def test_a_tip_that_is_refunded_lowers_the_tip_and_no_line() -> None:
    refund = {"refundAmount": 0, "tipRefundAmount": 2.5}
    payment = paid(10.0, tipAmount=4.0, refundStatus="PARTIAL", refund=refund)
    order = read({"selections": [item("a", 10.0)], "amount": 10.0, "payments": [payment]})
    assert sums(order) == {"a": 10_000_000, "tip": 1_500_000}


def test_two_lines_of_one_guid_are_refused() -> None:
    with pytest.raises(Malformed, match="one guid"):
        read({"selections": [item("a", 1.0), item("a", 1.0)], "amount": 2.0})


def test_a_check_without_lines_is_stated_as_nothing() -> None:
    order = read({"selections": [], "amount": 0, "totalAmount": 0, "payments": []})
    assert sums(order) == {"check": 0}


# Questions.


def till() -> tuple[ToastShop, TinyHub]:
    made = TestToast().till()
    assert isinstance(made[0], ToastShop)
    return made[0], made[1]


def changed(request: Request, change: Any) -> Request:
    body = json.loads(request.body)
    change(body)
    return replace(request, body=json.dumps(body).encode())


def told(hub: TinyHub, request: Request) -> tuple[int, dict[str, Any]]:
    reply = hub.answer(request, hub.shop.now)
    return reply.status, json.loads(reply.body)


def test_what_was_redeemed_before_is_not_spent_again() -> None:
    shop, hub = till()
    purchase = shop.buy([Item("L1", 2000)])
    request = shop.redeem(key="k1", member=ANN, purchase=purchase, offers=(300, 500))

    def processed(body: dict[str, Any]) -> None:
        block = body["checkTransactionInformation"]
        guid = block["redemptions"][0]["appliedDiscountGuid"]
        block["check"]["appliedDiscounts"] = [{"guid": guid, "processingState": "APPLIED"}]

    heard = shop.heard(hub.answer(changed(request, processed), shop.now), request)
    assert heard.applied == (300, 500)
    assert hub.desk.members[ANN] == 500, "what was paid before is paid again"


def test_an_offer_of_somebody_else_is_rejected_and_nothing_is_spent() -> None:
    shop, hub = till()
    purchase = shop.buy([Item("L1", 2000)])
    request = shop.redeem(key="k1", member=ANN, purchase=purchase, offers=(300, 500))

    def foreign(body: dict[str, Any]) -> None:
        body["checkTransactionInformation"]["redemptions"][1]["identifier"] = "birthday"

    heard = shop.heard(hub.answer(changed(request, foreign), shop.now), request)
    assert (heard.applied, heard.rejected) == ((), (300, 500))
    assert hub.desk.members[ANN] == 1000


def test_a_restaurant_that_the_connection_does_not_name_gets_nothing() -> None:
    shop, hub = till()
    request = shop.inquire(key="k1", member=ANN, purchase=shop.buy([Item("L1", 100)]))
    for named in ("", "another", f"another,{RESTAURANT.upper()}"):
        hub.settings = replace(shop.settings, options={"restaurants": named})
        status, body = told(hub, request)
        known = RESTAURANT.upper() in named
        assert status == (200 if known else 400)
        assert body["transactionStatus"] == ("ACCEPT" if known else "ERROR_INVALID_RESTAURANT")


def test_each_refusal_has_the_status_that_toast_asks_for() -> None:
    shop, hub = till()
    purchase = shop.buy([Item("L1", 100)])
    inquire = shop.inquire(key="k1", member=ANN, purchase=purchase)
    search = shop.search(key="k2")
    assert told(hub, search) == (404, {"transactionStatus": "ERROR_ACCOUNT_INVALID"})
    accrue = shop.accrue(key="k3", member=ANN, purchase=purchase)
    wrong = "ERROR_INVALID_INPUT_PROPERTIES"
    for request in (
        replace(inquire, body=b"{"),
        changed(inquire, lambda body: body.update(toastTransactionType="LOYALTY_ACCRUE")),
        changed(inquire, lambda body: body.update(checkTransactionInformation=None)),
        changed(inquire, lambda body: body["checkTransactionInformation"].pop("loyaltyIdentifier")),
        changed(accrue, lambda body: body["checkTransactionInformation"]["check"].pop("guid")),
    ):
        assert told(hub, request) == (400, {"transactionStatus": wrong})
    for name in ("Toast-Transaction-Type", "Authorization"):
        fields = {n: v for n, v in inquire.headers.items() if n != name.lower()}
        status, body = told(hub, replace(inquire, headers=Headers(fields)))
        kind = "TOAST_TRANSACTION_TYPE" if name != "Authorization" else "TOKEN"
        assert (status, body) == (400, {"transactionStatus": f"ERROR_INVALID_{kind}"})
    told(hub, accrue)
    redeem = shop.redeem(key="k3", member=ANN, purchase=purchase, offers=(10,))
    assert told(hub, redeem) == (400, {"transactionStatus": wrong}), "one key is two things"


def test_a_signup_and_a_transfer_are_not_offered() -> None:
    shop, hub = till()
    for kind in ("LOYALTY_SIGNUP", "LOYALTY_TRANSFER", "LOYALTY_VALIDATE"):
        request = shop.other(key="k1", member=ANN)
        fields = dict(request.headers.items()) | {"toast-transaction-type": kind}
        asked = replace(request, headers=Headers(fields))
        parsed = ADAPTER.parse(request=asked, settings=shop.settings)
        assert isinstance(parsed, Ignored)
        assert kind in parsed.reason
        unknown = {"transactionStatus": "ERROR_INVALID_TOAST_TRANSACTION_TYPE"}
        assert told(hub, asked) == (400, unknown)


def test_a_redemption_that_the_hub_forbids_is_rejected_with_another_word() -> None:
    shop, _ = till()
    request = shop.redeem(
        key="k1", member=ANN, purchase=shop.buy([Item("L1", 2000)]), offers=(300,)
    )
    messages = []
    for problem in ("insufficient_points", "member_blocked"):
        reply = ADAPTER.ack(
            request=request, outcome=Outcome("answered", problem), settings=shop.settings
        )
        assert shop.heard(reply, request).rejected == (300,)
        said = json.loads(reply.body)["checkResponse"]["rejectedRedemptions"]
        messages.append(said[0]["message"])
    assert len(set(messages)) == 2


def test_offers_are_the_sums_of_the_connection_and_all_that_is_possible() -> None:
    shop, hub = till()
    hub.desk.members[ANN] = 777
    request = shop.inquire(key="k1", member=ANN, purchase=shop.buy([Item("L1", 2000)]))
    for sums_named, names in (
        ("5 10", ["points-5", "points-all"]),
        ("2.5 x", ["points-2.5", "points-all"]),
    ):
        options = {"restaurants": RESTAURANT, "offers": sums_named}
        hub.settings = replace(shop.settings, options=options)
        offers = told(hub, request)[1]["checkResponse"]["offers"]
        assert [each["identifier"] for each in offers] == names
    assert offers[0] | {"name": ""} == {
        "identifier": "points-2.5",
        "name": "",
        "applicable": True,
        "selectionType": "CHECK",
        "amount": 2.5,
        "quantity": 3,
    }
    assert offers[1]["amount"] == 7.77


def test_the_numbers_of_an_offer_come_back_with_the_digits_they_came_with() -> None:
    shop, hub = till()
    request = shop.inquire(
        key="k1", member=ANN, purchase=shop.buy([Item("L1", 2000)]), offers=(301,)
    )
    odd = replace(request, body=request.body.replace(b'"amount": 3.01,', b'"amount": 3.010000000,'))
    assert odd.body != request.body
    reply = hub.answer(odd, shop.now)
    said = json.loads(reply.body, parse_float=Decimal)["checkResponse"]["appliedRedemptions"]
    assert str(said[0]["amount"]) == "3.010000000"


def test_a_part_that_is_reversed_may_name_several_offers() -> None:
    shop, hub = till()
    purchase = shop.buy([Item("L1", 2000)])
    hub.answer(shop.redeem(key="k1", member=ANN, purchase=purchase, offers=(300, 500)), shop.now)
    request = shop.reverse(key="k2", member=ANN, reverses="k1", minor=100)

    def twice(body: dict[str, Any]) -> None:
        block = body["reverseTransactionInformation"]
        block["redemptions"] = block["redemptions"] * 2

    assert told(hub, changed(request, twice))[0] == 200
    assert hub.desk.members[ANN] == 400


# Webhooks.


def event_of(shop: ToastOrders, **order: Any) -> Request:
    """A webhook with an order changed, signed anew."""
    body = json.loads(shop.sent[-1].request.body)
    body["details"]["order"] |= order
    return shop.sign(json.dumps(body).encode())


def orders_of(request: Request, shop: ToastShop) -> tuple[Order, ...]:
    parsed = ADAPTER.parse(request=request, settings=shop.settings)
    assert isinstance(parsed, Facts), parsed
    return parsed.orders


def test_a_webhook_and_an_accrual_say_the_same_of_a_check() -> None:
    shop = ToastOrders()
    purchase = shop.buy([Item("L1", 1000, tax=80), Item("T1", 200, kind="tip")], customer=ANN)
    shop.refund(purchase, 300)
    (by_webhook,) = orders_of(shop.sent[-1].request, shop)
    asked = ADAPTER.parse(
        request=shop.accrue(key="k1", member=ANN, purchase=purchase), settings=shop.settings
    )
    assert isinstance(asked, Question)
    assert asked.order == by_webhook


def test_an_order_that_is_void_takes_all_its_checks_with_it() -> None:
    shop = ToastOrders()
    purchase = shop.buy([Item("L1", 1000)])
    for change in ({"voided": True}, {"deleted": True}):
        checks = [shop.check(purchase), shop.check(purchase) | {"guid": "second"}]
        found = orders_of(event_of(shop, checks=checks, **change), shop)
        assert [order.status for order in found] == ["cancelled", "cancelled"]


def test_a_check_that_is_open_is_not_stated_until_it_is_paid() -> None:
    shop = ToastOrders()
    purchase = shop.buy([Item("L1", 1000)])
    for status, stated in (("OPEN", 0), ("PAID", 10), ("CLOSED", 10)):
        hub = TestToastOrders().new_hub(shop)
        hub.read(event_of(shop, checks=[shop.check(purchase) | {"paymentStatus": status}]))
        assert hub.points(shop.order_id(purchase)) == stated


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"eventType": "menus_updated"}, "menus_updated"),
        ({"eventType": None}, "without a type"),
        ({"details": {"restaurantGuid": "another", "order": {}}}, "restaurants"),
        ({"details": {"restaurantGuid": RESTAURANT, "order": {"checks": []}}}, "no check"),
        (
            {"details": {"restaurantGuid": RESTAURANT, "order": {"createdInTestMode": True}}},
            "test mode",
        ),
    ],
)
def test_what_says_nothing_of_points_is_ignored_with_a_reason(
    change: dict[str, Any], reason: str
) -> None:
    shop = ToastOrders()
    shop.buy([Item("L1", 1000)])
    body = json.loads(shop.sent[0].request.body) | change
    request = shop.sign(json.dumps(body).encode())
    parsed = ADAPTER.parse(request=request, settings=shop.settings)
    assert isinstance(parsed, Ignored)
    assert reason in parsed.reason


def test_orders_in_test_mode_count_where_they_shall() -> None:
    shop = ToastOrders()
    purchase = shop.buy([Item("L1", 1000)])
    shop.settings = replace(shop.settings, options={**shop.options, "test_orders": "count"})
    (order,) = orders_of(event_of(shop, createdInTestMode=True), shop)
    assert order.id == shop.order_id(purchase)


def test_the_recorded_messages_are_read_or_clearly_refused() -> None:
    found = sorted((FOLDER / "toast").glob("*.json")) if FOLDER.exists() else []
    if not found:
        pytest.skip("there is no recorded message of Toast on this machine")
    shop = ToastOrders()
    for path in found:
        value = json.loads(path.read_text("utf-8"))
        request = shop.sign(json.dumps(value.get("body", value)).encode())
        verdict = ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now)
        assert isinstance(verdict, Verified), path.name
        parsed = ADAPTER.parse(request=request, settings=shop.settings)
        assert isinstance(parsed, Facts | Ignored), path.name
