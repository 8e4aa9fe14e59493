"""Any till or shop, by the kit: as messages and as files; the standard's library is the oracle."""

from __future__ import annotations

import base64
import json
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
import standardwebhooks

from adapters.absent import NotOffered
from adapters.conformance import AdapterSuite
from adapters.contract import (
    Facts,
    FileReader,
    Headers,
    Ignored,
    Malformed,
    Rejected,
    Request,
    Secrets,
    Spend,
    Verified,
)
from adapters.generic import ADAPTER
from adapters.generic.adapter import MOST_BYTES, MOST_ORDERS
from adapters.standard import key_of
from adapters.testing.generic import FileShop, GenericShop
from adapters.testing.shop import Item
from partner_sdk.webhooks import sign_webhook
from tests.conformance.recorded import recorded


class TestGeneric(AdapterSuite):
    adapter = ADAPTER
    shop = GenericShop


class TestGenericFiles(AdapterSuite):
    adapter = ADAPTER
    shop = FileShop


def parse(request: Request, shop: GenericShop) -> Any:
    return ADAPTER.parse(request=request, settings=shop.settings)


def test_what_the_standards_library_signs_is_taken_and_refused_with_a_part_changed() -> None:
    shop = GenericShop()
    body = b'{"type":"ping"}'
    library = standardwebhooks.Webhook(shop.signing[0])
    signature = library.sign("msg_1", shop.now, body.decode())
    fields = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(shop.now.timestamp())),
        "webhook-signature": f"v1a,bm9uc2Vuc2U= v1,bm9uc2Vuc2U= {signature}",
    }
    request = Request("POST", "https://hub.example/hooks/con_1", Headers(fields), body)
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)
    for name in ("webhook-id", "webhook-timestamp"):
        changed = replace(request, headers=Headers({**fields, name: fields[name] + "1"}))
        verdict = ADAPTER.verify(request=changed, secrets=shop.secrets, now=shop.now)
        assert isinstance(verdict, Rejected), f"{name} is not signed"


def test_the_standards_library_takes_what_the_adapter_signs_and_refuses_it_changed() -> None:
    now = datetime.fromtimestamp(int(time.time()), UTC)
    shop = GenericShop(now=now)
    library = standardwebhooks.Webhook(shop.signing[0])
    for scenario in ADAPTER.manifest.scenarios:
        for request in ADAPTER.sample(
            scenario=scenario, secrets=shop.secrets, settings=shop.settings, now=now
        ):
            text, fields = request.body.decode(), dict(request.headers)
            # The library reads what it verified as JSON, which a file is not.
            if scenario == "file":
                at = datetime.fromtimestamp(int(fields["webhook-timestamp"]), UTC)
                wanted = library.sign(fields["webhook-id"], at, text)
                assert fields["webhook-signature"] == wanted
                continue
            library.verify(text, fields)
            with pytest.raises(standardwebhooks.WebhookVerificationError):
                library.verify(text + " ", fields)


def test_what_the_sdk_signs_is_taken() -> None:
    shop = GenericShop()
    body = b'{"type":"ping"}'
    fields = sign_webhook(body, message_id="msg_1", secret=shop.signing[0], now=shop.now)
    request = Request("POST", "https://hub.example/hooks/con_1", Headers(fields), body)
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)


def test_an_empty_or_short_secret_opens_nothing() -> None:
    short = base64.b64encode(b"x" * 23).decode()
    for secret in ("", "whsec_", "whsec_" + short, "not base64!", short):
        assert key_of(secret) is None
        shop = GenericShop()
        text = secret.removeprefix("whsec_")
        try:
            by_it = shop.signed(b'{"type":"ping"}', "application/json", secret=text)
        except ValueError:
            continue
        verdict = ADAPTER.verify(request=by_it, secrets=Secrets((secret,)), now=shop.now)
        assert isinstance(verdict, Rejected), f"{secret!r} opens"


def test_each_sample_says_what_its_name_says() -> None:
    shop = GenericShop()
    found = {}
    for scenario in ADAPTER.manifest.scenarios:
        (request,) = ADAPTER.sample(
            scenario=scenario, secrets=shop.secrets, settings=shop.settings, now=shop.now
        )
        parsed = parse(request, shop)
        if isinstance(parsed, Facts):
            (order,) = parsed.orders
            found[scenario] = (order.status, order.revision, len(order.refunds))
    assert found == {
        "paid": ("paid", 1, 0),
        "edited": ("paid", 2, 0),
        "refunded": ("paid", 3, 1),
        "cancelled": ("cancelled", 4, 0),
        "batch": ("paid", 1, 0),
        "file": ("paid", 1, 0),
    }


def test_a_batch_has_an_end() -> None:
    shop = GenericShop()
    order = shop.order(shop.buy([Item("L1", 100)]))
    full = shop.message("orders.changed", {"orders": [order] * MOST_ORDERS})
    assert len(parse(full, shop).orders) == MOST_ORDERS
    for count in (0, MOST_ORDERS + 1):
        with pytest.raises(Malformed, match="1 to 100"):
            parse(shop.message("orders.changed", {"orders": [order] * count}), shop)


def test_a_fault_names_its_place_and_not_what_stands_there() -> None:
    shop = GenericShop()
    order = shop.order(shop.buy([Item("L1", 100)]))
    order["lines"][0]["amount"] = "ann@example.com"
    good = shop.order(shop.buy([Item("L1", 1)]))
    with pytest.raises(Malformed, match=r"data\.orders\[1\]: lines\[0\]\.amount") as told:
        parse(shop.message("orders.changed", {"orders": [good, order]}), shop)
    assert "ann@example.com" not in str(told.value)


