"""Shopware 6: what it says, what to ask, and how points pay there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from json import dumps
from typing import Any

from adapters.contract import (
    Answer,
    Call,
    Facts,
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
from adapters.reading import epoch, identifier, key_at, load, object_at, optional, records
from adapters.shopware.manifest import MANIFEST
from adapters.shopware.orders import order_of
from adapters.shopware.promotions import looked_up, lookups, promotion, promotion_id
from adapters.signatures import hex_mac, matches
from adapters.webshop import acknowledge, answered, code_of, record

__all__ = ["ADAPTER", "Shopware"]

_SIGNATURE = "shopware-shop-signature"
#: Without `Accept` it answers in another form.
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
#: Events that hold an order, and the one that names those that were written.
_STATES = ("state_enter.order", "checkout.order.")
_WRITTEN = "order.written"
#: The version of an order that is the order; all others are drafts of it.
_LIVE = "0fa91ce3e96a4bc2be4bd9ce752c3425"
_ASSOCIATIONS = (
    "stateMachineState",
    "currency",
    "billingAddress",
    "orderCustomer.customer",
    "lineItems",
    "transactions.stateMachineState",
    "transactions.paymentMethod",
    "transactions.captures.refunds.stateMachineState",
    "transactions.captures.refunds.positions",
)
#: What tells that an order changed: a payment's or a refund's state does not touch the order.
_CHANGED = ("", "lineItems.", "orderCustomer.", "transactions.", "transactions.captures.refunds.")
_PAGE = 100
_SCENARIOS = {
    "paid": "state_enter.order_transaction.state.paid",
    "edited": _WRITTEN,
    "refunded": "state_enter.order_transaction.state.refunded",
    "cancelled": "state_enter.order.state.cancelled",
}


class Shopware:
    """One order, one document: a message only says which, and it is asked for."""

    manifest = MANIFEST

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        given = request.headers.get(_SIGNATURE)
        if not given:
            return Rejected(
                "signature_missing", f"there is no {_SIGNATURE}: is the app registered?"
            )
        wanted = [hex_mac(secret.encode(), request.body) for secret in secrets.signing]
        if not matches(given=given, wanted=wanted):
            return Rejected("signature_wrong", "is the shop's secret the one set here?")
        try:
            said = record(load(request.body), "the body")
            signed_at = epoch(said.get("timestamp"), "timestamp")
        except Malformed as error:
            return Rejected("malformed", str(error))
        age = (now - signed_at).total_seconds()
        if age > MANIFEST.tolerance_seconds:
            return Rejected("stale", "`timestamp` is long ago: does the hub's clock go right?")
        if age < -MANIFEST.tolerance_seconds:
            return Rejected("from_the_future", "`timestamp` is ahead of the hub's clock")
        return Verified(signed_at)

    def delivery_key(self, *, request: Request) -> str:
        return key_at(request.body, "source", "eventId")

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        said = object_at(load(request.body), "the body")
        data = record(said.get("data"), "data")
        event = optional(data.get("event")) or ""
        if event.startswith(_STATES):
            order = record(record(data.get("payload"), "payload").get("order"), "payload.order")
            return _ask([identifier(order.get("id"), "payload.order.id")])
        if event != _WRITTEN:
            return Ignored("a message that is not about an order")
        written = [
            identifier(each.get("primaryKey"), "payload.primaryKey")
            for each in records(data.get("payload"), "payload")
            if each.get("entity") == "order" and each.get("versionId", _LIVE) == _LIVE
        ]
        return _ask(written) if written else Ignored("drafts of an order, and no order")

    def resolve(self, *, fetch: Fetch, answers: tuple[Answer, ...], settings: Settings) -> Parsed:
        found = _found(answers[0])
        if not found:
            return Ignored("the shop does not know this order any more")
        return Facts(tuple(order_of(each, settings) for each in found))

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        return acknowledge(outcome)

    def redeem(self, *, spend: Spend, settings: Settings) -> tuple[Call, ...]:
        return lookups(spend)

    def redeemed(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        refused = next((a.status for a in answers if not 200 <= a.status < 300), None)
        if refused is not None:
            return SpendResult(problem=f"Shopware made no promotion: {refused}")
        if len(answers) == 1:
            return SpendResult(code=code_of(spend))
        channels, currencies = (looked_up(answer) for answer in answers)
        if not channels or not currencies:
            missing = f"currency {spend.currency}" if channels else "active sales channel"
            return SpendResult(problem=f"Shopware has no {missing}")
        body = dumps(promotion(spend, channels=channels, currency=currencies[0])).encode()
        return SpendResult(more=(Call("POST", "/api/_action/sync", body, _JSON, spend.id),))

    def undo(self, *, spend: Spend, result: SpendResult, settings: Settings) -> tuple[Call, ...]:
        return (Call("DELETE", f"/api/promotion/{promotion_id(spend)}", headers=_JSON),)

    def undone(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        # One that is not there is gone already; anything but success raises Malformed.
        answered(answers[-1], "promotion")
        return SpendResult()

    def poll(
        self, *, since: datetime, until: datetime, cursor: str | None, settings: Settings
    ) -> Call:
        span = {"gte": _stored(since), "lte": _stored(until)}
        changed = [
            {"type": "range", "field": f"{of}{at}", "parameters": span}
            for of in _CHANGED
            for at in ("createdAt", "updatedAt")
        ]
        after = {"gt": int(cursor or "0")}
        asked = {
            "filter": [
                {"type": "multi", "operator": "or", "queries": changed},
                {"type": "range", "field": "autoIncrement", "parameters": after},
            ],
            "sort": [{"field": "autoIncrement", "order": "ASC"}],
            "limit": _PAGE,
            "includes": {"order": ["id", "autoIncrement"]},
        }
        return _search(asked)

    def polled(self, *, answer: Answer, cursor: str | None, settings: Settings) -> Page:
        found = _found(answer)
        ids = [identifier(each.get("id"), "orders.id") for each in found]
        numbers = [identifier(each.get("autoIncrement"), "autoIncrement") for each in found]
        if not all(number.isdecimal() for number in numbers):
            raise Malformed("autoIncrement is not a number")
        # A page may be cut shorter than what was asked for: only an empty one is the last.
        cursor = max(numbers, key=int) if numbers else None
        return Page(parsed=tuple(_ask([each]) for each in ids), cursor=cursor)

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        if scenario not in _SCENARIOS:
            raise ValueError(f"Shopware has no scenario {scenario}")
        number = int(now.timestamp())
        event, order_id = _SCENARIOS[scenario], f"{number:032x}"
        payload: Any = {"order": {"id": order_id}}
        if event == _WRITTEN:
            payload = [{"entity": "order", "operation": "update", "primaryKey": order_id}]
        said = {
            "data": {"payload": payload, "event": event},
            "source": {"url": settings.store_url, "eventId": f"{scenario}-{number}"},
            "timestamp": number,
        }
        body = dumps(said).encode()
        fields = _JSON | {_SIGNATURE: hex_mac(secrets.signing[0].encode(), body)}
        return (Request("POST", "https://hub.example/hooks/sample", Headers(fields), body),)


def _ask(order_ids: Iterable[str]) -> Fetch:
    ids = sorted(set(order_ids))
    associations: dict[str, Any] = {}
    for path in _ASSOCIATIONS:
        at = associations
        for name in path.split("."):
            at = at.setdefault("associations", {}).setdefault(name, {})
    # One fetch serves several messages of one order; a list of orders has a name of its own.
    about = ids[0] if len(ids) == 1 else sha256(",".join(ids).encode()).hexdigest()
    return Fetch(about=about, calls=(_search({"ids": ids, **associations}),))


def _search(asked: Mapping[str, Any]) -> Call:
    return Call("POST", "/api/search/order", dumps(asked).encode(), _JSON)


def _found(answer: Answer) -> tuple[Mapping[str, Any], ...]:
    """The orders that a search found; an address that is not there is no order that is gone."""
    found = answered(answer, "orders")
    if not isinstance(found, Mapping) or "data" not in found:
        raise Malformed(f"orders: the shop answered {answer.status} without data")
    return tuple(records(found.get("data"), "data"))


def _stored(at: datetime) -> str:
    """A time as its database compares it, in UTC."""
    return at.astimezone(UTC).isoformat(" ", "milliseconds").partition("+")[0]


ADAPTER = Shopware()
