"""A discount on an open order, which pays for what was spent in points."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from adapters.contract import Answer, Call, Malformed, Spend, SpendResult
from adapters.reading import identifier, load, minor_of_micros, object_at, records
from adapters.square.manifest import VERSION
from adapters.webshop import code_of

__all__ = ["made", "order_call", "removed"]


def order_call(spend: Spend) -> tuple[Call, ...]:
    """Ask for the order, for its version; for none where the spend names none."""
    if spend.order is None:
        return ()
    path = f"/v2/orders/{quote(spend.order, safe='')}"
    return (Call("GET", path, headers={"Square-Version": VERSION}),)


def made(spend: Spend, answers: tuple[Answer, ...]) -> SpendResult:
    """An order that has the discount is done; one that has not gets it. Raises Malformed."""
    if not answers:
        return SpendResult(problem="say which open order it is")
    order = _order(answers)
    if not isinstance(order, Mapping):
        return _again(spend, order)
    if _has(order, spend):
        return SpendResult(code=code_of(spend))
    if order.get("state") != "OPEN":
        return SpendResult(problem="the order is not open any more")
    minor = minor_of_micros(spend.amount_micros, spend.currency)
    discount = {
        "uid": code_of(spend),
        "name": "Points",
        "type": "FIXED_AMOUNT",
        "scope": "ORDER",
        "amount_money": {"amount": minor, "currency": spend.currency},
    }
    return SpendResult(more=(_put(spend, order, {"discounts": [discount]}, (), "redeem"),))


def removed(spend: Spend, answers: tuple[Answer, ...]) -> SpendResult:
    """An order without the discount is done; from an open one it is taken. Raises Malformed."""
    if not answers or answers[-1].status == 404:
        return SpendResult()
    order = _order(answers)
    if not isinstance(order, Mapping):
        return _again(spend, order)
    if not _has(order, spend) or order.get("state") == "CANCELED":
        return SpendResult()
    if order.get("state") != "OPEN":
        return SpendResult(problem="the order is paid, and the discount with it")
    cleared = (f"discounts[{code_of(spend)}]",)
    return SpendResult(more=(_put(spend, order, {}, cleared, "undo"),))


def _order(answers: tuple[Answer, ...]) -> Mapping[str, Any] | Answer:
    """The order that was answered, or the answer that has none."""
    answer = answers[-1]
    if answer.status != 200:
        return answer
    return object_at(object_at(load(answer.body), "the answer").get("order"), "order")


def _again(spend: Spend, answer: Answer) -> SpendResult:
    """An order that changed since it was read is read again; any other refusal is a problem."""
    if answer.status == 409:
        return SpendResult(more=order_call(spend))
    return SpendResult(problem=f"Square answered {answer.status}")


def _has(order: Mapping[str, Any], spend: Spend) -> bool:
    wanted = code_of(spend)
    return any(each.get("uid") == wanted for each in records(order.get("discounts"), "discounts"))


def _put(
    spend: Spend,
    order: Mapping[str, Any],
    change: Mapping[str, Any],
    cleared: tuple[str, ...],
    verb: str,
) -> Call:
    """A change of the order at the version that was read: a later one is refused, not lost."""
    version = order.get("version")
    if isinstance(version, bool) or not isinstance(version, int):
        raise Malformed("version is not a number")
    key = f"{spend.id}-{verb}-{version}"
    said = {"version": version, "location_id": order.get("location_id"), **change}
    body: dict[str, Any] = {"order": said, "idempotency_key": key}
    if cleared:
        body["fields_to_clear"] = list(cleared)
    path = f"/v2/orders/{quote(identifier(order.get('id'), 'id'), safe='')}"
    headers = {"Square-Version": VERSION, "Content-Type": "application/json"}
    return Call("PUT", path, json.dumps(body).encode(), headers, key)
