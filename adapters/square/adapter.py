"""Verify, ask, redeem and poll: Square's messages and calls."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from adapters.contract import (
    Answer,
    Call,
    Fetch,
    Headers,
    Ignored,
    Malformed,
    Outcome,
    Page,
    Parsed,
    Rejected,
    Reply,
    Request,
    Secrets,
    Settings,
    Spend,
    SpendResult,
    Verified,
)
from adapters.reading import identifier, key_at, load, optional, plain, records
from adapters.signatures import base64_mac, matches
from adapters.square.discounts import made, order_call, removed
from adapters.square.facts import order_of, source_lines
from adapters.square.manifest import EVENTS, MANIFEST, SIGNATURE, VERSION
from partner_sdk.wire.instants import format_instant

#: A payment has few refunds; more than this is refused rather than asked for.
_MOST = 100


class Square:
    """The adapter."""

    manifest = MANIFEST

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        """The key over the address as it was registered, then the body."""
        given = request.headers.get(SIGNATURE, "").strip()
        if not given:
            return Rejected("signature_missing", f"there is no {SIGNATURE}")
        message = request.url.encode() + request.body
        wanted = [base64_mac(secret.encode(), message) for secret in secrets.signing]
        if not matches(given=given, wanted=wanted):
            return Rejected("signature_wrong", "not by a key of this connection, for this address")
        return Verified()

    def delivery_key(self, *, request: Request) -> str:
        """The event's id."""
        return key_at(request.body, "event_id")

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        """Any event about a payment, a refund or an order asks for the order."""
        event = _object(load(request.body), "the event")
        kind = optional(event.get("type"))
        if kind not in EVENTS:
            return Ignored(f"events {kind or 'without a type'} say nothing of points")
        data = _object(event.get("data"), "data")
        about = _object(data.get("object"), "data/object")
        if kind == "order.updated":
            order = _object(about.get("order_updated"), "order_updated")
            return _fetch_order(identifier(order.get("order_id"), "order_id"))
        if kind.startswith("payment."):
            payment = _object(about.get("payment"), "payment")
            if payment.get("order_id") is None:
                return Ignored("the payment belongs to no order")
            return _fetch_order(identifier(payment["order_id"], "order_id"))
        refund = _object(about.get("refund"), "refund")
        if refund.get("payment_id") is None:
            return Ignored("the refund belongs to no payment")
        payment_id = identifier(refund["payment_id"], "payment_id")
        return Fetch(payment_id, (_get(f"/v2/payments/{_part(payment_id)}"),), {"step": "find"})

    def resolve(self, *, fetch: Fetch, answers: tuple[Answer, ...], settings: Settings) -> Parsed:
        """Order, payments, refunds, returns: each names what to ask for next."""
        got = [_got(answer) for answer in answers]
        if not got:
            raise Malformed("there is no answer")
        carry = dict(fetch.carry)
        match carry["step"]:
            case "find":
                payment = _object(got[0].get("payment"), "payment")
                if payment.get("order_id") is None:
                    return Ignored("the payment belongs to no order")
                return _fetch_order(identifier(payment["order_id"], "order_id"))
            case "order":
                return self._with_order(_object(got[0].get("order"), "order"), settings)
            case "payments":
                return self._with_payments(carry, got, settings)
            case "refunds":
                return self._with_refunds(carry, got, settings)
            case _:
                found = records(got[0].get("orders"), "orders")
                returns = {identifier(o.get("id"), "orders/id"): o for o in found}
                carry["returns"] = {name: plain(source_lines(o)) for name, o in returns.items()}
                return order_of(carry, settings)

    def _with_order(self, order: Mapping[str, Any], settings: Settings) -> Parsed:
        tenders = records(order.get("tenders"), "tenders")
        returns = records(order.get("returns"), "returns")
        if returns and not order.get("line_items") and returns[0].get("source_order_id"):
            # A return is an order of its own; the sale is the one whose lines came back.
            return _fetch_order(identifier(returns[0]["source_order_id"], "source_order_id"))
        carry: dict[str, Any] = {
            "order": plain(order),
            "payments": [],
            "refunds": [],
            "returns": {},
        }
        paid_by = dict.fromkeys(
            identifier(each.get("payment_id") or each.get("id"), "payment_id") for each in tenders
        )
        if not paid_by:
            return order_of(carry, settings)
        if len(paid_by) > _MOST:
            raise Malformed("there are more than a hundred payments")
        calls = tuple(_get(f"/v2/payments/{_part(each)}") for each in paid_by)
        return Fetch(identifier(order.get("id"), "id"), calls, carry | {"step": "payments"})

    def _with_payments(
        self, carry: dict[str, Any], got: Sequence[Mapping[str, Any]], settings: Settings
    ) -> Parsed:
        payments = [_object(each.get("payment"), "payment") for each in got]
        names = ("id", "status", "customer_id", "source_type")
        carry["payments"] = [plain({name: each.get(name) for name in names}) for each in payments]
        refunds: list[str] = []
        for payment in payments:
            listed = payment.get("refund_ids") or []
            if not isinstance(listed, list):
                raise Malformed("refund_ids is not a list")
            refunds += [identifier(each, "refund_ids") for each in listed]
        if not refunds:
            return order_of(carry, settings)
        if len(refunds) > _MOST:
            raise Malformed("there are more than a hundred refunds")
        calls = tuple(_get(f"/v2/refunds/{_part(each)}") for each in dict.fromkeys(refunds))
        about = identifier(carry["order"].get("id"), "id")
        return Fetch(about, calls, carry | {"step": "refunds"})

    def _with_refunds(
        self, carry: dict[str, Any], got: Sequence[Mapping[str, Any]], settings: Settings
    ) -> Parsed:
        refunds = [_object(each.get("refund"), "refund") for each in got]
        names = ("id", "status", "amount_money", "order_id", "created_at")
        carry["refunds"] = [plain({name: each.get(name) for name in names}) for each in refunds]
        own = identifier(carry["order"].get("id"), "id")
        orders = [r["order_id"] for r in carry["refunds"] if r["order_id"] is not None]
        named = dict.fromkeys(identifier(each, "refund/order_id") for each in orders)
        wanted = [each for each in named if each != own]
        if not wanted:
            return order_of(carry, settings)
        call = Call(
            "POST",
            "/v2/orders/batch-retrieve",
            json.dumps({"order_ids": wanted}).encode(),
            _headers(),
        )
        return Fetch(own, (call,), carry | {"step": "returns"})

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        """An empty answer; Square looks at the status only."""
        statuses = {"kept": 200, "repeated": 200, "answered": 200, "rejected": 403}
        return Reply(statuses.get(outcome.kind, 503))

    def redeem(self, *, spend: Spend, settings: Settings) -> tuple[Call, ...]:
        """First the order, for its version."""
        return order_call(spend)

    def redeemed(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        """An order that has the discount is done; one that has not gets it."""
        return made(spend, answers)

    def undo(self, *, spend: Spend, result: SpendResult, settings: Settings) -> tuple[Call, ...]:
        """First the order, for its version."""
        return order_call(spend)

    def undone(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        """An order without the discount is done; from an open one it is taken."""
        return removed(spend, answers)

    def poll(
        self, *, since: datetime, until: datetime, cursor: str | None, settings: Settings
    ) -> Call:
        """Orders of the location by the time of their last change."""
        times = {"start_at": _time(since), "end_at": _time(until)}
        asked: dict[str, Any] = {
            "location_ids": [settings.options.get("location_id", "")],
            "query": {
                "filter": {"date_time_filter": {"updated_at": times}},
                "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
            },
            "limit": 100,
            "return_entries": True,
        }
        if cursor is not None:
            asked["cursor"] = cursor
        return Call("POST", "/v2/orders/search", json.dumps(asked).encode(), _headers())

    def polled(self, *, answer: Answer, cursor: str | None, settings: Settings) -> Page:
        """Each order, to be asked for as after a message."""
        page = _got(answer)
        entries = records(page.get("order_entries"), "order_entries")
        found = (identifier(each.get("order_id"), "order_id") for each in entries)
        return Page(tuple(_fetch_order(each) for each in found), optional(page.get("cursor")))

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        """Events of one order."""
        url = settings.options.get("hook_url", "https://hub.example/hooks/con_sample")
        at = _time(now)
        payment = {"payment": {"id": "P-SAMPLE", "order_id": "O-SAMPLE", "status": "COMPLETED"}}
        refund = {"refund": {"id": "P-SAMPLE_R", "payment_id": "P-SAMPLE", "status": "COMPLETED"}}
        thin = {"order_updated": {"order_id": "O-SAMPLE", "version": 4, "state": "OPEN"}}
        stories: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
            "paid": (("payment.updated", payment),),
            "refunded": (("payment.updated", payment), ("refund.updated", refund)),
            "edited": (("order.updated", thin),),
        }
        requests = []
        for kind, about in stories[scenario]:
            event = {
                "merchant_id": "M-SAMPLE",
                "type": kind,
                "event_id": f"sample-{kind}-{at}",
                "created_at": at,
                "data": {"type": kind.partition(".")[0], "id": "sample", "object": about},
            }
            body = json.dumps(event).encode()
            requests.append(Request("POST", url, signed_headers(body, url, secrets), body))
        return tuple(requests)


def signed_headers(body: bytes, url: str, secrets: Secrets) -> Headers:
    """The headers with which Square would send it to that address."""
    signature = base64_mac(secrets.signing[0].encode(), url.encode() + body)
    return Headers({SIGNATURE: signature, "Content-Type": "application/json"})


def _object(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Malformed(f"{at} is not an object")
    return value


def _got(answer: Answer) -> Mapping[str, Any]:
    if answer.status != 200:
        raise Malformed(f"Square answered {answer.status}")
    return _object(load(answer.body), "the answer")


def _headers() -> dict[str, str]:
    return {"Square-Version": VERSION, "Content-Type": "application/json"}


def _part(text: str) -> str:
    return quote(text, safe="")


def _time(at: datetime) -> str:
    return format_instant(at.astimezone(UTC))


def _get(path: str) -> Call:
    return Call("GET", path, headers={"Square-Version": VERSION})


def _fetch_order(order: str) -> Fetch:
    return Fetch(order, (_get(f"/v2/orders/{_part(order)}"),), {"step": "order"})
