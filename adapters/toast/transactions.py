"""What a till asks: a transaction of the loyalty service → a question to the hub."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from adapters.contract import (
    Customer,
    Ignored,
    Malformed,
    Order,
    Parsed,
    Question,
    Request,
    Settings,
)
from adapters.reading import load, object_at, optional, records, text
from adapters.toast.checks import OFFER, is_processed, named, order_of
from adapters.toast.manifest import GUID, KIND, KINDS, RESTAURANT
from adapters.toast.numbers import micros

__all__ = [
    "Redemption",
    "asked",
    "is_known_restaurant",
    "key_of",
    "kind_of",
    "redemptions_of",
    "restaurants",
]

_BLOCKS = {
    "LOYALTY_SEARCH": "searchTransactionInformation",
    "LOYALTY_REVERSE": "reverseTransactionInformation",
    "LOYALTY_TRANSFER": "transferTransactionInformation",
}
_CHECK = "checkTransactionInformation"


@dataclass(frozen=True, slots=True)
class Redemption:
    """An offer on a check: what it takes off in all, and whether it was redeemed before."""

    told: Mapping[str, Any]
    micros: int
    ours: bool
    processed: bool


def kind_of(request: Request) -> str:
    """The kind that the header names; nothing, where it names none."""
    return request.headers.get(KIND, "").strip()


def is_known_restaurant(request: Request, settings: Settings) -> bool:
    """Whether the restaurant may ask: one that the connection names."""
    return request.headers.get(RESTAURANT, "").strip().lower() in restaurants(settings)


def restaurants(settings: Settings) -> list[str]:
    """The restaurants of the connection, by their GUIDs."""
    return settings.options.get("restaurants", "").replace(",", " ").lower().split()


def key_of(request: Request) -> str:
    """The operation's key: the transaction's GUID with the account that it is about."""
    guid = request.headers.get(GUID, "").strip()
    if not guid:
        return hashlib.sha256(request.body).hexdigest()
    try:
        block = block_of(load(request.body), kind_of(request))
        member = _member(block)
    except Malformed:
        member = ""
    return _key(guid, member)


def asked(request: Request, settings: Settings) -> Parsed:
    """The question. Raises Malformed."""
    kind = kind_of(request)
    if kind not in KINDS:
        return Ignored(f"the coalition answers no {kind or 'transaction without a type'}")
    if not is_known_restaurant(request, settings):
        return Ignored("the restaurant is none of this connection's `restaurants`")
    body = object_at(load(request.body), "the body")
    if body.get("toastTransactionType") not in (None, kind):
        raise Malformed("toastTransactionType is not that of the header")
    guid = text(request.headers.get(GUID, "").strip(), GUID)
    block = block_of(body, kind)
    key = _key(guid, _member(block))
    match kind:
        case "LOYALTY_SEARCH":
            return _search(key, block)
        case "LOYALTY_REVERSE":
            return _reverse(key, block)
        case _:
            return _about_check(kind, key, block, request, settings)


def block_of(body: Any, kind: str) -> Mapping[str, Any]:
    """The part of the body that belongs to the kind. Raises Malformed."""
    name = _BLOCKS.get(kind, _CHECK)
    return object_at(object_at(body, "the body").get(name), name)


def redemptions_of(block: Mapping[str, Any]) -> Sequence[Redemption]:
    """The offers on a check. Raises Malformed."""
    check = object_at(block.get("check"), "check")
    found = []
    for each in records(block.get("redemptions"), "redemptions"):
        times = micros(1 if each.get("quantity") is None else each["quantity"], "quantity")
        if times % 1_000_000:
            raise Malformed("quantity is not a whole number")
        worth = micros(each.get("amount"), "redemptions/amount") * (times // 1_000_000)
        ours = str(each.get("identifier")).startswith(OFFER)
        found.append(Redemption(each, worth, ours, is_processed(check, each)))
    return found


def _search(key: str, block: Mapping[str, Any]) -> Parsed:
    criteria = object_at(block.get("searchCriteria"), "searchCriteria")
    phone, email = optional(criteria.get("phone")), optional(criteria.get("email"))
    if phone is None and email is None:
        return Ignored("members are found by phone or e-mail, not by name")
    return Question("search", key, Customer(phone=phone, email=email))


def _reverse(key: str, block: Mapping[str, Any]) -> Parsed:
    member = _member(block)
    reverses = _key(text(block.get("transactionId"), "transactionId"), member)
    given = records(block.get("redemptions"), "redemptions")
    part = None
    if given:
        part = sum(each.micros for each in redemptions_of({**block, "check": {}}))
    return Question("reverse", key, _customer(member), amount_micros=part, reverses=reverses)


def _about_check(
    kind: str, key: str, block: Mapping[str, Any], request: Request, settings: Settings
) -> Parsed:
    check = object_at(block.get("check"), "check")
    member = _member(block)
    customer = _customer(member)
    if kind == "LOYALTY_ACCRUE":
        stated = _order(check, member, request, settings, paid=True)
        return Question("accrue", key, customer, order=stated)
    if customer is None:
        raise Malformed("loyaltyIdentifier is not there")
    offers = redemptions_of(block)
    total = sum(each.micros for each in offers if not each.processed)
    answer: Literal["inquire", "redeem"] = "inquire"
    if kind == "LOYALTY_REDEEM" and total and all(each.ours for each in offers):
        answer = "redeem"
    # A redemption of nothing, or with an offer that is not ours, spends nothing: it inquires.
    spent = total if answer == "redeem" else None
    order: Order | None = None
    # It is not stated, and a check that is not finished may be anything.
    with suppress(Malformed):
        order = _order(check, member, request, settings, paid=False)
    return Question(answer, key, customer, amount_micros=spent, order=order)


def _order(
    check: Mapping[str, Any], member: str, request: Request, settings: Settings, *, paid: bool
) -> Order:
    store = optional(request.headers.get(RESTAURANT, "").strip())
    buyer = named(member or None, check)
    return order_of(check, settings, store=store, customer=buyer, paid=paid)


def _customer(member: str) -> Customer | None:
    if not member:
        return None
    return Customer(id=member, card=None if member.startswith("mem_") else member)


def _member(block: Mapping[str, Any]) -> str:
    found = block.get("loyaltyIdentifier")
    if found is not None and not isinstance(found, str):
        raise Malformed("loyaltyIdentifier is not a text")
    return (found or "").strip()


def _key(guid: str, member: str) -> str:
    return f"{guid.lower()}:{member}"
