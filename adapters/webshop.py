"""What the adapters of web shops share: discounts spread, points as a tender, refunds put on lines.

A shopper pays with points by a code that takes something off. To members and partners that is a
tender and no discount: the lines are stated as they were before it, and what is given back of a
line as well, for a shop gives back money only for what money paid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from adapters.contract import (
    Answer,
    Customer,
    Headers,
    Ignored,
    Line,
    Malformed,
    Outcome,
    Refund,
    RefundLine,
    Reply,
    Settings,
    Spend,
    Tender,
)
from adapters.contract.facts import RefundStatus, TenderKind
from adapters.reading import identifier, load, optional
from partner_sdk.wire.amounts import MAX_MICROS, format_micros, minor_digits

__all__ = [
    "CODE",
    "Sold",
    "acknowledge",
    "answered",
    "card_named",
    "code_of",
    "customer",
    "fitting",
    "given_back",
    "money_text",
    "newest",
    "next_page",
    "paid_with_points",
    "part",
    "record",
    "revision",
    "shares",
    "spend_of",
    "spread",
    "tenders",
]

#: What every code begins with that a shopper has for points.
CODE = "points-"


@dataclass(frozen=True, slots=True)
class Sold:
    """A line: what was paid for it with money, and what with points (micros)."""

    id: str
    category: str
    quantity_micros: int
    money_micros: int
    points_micros: int = 0

    def line(self) -> Line:
        """The line as it is stated. Raises Malformed for one beyond what sales can say."""
        whole = self.money_micros + self.points_micros
        if max(whole, self.quantity_micros) > MAX_MICROS:
            raise Malformed("a line is beyond 10^12")
        return Line(self.id, self.category, self.quantity_micros, whole)

    def back(self, money_micros: int, quantity_micros: int | None) -> RefundLine:
        """What is given back of it, as it is stated: with the points that paid for that part."""
        if self.money_micros:
            points = part(self.points_micros, money_micros, self.money_micros)
        else:
            points = part(self.points_micros, quantity_micros or 0, self.quantity_micros)
        return RefundLine(self.id, money_micros + points, quantity_micros)


def part(whole: int, share: int, of: int) -> int:
    """A share of a whole, rounded down and never more than all of it."""
    return 0 if of <= 0 else min(whole, whole * share // of)


def spread(lines: Sequence[Sold], micros: int) -> list[Sold]:
    """Take an amount off the lines in proportion, to the micro."""
    return [
        replace(line, money_micros=line.money_micros - off)
        for line, off in zip(lines, _shares(lines, micros), strict=True)
    ]


def paid_with_points(lines: Sequence[Sold], micros: int) -> list[Sold]:
    """What codes for points took off a whole order, as their payment of the lines in proportion."""
    return [
        replace(line, money_micros=line.money_micros - paid, points_micros=paid)
        for line, paid in zip(lines, _shares(lines, micros), strict=True)
    ]


def shares(whole: int, weights: Iterable[int]) -> list[int]:
    """A whole in proportion to weights, to the micro; all of it, unless nothing weighs anything."""
    weights = list(weights)
    total, left, done = sum(weights), whole, []
    for weight in weights:
        share = part(left, weight, total)
        total -= weight
        left -= share
        done.append(share)
    return done


def _shares(lines: Sequence[Sold], micros: int) -> list[int]:
    money = [line.money_micros for line in lines]
    return shares(min(micros, sum(money)), money)


def given_back(
    *,
    id: str,  # noqa: A002 - its name in the facts
    status: RefundStatus,
    money_micros: int,
    at: datetime | None,
    parts: Iterable[tuple[Sold, int, int | None]],
    of: Iterable[Sold] = (),
) -> Refund:
    """A refund of `money_micros`, of which `parts` (line, money, quantity) say where it belongs.

    What the lines' parts are more than the money, as with a fee for restocking, is kept by the
    shop: the last parts are cut. What they leave open belongs to the order as a whole; where its
    lines `of` never change once it is paid, the points that paid them come back with it in
    proportion. Elsewhere an edit would change what was stated of the refund.
    """
    left, stated, points = money_micros, [], 0
    for line, money, quantity in parts:
        one = line.back(min(money, left), quantity)
        points += one.amount_micros - min(money, left)
        left -= min(money, left)
        stated.append(one)
    sold = tuple(of)
    paid = sum(line.points_micros for line in sold)
    points += part(paid, left, sum(line.money_micros for line in sold))
    return Refund(
        id=id,
        status=status,
        amount_micros=money_micros + points,
        occurred_at=at,
        lines=tuple(stated),
    )


def revision(changed_at: datetime, *grown: int) -> int:
    """Microseconds of a time that counts seconds, and within one second what can only grow.

    Half of the room below a second is left for a hub that fetched another state at one time.
    """
    return int(changed_at.timestamp()) * 1_000_000 + sum(grown) % 500_000


def newest(lines: Iterable[Sold]) -> int:
    """The highest number of a line: whatever is added to an order gets a higher one."""
    return max(
        (int(n) for line in lines if (n := line.id.rpartition("-")[2]).isdecimal()), default=0
    )


def record(value: Any, at: str) -> Mapping[str, Any]:
    """An object; a missing one is empty. Raises Malformed."""
    if value is None or value == []:
        return {}
    if not isinstance(value, Mapping):
        raise Malformed(f"{at} is not an object")
    return value


def code_of(spend: Spend) -> str:
    """The code of a hold or redemption: the same one always, so that making it twice makes one."""
    return f"{CODE}{spend.id}"


def spend_of(code: object) -> str | None:
    """The hold or redemption behind a code; codes are the same in whatever case."""
    if isinstance(code, str) and code.lower().startswith(CODE):
        return code.lower().removeprefix(CODE) or None
    return None


def tenders(
    paid: Iterable[tuple[TenderKind, int]], points: Mapping[str, int]
) -> tuple[Tender, ...]:
    """Means of payment by kind, and what each code for points paid; none of nothing."""
    sums: dict[TenderKind, int] = {}
    for kind, micros in paid:
        sums[kind] = sums.get(kind, 0) + micros
    money = [Tender(kind, micros) for kind, micros in sorted(sums.items()) if micros > 0]
    return (*money, *(Tender("points", points[i], i) for i in sorted(points) if points[i] > 0))


def fitting(paid: Iterable[tuple[TenderKind, int]], change: int) -> list[tuple[TenderKind, int]]:
    """Payments less the change that was given, which is cash."""
    left, fitted = change, []
    for kind, micros in paid:
        off = min(left, micros) if kind == "cash" else 0
        left -= off
        fitted.append((kind, micros - off))
    return fitted


def customer(
    *,
    id: object,  # noqa: A002 - as in the facts
    email: object,
    phone: object,
    card: str | None,
) -> Customer | None:
    """Who bought; ids of nobody (0, none) are none."""
    known = None if id in (None, 0, "0", "") else identifier(id, "customer.id")
    found = Customer(id=known, card=card, phone=optional(phone), email=optional(email))
    return None if found == Customer() else found


def card_named(
    fields: Iterable[Mapping[str, Any]], settings: Settings, *, name: str, value: str = "value"
) -> str | None:
    """The member's card, from a field of the order whose name the connection sets."""
    wanted = settings.options.get("card_attribute", "loyalty_card")
    found = next((f.get(value) for f in fields if f.get(name) == wanted), None)
    return str(found).strip() or None if isinstance(found, str | int) else None


