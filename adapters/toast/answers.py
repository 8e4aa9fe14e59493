"""What a till is told: the hub's outcome in Toast's own shapes, and nothing of who the guest is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from adapters.contract import Malformed, Outcome, Reply, Request, Settings
from adapters.reading import decimal_micros, load
from adapters.toast.checks import OFFER, amount_left
from adapters.toast.manifest import KINDS
from adapters.toast.transactions import (
    Redemption,
    block_of,
    is_known_restaurant,
    kind_of,
    redemptions_of,
)
from partner_sdk.wire.amounts import format_micros, minor_digits

__all__ = ["answer"]

_STATUSES = {
    "member_not_found": "ERROR_ACCOUNT_INVALID",
    "operation_not_found": "ERROR_TRANSACTION_DOES_NOT_EXIST",
    "operation_reversed": "ERROR_TRANSACTION_CANNOT_BE_REVERSED",
    "operation_not_reversible": "ERROR_TRANSACTION_CANNOT_BE_REVERSED",
    "reversal_exceeds_redemption": "ERROR_TRANSACTION_CANNOT_BE_REVERSED",
}
_ABOUT_CHECKS = ("LOYALTY_INQUIRE", "LOYALTY_REDEEM")
_MESSAGES = {"insufficient_points": "There are not enough points."}


def answer(*, request: Request, outcome: Outcome, settings: Settings) -> Reply:
    """The answer to a transaction.

    A refused redemption is no error to Toast: it is accepted, and its offers are rejected.
    """
    kind = kind_of(request)
    if outcome.kind == "unavailable":
        return _reply(500, {"transactionStatus": "ERROR"})
    if outcome.kind == "rejected" and outcome.problem != "malformed":
        return _refused("ERROR_INVALID_TOKEN")
    if kind not in KINDS:
        return _refused("ERROR_INVALID_TOAST_TRANSACTION_TYPE")
    if not is_known_restaurant(request, settings):
        return _refused("ERROR_INVALID_RESTAURANT")
    if outcome.kind == "rejected":
        return _refused("ERROR_INVALID_INPUT_PROPERTIES")
    if kind == "LOYALTY_SEARCH":
        return _found(outcome)
    if outcome.problem in ("member_not_found", "key_reused"):
        return _refused(_STATUSES.get(outcome.problem, "ERROR_INVALID_INPUT_PROPERTIES"))
    if kind in _ABOUT_CHECKS:
        return _about_check(request, outcome, settings)
    if outcome.problem is not None:
        return _refused(_STATUSES.get(outcome.problem, "ERROR_INVALID_INPUT_PROPERTIES"))
    said: dict[str, Any] = {"transactionStatus": "ACCEPT"}
    points = outcome.facts.get("earned_points")
    if kind == "LOYALTY_ACCRUE" and isinstance(points, int) and points > 0:
        earned = "1 point" if points == 1 else f"{points} points"
        said["checkResponse"] = {"userMessage": f"You earned {earned}."}
    return _reply(200, said)


def _found(outcome: Outcome) -> Reply:
    members = outcome.facts.get("members") or ()
    if outcome.problem is not None or not members:
        return _reply(404, {"transactionStatus": "ERROR_ACCOUNT_INVALID"})
    accounts = [_account(str(each["member"]), each) for each in members]
    return _reply(200, {"searchResponse": {"accounts": accounts}, "transactionStatus": "ACCEPT"})


def _about_check(request: Request, outcome: Outcome, settings: Settings) -> Reply:
    """Which offers stand, which do not, and which others there are."""
    try:
        block = block_of(load(request.body), kind_of(request))
        offers, left = redemptions_of(block), amount_left(block["check"])
    except Malformed:
        return _refused("ERROR_INVALID_INPUT_PROPERTIES")
    facts = outcome.facts
    spendable = int(facts.get("spendable_micros") or 0)
    if kind_of(request) == "LOYALTY_REDEEM":
        done = "redemption" in facts and outcome.problem is None
        stands = [each.processed or (done and each.ours) for each in offers]
    else:
        stands, spendable = _affordable(offers, spendable)
    message = _MESSAGES.get(outcome.problem or "insufficient_points", "Points cannot be spent now.")
    rejected = [
        {"redemption": _told(each), "message": message if each.ours else "The offer is not known."}
        for each, good in zip(offers, stands, strict=True)
        if not good
    ]
    said = {
        "accountInfo": _account(str(block.get("loyaltyIdentifier")), facts),
        "offers": _offers(spendable, left, settings),
        "rejectedRedemptions": rejected,
        "appliedRedemptions": [
            _told(each) for each, good in zip(offers, stands, strict=True) if good
        ],
    }
    return _reply(200, {"checkResponse": said, "transactionStatus": "ACCEPT"})


def _affordable(offers: Sequence[Redemption], spendable: int) -> tuple[list[bool], int]:
    """Which offers the points are enough for, in their order; and what is then left."""
    stands = []
    for each in offers:
        good = each.processed or (each.ours and each.micros <= spendable)
        if good and not each.processed:
            spendable -= each.micros
        stands.append(good)
    return stands, spendable


def _offers(spendable: int, left: int, settings: Settings) -> list[dict[str, Any]]:
    """The sums that the connection names, and all that is possible."""
    minor: int = 10 ** (6 - minor_digits(settings.currency))
    found = []
    for step in settings.options.get("offers", "").split():
        try:
            worth = decimal_micros(step, "offers")
        except Malformed:
            continue
        if 0 < worth <= spendable and not worth % minor:
            found.append(_offer(step, worth, worth <= left, spendable // worth, settings))
    most = min(spendable, left) if left else spendable
    most -= most % minor
    if most > 0:
        found.append(_offer("all", most, left > 0, 1, settings))
    return found


def _offer(
    name: str, worth: int, applicable: bool, times: int, settings: Settings
) -> dict[str, Any]:
    shown = format_micros(worth, min_digits=minor_digits(settings.currency))
    return {
        "identifier": f"{OFFER}{name}",
        "name": f"Pay {shown} {settings.currency} with points",
        "applicable": applicable,
        "selectionType": "CHECK",
        "amount": _Number(shown),
        "quantity": times,
    }


def _account(identifier: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Opaque: the hub knows no names, and the till need not know contacts."""
    return {
        "identifier": identifier,
        "firstName": "Member",
        "lastName": identifier[-4:],
        "phone": "",
        "email": "",
        "pointsBalance": int(facts.get("points") or 0),
    }


def _told(each: Redemption) -> Mapping[str, Any]:
    """The redemption as the till told it; its numbers with the digits that they came with."""
    return each.told


def _refused(status: str) -> Reply:
    return _reply(400, {"transactionStatus": status})


def _reply(status: int, said: Mapping[str, Any]) -> Reply:
    body = _written(said).encode()
    return Reply(status, body, {"Content-Type": "application/json"})


class _Number(str):
    """Digits that are written as a number of JSON."""

    __slots__ = ()


def _written(value: Any) -> str:
    """JSON whose decimals keep their digits: nothing passes through binary floating point."""
    if isinstance(value, _Number | Decimal):
        return str(value)
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(name))}:{_written(each)}" for name, each in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_written(each) for each in value) + "]"
    return json.dumps(value)
