"""The simulator's routes: from a checked request to the model and back to JSON."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from partner_sdk.testing.model import HubModel
from partner_sdk.testing.refusals import (
    Refusal,
    check_fields,
    invalid,
    money_of,
    points_of,
    refusal_document,
    text_of,
)
from partner_sdk.wire.instants import format_instant

__all__ = ["Call", "answer"]

Answer = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the model; ``ids`` are the decoded variable parts of the path."""

    model: HubModel
    ids: tuple[str, ...]
    body: Any
    query: Mapping[str, str]


def answer(*, method: str, parts: list[str], make: Callable[[tuple[str, ...]], Call]) -> Answer:
    """Find the route and return its answer.

    Raises:
        Refusal: no such route, or the model refuses.
    """
    other_method = False
    for (route_method, pattern), run in _ROUTES.items():
        wanted = pattern.split("/")
        if len(wanted) != len(parts):
            continue
        pairs = list(zip(wanted, parts, strict=True))
        if all(want in ("*", part) for want, part in pairs):
            if route_method == method:
                return run(make(tuple(part for want, part in pairs if want == "*")))
            other_method = True
    raise Refusal("method_not_allowed" if other_method else "not_found")


def _enrol(call: Call) -> Answer:
    return 201, call.model.enrol(call.body)


def _lookup(call: Call) -> Answer:
    return 200, call.model.member_wire(call.model.find(call.body))


def _member(call: Call) -> Answer:
    return 200, call.model.member_wire(call.model.find({"id": call.ids[0]}))


def _balance(call: Call) -> Answer:
    return 200, call.model.balance(call.model.find({"id": call.ids[0]}))


def _add_card(call: Call) -> Answer:
    return 201, call.model.add_card(call.model.find({"id": call.ids[0]}))


def _replace_card(call: Call) -> Answer:
    member, number = call.model.find({"id": call.ids[0]}), call.ids[1]
    if member.cards.get(number) != "active":
        raise Refusal("card_not_found")
    member.cards[number] = "replaced"
    return 201, call.model.add_card(member)


def _reference(call: Call) -> Answer:
    member = call.model.find({"id": call.ids[0]})
    asked = check_fields(call.body, needed=("reference",))
    reference = text_of(asked["reference"], at="/reference")
    if any(m.reference == reference and m is not member for m in call.model.members.values()):
        raise Refusal("reference_taken")
    member.reference = reference
    return 200, call.model.member_wire(member)


def _spend_lock(call: Call) -> Answer:
    member = call.model.find({"id": call.ids[0]})
    locked = check_fields(call.body, needed=("locked",))["locked"]
    if not isinstance(locked, bool):
        raise invalid("/locked", "must be true or false")
    member.spend_locked = locked
    return 200, call.model.member_wire(member)


def _put_sale(call: Call) -> Answer:
    created, sale = call.model.put_sale(_sale_id(call.ids[0]), call.body)
    return (201 if created else 200), sale


def _get_sale(call: Call) -> Answer:
    state = call.model.sale(call.ids[0])
    return 200, call.model.sale_wire(state, outcome="unchanged", change=0)


def _batch(call: Call) -> Answer:
    sales = check_fields(call.body, needed=("sales",))["sales"]
    if not isinstance(sales, list) or not 1 <= len(sales) <= 1000:
        raise invalid("/sales", "must be a list of 1 to 1000 sales")
    return 200, {"results": [_item(call.model, sale) for sale in sales]}


def _item(model: HubModel, sale: object) -> dict[str, Any]:
    sale_id = sale.get("id") if isinstance(sale, dict) else None
    try:
        key = _sale_id(sale_id)
        assert isinstance(sale, dict)  # noqa: S101 - it had an id
        body = {name: value for name, value in sale.items() if name != "id"}
        created, answered = model.put_sale(key, body)
    except Refusal as refusal:
        problem = refusal_document(refusal)
        return {"id": sale_id, "status": problem["status"], "sale": None, "problem": problem}
    return {"id": key, "status": 201 if created else 200, "sale": answered, "problem": None}


def _sale_id(value: object) -> str:
    if not isinstance(value, str) or re.fullmatch(r"[A-Za-z0-9._~-]{1,64}", value) is None:
        raise invalid("/id", "must be 1 to 64 letters, digits, dots, _, ~ or -")
    return value


def _claim(call: Call) -> Answer:
    return 200, call.model.give_sale(call.ids[0], call.body, claim=True)


def _move(call: Call) -> Answer:
    return 200, call.model.give_sale(call.ids[0], call.body, claim=False)


def _quote(call: Call) -> Answer:
    asked = check_fields(call.body, needed=("member",), allowed=("points", "amount"))
    if "points" in asked and "amount" in asked:
        raise invalid("/amount", "cannot be given with points")
    member = call.model.spender(asked["member"])
    points = member.active
    if "points" in asked:
        points = points_of(asked["points"], at="/points")
    elif "amount" in asked:
        points = money_of(asked["amount"], at="/amount", currency=call.model.currency) // 10_000
        if points == 0:
            raise Refusal("amount_too_small")
    return 200, {
        "member": member.id,
        "points": points,
        "amount": call.model.amount(points),
        "available": member.active,
    }


