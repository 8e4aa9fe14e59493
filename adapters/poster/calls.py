"""What Poster is asked, how it answers, and how it signs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from adapters.contract import Answer, Call, Fetch, Ignored, Malformed, NotNow, Spend
from adapters.reading import identifier, load, number, object_at, optional, records
from adapters.webshop import answered, code_of, money_text

__all__ = [
    "JSON",
    "UNKNOWN",
    "ask",
    "code_for",
    "comment",
    "happened",
    "read_order",
    "response",
    "signature",
    "transaction",
    "words",
]

JSON = {"Content-Type": "application/json"}
#: What is wrong with an order that is not there.
UNKNOWN = "Poster does not know this order"
_NOT_FOUND = frozenset({32, 42, 404})


def signature(said: Mapping[str, Any], secret: str) -> str:
    """What `verify` should be. Raises Malformed where a field is none that can be signed."""
    names = ["account", "object", "object_id", "action", "data", "time"]
    if said.get("data") is None:
        names.remove("data")
    fields = []
    for name in names:
        value = said.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise Malformed(f"{name} is neither a text nor a number")
        fields.append(str(value))
    # The platform's own scheme: a keyed MD5, so nothing but the order's number is believed.
    text = ";".join([*fields, secret]).encode(errors="surrogatepass")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def happened(data: Any) -> str | None:
    """What happened to an order, where the message tells it."""
    try:
        told = load(data.encode()) if isinstance(data, str) else None
    except (Malformed, UnicodeEncodeError):
        return None
    history = told.get("transactions_history") if isinstance(told, Mapping) else None
    return optional(history.get("type_history")) if isinstance(history, Mapping) else None


def transaction(order_id: str) -> Call:
    # Of every status: what is open or removed is asked for as well.
    asked = urlencode({"transaction_id": order_id, "include_history": "true", "status": "0"})
    return Call("GET", f"/api/dash.getTransaction?{asked}")


def ask(order_id: str, client_id: str | None) -> Fetch:
    """The order first: what is read after it can only be newer than its revision says."""
    order_id = number(order_id, "the order's id")
    calls = [
        transaction(order_id),
        Call("GET", f"/api/dash.getTransactionProducts?transaction_id={order_id}"),
    ]
    if client_id is not None:
        asked = urlencode({"client_id": client_id})
        calls.append(Call("GET", f"/api/clients.getClient?{asked}"))
    return Fetch(about=order_id, calls=tuple(calls))


def response(answer: Answer) -> Any:
    """What Poster answered; errors come with status 200. Raises Malformed, NotNow."""
    said = answered(answer, "Poster")
    if isinstance(said, Ignored):
        return said
    said = object_at(said, "Poster's answer")
    error = said.get("error")
    if error is not None:
        code = error.get("code") if isinstance(error, Mapping) else error
        known = code if isinstance(code, int) else -1
        if known in _NOT_FOUND:
            return Ignored("Poster does not know this order any more")
        raise NotNow(f"Poster answered error {known}")
    if "response" not in said:
        raise Malformed("Poster answered no response")
    return said["response"]


def read_order(answer: Answer) -> tuple[Mapping[str, Any] | None, str | None]:
    """An order, or none where it was just changed; and what was wrong with that."""
    said = response(answer)
    if isinstance(said, Mapping):
        code = said.get("err_code")
        return None, None if code in (0, "0") else f"Poster did not take the comment: {code}"
    told = () if isinstance(said, Ignored) else records(said, "response")
    return (told[0], None) if told else (None, UNKNOWN)


def code_for(spend: Spend) -> str:
    """What stands in the comment: which spend, and what it is worth."""
    return f"{code_of(spend)}={money_text(spend.amount_micros, spend.currency)}"


def words(order: Mapping[str, Any]) -> list[str]:
    return (optional(order.get("transaction_comment")) or "").split()


def comment(spend: Spend, order: Mapping[str, Any], words: list[str], what: str) -> Call:
    """Write the order's comment anew, as the till that has the order would."""
    history = records(order.get("history"), "history")
    till = next((one.get("spot_tablet_id") for one in history if one.get("spot_tablet_id")), None)
    said = {
        "spot_id": identifier(order.get("spot_id"), "spot_id"),
        "spot_tablet_id": identifier(till, "history.spot_tablet_id"),
        "transaction_id": identifier(order.get("transaction_id"), "transaction_id"),
        "comment": " ".join(words),
    }
    body = json.dumps(said).encode()
    return Call("POST", "/api/transactions.changeComment", body, JSON, f"{spend.id}-{what}")