def money_text(micros: int, currency: str) -> str:
    """An amount as shops take it, with the digits of its currency; never more than was asked."""
    digits = minor_digits(currency)
    return format_micros(micros - micros % 10 ** (6 - digits), min_digits=digits)


def answered(answer: Answer, at: str) -> Any:
    """What a platform answered; Ignored where it does not know the order (any more).

    Raises:
        Malformed: it answered something else than success.
    """
    if answer.status in (404, 410):
        return Ignored("the shop does not know this order any more")
    if not 200 <= answer.status < 300:
        raise Malformed(f"{at}: the shop answered {answer.status}")
    return None if answer.status == 204 or not answer.body else load(answer.body)


def next_page(headers: Headers, parameter: str) -> str | None:
    """The value of a parameter in the link to the next page (RFC 8288), or None at the end."""
    for link in headers.get("Link", "").split(","):
        if re.search(r'rel="?next"?', link):
            found = re.search(rf"[?&]{re.escape(parameter)}=([^&>]+)", link)
            return None if found is None else unquote(found.group(1))
    return None


def acknowledge(outcome: Outcome) -> Reply:
    """200 for what is kept; 401 for what is not the platform's; 503 for trouble that passes."""
    status = {"rejected": 401, "unavailable": 503}.get(outcome.kind, 200)
    return Reply(status)