_TILL = ("reference", "store", "till")


def _hold(call: Call) -> Answer:
    asked = check_fields(
        call.body, needed=("member", "points"), allowed=(*_TILL, "expires_in_seconds")
    )
    seconds = asked.get("expires_in_seconds", 900)
    if type(seconds) is not int or not 60 <= seconds <= 604_800:
        raise invalid("/expires_in_seconds", "must be from 60 to 604800")
    points = points_of(asked["points"], at="/points")
    note = asked.get("reference")
    hold = call.model.reserve(asked["member"], points, seconds=seconds, note=note)
    return 201, _hold_wire(call.model, hold.id)


def _get_hold(call: Call) -> Answer:
    return 200, _hold_wire(call.model, call.ids[0])


def _capture(call: Call) -> Answer:
    asked = check_fields(call.body or {}, allowed=("points", "receipt"))
    hold = call.model.hold(call.ids[0])
    points = points_of(asked["points"], at="/points") if "points" in asked else hold.points
    return 201, _redemption_wire(call.model, call.model.capture(hold, points).id)


def _void(call: Call) -> Answer:
    call.model.void(call.model.hold(call.ids[0]))
    return 200, _hold_wire(call.model, call.ids[0])


def _redeem(call: Call) -> Answer:
    asked = check_fields(call.body, needed=("member", "points"), allowed=(*_TILL, "receipt"))
    points = points_of(asked["points"], at="/points")
    note = asked.get("reference")
    hold = call.model.reserve(asked["member"], points, seconds=60, note=note)
    del call.model.holds[hold.id]
    return 201, _redemption_wire(call.model, call.model.capture(hold, points, one_step=True).id)


def _get_redemption(call: Call) -> Answer:
    return 200, _redemption_wire(call.model, call.ids[0])


def _reverse(call: Call) -> Answer:
    asked = check_fields(call.body, needed=("points",), allowed=("reason",))
    points = points_of(asked["points"], at="/points")
    redemption = call.model.redemption(call.ids[0])
    call.model.reverse(redemption, points)
    return 201, {
        "id": call.model.new_id("rev"),
        "redemption": redemption.id,
        "points": points,
        "amount": call.model.amount(points),
        "reversed_points": redemption.reversed,
    }


def _transactions(call: Call) -> Answer:
    first, limit = call.query.get("cursor", "0"), call.query.get("limit", "50")
    if re.fullmatch(r"[0-9]{1,9}", first) is None:
        raise Refusal("invalid_cursor")
    if re.fullmatch(r"[0-9]{1,3}", limit) is None or not 1 <= int(limit) <= 200:
        raise Refusal("limit_out_of_range")
    start, stop = int(first), int(first) + int(limit)
    items = call.model.movements[start:stop]
    more = stop < len(call.model.movements)
    return 200, {"items": items, "next_cursor": str(stop) if more else None}


def _hold_wire(model: HubModel, hold_id: str) -> dict[str, Any]:
    hold = model.hold(hold_id)
    return {
        "id": hold.id,
        "member": hold.member,
        "state": hold.state,
        "points": hold.points,
        "amount": model.amount(hold.points),
        "captured_points": hold.captured,
        "expires_at": format_instant(hold.expires_at),
        "redemption": hold.redemption,
        "reference": hold.reference,
    }


def _redemption_wire(model: HubModel, redemption_id: str) -> dict[str, Any]:
    redemption = model.redemption(redemption_id)
    return {
        "id": redemption.id,
        "member": redemption.member,
        "points": redemption.points,
        "amount": model.amount(redemption.points),
        "reversed_points": redemption.reversed,
        "hold": redemption.hold,
        "reference": redemption.reference,
        "created_at": format_instant(redemption.created_at),
    }


_ROUTES: dict[tuple[str, str], Callable[[Call], Answer]] = {
    ("POST", "v1/members"): _enrol,
    ("POST", "v1/members/lookup"): _lookup,
    ("GET", "v1/members/*"): _member,
    ("GET", "v1/members/*/balance"): _balance,
    ("PUT", "v1/members/*/spend-lock"): _spend_lock,
    ("POST", "v1/members/*/cards"): _add_card,
    ("POST", "v1/members/*/cards/*/replace"): _replace_card,
    ("PUT", "v1/members/*/reference"): _reference,
    ("POST", "v1/sales/batch"): _batch,
    ("PUT", "v1/sales/*"): _put_sale,
    ("GET", "v1/sales/*"): _get_sale,
    ("POST", "v1/sales/*/claim"): _claim,
    ("POST", "v1/sales/*/move"): _move,
    ("POST", "v1/quotes"): _quote,
    ("POST", "v1/holds"): _hold,
    ("GET", "v1/holds/*"): _get_hold,
    ("POST", "v1/holds/*/capture"): _capture,
    ("POST", "v1/holds/*/void"): _void,
    ("POST", "v1/redemptions"): _redeem,
    ("GET", "v1/redemptions/*"): _get_redemption,
    ("POST", "v1/redemptions/*/reversals"): _reverse,
    ("GET", "v1/transactions"): _transactions,
}