def test_messages_of_other_types_are_left_alone_with_a_reason() -> None:
    shop = GenericShop()
    for kind in ("ping", "customer.changed"):
        assert isinstance(parse(shop.message(kind, {}), shop), Ignored)


def test_means_of_payment_and_categories_are_the_connections() -> None:
    shop = GenericShop()
    shop.settings = replace(
        shop.settings, tenders={"voucher": "gift_card"}, categories={"goods": "bread"}
    )
    purchase = shop.buy([Item("L1", 1000)], tenders=[("voucher", 300), ("cheque", 200)])
    order = parse(shop.sent[0].request, shop).orders[0]
    assert [(t.kind, t.amount_micros) for t in order.tenders] == [
        ("gift_card", 3_000_000),
        ("other", 2_000_000),
        ("card", 5_000_000),
    ]
    hub = TestGeneric().heard(shop)
    assert hub.sales[shop.order_id(purchase)].lines[0].category == "bread"


def test_an_open_order_is_not_a_sale_yet() -> None:
    shop = GenericShop()
    purchase = shop.buy([Item("L1", 1000)])
    hub = TestGeneric().new_hub(shop)
    hub.read(shop.message("order.changed", shop.order(purchase) | {"status": "open"}))
    assert hub.sales == {}


def test_a_points_tender_names_its_redemption_or_hold() -> None:
    shop = GenericShop()
    order = shop.order(shop.buy([Item("L1", 1000)]))
    hold = "hld_01j9q5z8e7f3v6k2m4n8p0r1s5"
    order["tenders"] = [{"kind": "points", "amount": "10.00", "redemption": hold}]
    (tender,) = parse(shop.message("order.changed", order), shop).orders[0].tenders
    assert (tender.kind, tender.redemption) == ("points", hold)


def test_a_file_says_the_same_as_the_message() -> None:
    by_message, by_file = GenericShop(), FileShop()
    for shop in (by_message, by_file):
        purchase = shop.buy([Item("L1", 1000, 2), Item("S1", 300, kind="shipping")])
        shop.refund(purchase, 500, [("L1", 500, 1)], status="pending")
    assert [parse(m.request, by_message) for m in by_message.sent] == [
        parse(m.request, by_file) for m in by_file.sent
    ]


def test_a_file_is_checked_and_then_read_order_by_order() -> None:
    shop = FileShop()
    for minor in (100, 200):
        shop.buy([Item("L1", minor)])
    orders = [shop.order(each) for each in shop.purchases.values()]
    content = shop.file(orders)
    assert isinstance(ADAPTER, FileReader)
    check = ADAPTER.check_file(lines=BytesIO(content), settings=shop.settings)
    assert (check.complete, check.faults, check.orders) == (True, (), 2)
    assert check.head is not None
    assert (check.head.store, check.head.sequence) == ("store-7", 3)
    assert check.sha256 is not None
    assert content.endswith(check.sha256.encode() + b"\n")
    filed = list(ADAPTER.read_file(lines=BytesIO(content), settings=shop.settings))
    assert [(each.row, each.order.id) for each in filed] == [(2, "1"), (5, "2")]


def test_a_file_that_is_not_whole_is_refused_by_message_too() -> None:
    shop = FileShop()
    shop.buy([Item("L1", 100)])
    body = shop.sent[0].request.body
    for wrong, told in (
        (body.rpartition(b"end,")[0], "without its row `end`"),
        (body.replace(b"1.00", b"1.01", 1), "sha256"),
        (body + b" " * MOST_BYTES, "folder"),
    ):
        with pytest.raises(Malformed, match=told):
            parse(replace(shop.sent[0].request, body=wrong), shop)
    assert isinstance(parse(shop.sign(shop.file([])), shop), Ignored)


def test_two_files_of_one_content_have_one_hash_and_other_content_has_another() -> None:
    shop = FileShop()
    purchase = shop.buy([Item("L1", 100)])
    order = shop.order(purchase)
    hashes = set()
    for revision in (1, 1, 2):
        shop.files = 6
        content = shop.file([order | {"revision": revision}])
        check = ADAPTER.check_file(lines=BytesIO(content), settings=shop.settings)
        hashes.add(check.sha256)
    assert len(hashes) == 2


def test_what_is_not_offered_tells_the_manifests_reason() -> None:
    shop = GenericShop()
    with pytest.raises(NotOffered, match="hub's API"):
        ADAPTER.redeem(spend=Spend("hld_1", 1, "EUR"), settings=shop.settings)
    with pytest.raises(NotOffered, match="state past orders again"):
        ADAPTER.poll(since=shop.now, until=shop.now, cursor=None, settings=shop.settings)


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("shopify/webhook_orders.paid.json", "body"),
        ("woocommerce/orders_1.json", None),
        ("bigcommerce/webhook_store.order.created.json", "body"),
        ("square/PaymentUpdatedEvent.json", None),
        ("stripe/fixture_refund.json", None),
        ("adyen/webhook_CAPTURE.json", "body"),
    ],
)
def test_a_recorded_message_of_another_platform_is_no_order_here(
    name: str, member: str | None
) -> None:
    """Each is signed as it should be, and still says nothing that this adapter takes for facts."""
    shop = GenericShop()
    value = json.loads(recorded(name))
    request = shop.sign(json.dumps(value if member is None else value[member]).encode())
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)
    with suppress(Malformed):
        assert isinstance(parse(request, shop), Ignored)
