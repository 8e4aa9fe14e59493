"""The simulator's hub: members, sales, holds and redemptions in memory.

Rules are few and fixed: one point for each whole unit of the currency, active at once, worth
0.01, never expiring. Requests, answers and problems have the real hub's shapes.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from partner_sdk.testing.refusals import Refusal, check_fields, invalid, text_of
from partner_sdk.testing.sales import SaleState, check_refunds, merge, read_revision
from partner_sdk.testing.things import Hold, Member, Redemption
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.ids import encode, encode_window, uuid7
from partner_sdk.wire.instants import format_instant

__all__ = ["HubModel"]

POINT_MICROS = 10_000


@dataclass(slots=True)
class HubModel:
    """All state; the server calls it under one lock. ``now`` is the business clock."""

    currency: str
    now: Callable[[], datetime]
    members: dict[str, Member] = field(default_factory=dict)
    sales: dict[str, SaleState] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    redemptions: dict[str, Redemption] = field(default_factory=dict)
    movements: list[dict[str, Any]] = field(default_factory=list)

    def new_id(self, prefix: str) -> str:
        milliseconds = int(self.now().timestamp() * 1000)
        return encode(prefix, uuid7(unix_ms=milliseconds, random=secrets.token_bytes(10)))

    # --- members -----------------------------------------------------------------------------

    def enrol(self, body: object) -> dict[str, Any]:
        asked = check_fields(body, allowed=("reference", "phone", "email"))
        for name, value in asked.items():
            text_of(value, at=f"/{name}")
        contacts = tuple(asked[name] for name in ("phone", "email") if name in asked)
        for member in self.members.values():
            if "reference" in asked and member.reference == asked["reference"]:
                raise Refusal("reference_taken")
            if set(contacts) & set(member.contacts):
                raise Refusal("contact_taken")
        new = Member(
            id=self.new_id("mem"),
            enrolled_at=self.now(),
            cards={},
            reference=asked.get("reference"),
            contacts=contacts,
        )
        self.members[new.id] = new
        self.add_card(new)
        return self.member_wire(new)

    def add_card(self, member: Member) -> dict[str, str]:
        number = f"{sum(len(one.cards) for one in self.members.values()) + 1:015d}"
        number += _check_digit(number)
        member.cards[number] = "active"
        return {"number": number, "state": "active"}

    def find(self, body: object) -> Member:
        """Return the member that a look-up or a reference means."""
        if not isinstance(body, dict) or len(body) != 1:
            raise invalid("/member", "must name the member in exactly one way")
        ((way, value),) = body.items()
        if not isinstance(value, str):
            raise invalid(f"/member/{way}", "must be text")
        for member in self.members.values():
            found = {
                "id": member.id == value,
                "card": member.cards.get(value) == "active",
                "reference": member.reference == value,
                "phone": value in member.contacts,
                "email": value in member.contacts,
            }
            if way not in found:
                raise invalid(f"/member/{way}", "is not known")
            if found[way]:
                return member
        raise Refusal("member_not_found")

    def member_wire(self, member: Member) -> dict[str, Any]:
        wire = {
            "id": member.id,
            "state": member.state,
            "spend_locked": member.spend_locked,
            "cards": [{"number": n, "state": state} for n, state in member.cards.items()],
            "enrolled_at": format_instant(member.enrolled_at),
        }
        return wire if member.reference is None else {**wire, "reference": member.reference}

    def balance(self, member: Member) -> dict[str, Any]:
        self._expire_holds()
        return {
            "member": member.id,
            "active": member.active,
            "pending": 0,
            "held": member.held,
            "blocked": 0,
            "debt": member.debt,
            "next_expiry": None,
            "as_of": format_instant(self.now()),
        }

    def grant(self, member: Member, points: int) -> None:
        """Give points as if another brand had issued them; a debt takes its part first."""
        recovered = min(member.debt, points)
        member.debt -= recovered
        member.active += points - recovered

    # --- sales -------------------------------------------------------------------------------

    def put_sale(self, sale_id: str, body: object) -> tuple[bool, dict[str, Any]]:
        """Return whether the sale is new, and the answer."""
        new = read_revision(body, currency=self.currency)
        state = self.sales.get(sale_id)
        owner = None if new.member is None else self._earner(new.member)
        created = state is None
        if state is None:
            check_refunds(total=new.total, refunds=new.refunds)
            state = SaleState(id=sale_id, revision=new, refunds=dict(new.refunds))
            outcome = "created"
        else:
            outcome = merge(state=state, new=new)
        self.sales[sale_id] = state
        if state.member is None and owner is not None:
            state.member = owner.id
        return created, self.sale_wire(state, outcome=outcome, change=self._post(state))

    def give_sale(self, sale_id: str, body: object, *, claim: bool) -> dict[str, Any]:
        """Claim a guest's sale, or move a sale to another member."""
        asked = check_fields(body, needed=("member",))
        state = self.sale(sale_id)
        if claim and state.member is not None:
            raise Refusal("sale_already_claimed")
        new = self._earner(asked["member"])
        if state.member is not None:
            self._take(self.members[state.member], state.posted)
        state.posted, state.member = 0, new.id
        return self.sale_wire(state, outcome="updated", change=self._post(state))

    def sale(self, sale_id: str) -> SaleState:
        if sale_id not in self.sales:
            raise Refusal("sale_not_found")
        return self.sales[sale_id]

    def sale_wire(self, state: SaleState, *, outcome: str, change: int) -> dict[str, Any]:
        debt = 0 if state.member is None else self.members[state.member].debt
        return {
            "id": state.id,
            "revision": state.revision.revision,
            "outcome": outcome,
            "member": state.member,
            "agreement": None,
            "points": {"earned": state.posted, "change": change, "pending": 0, "debt": debt},
        }

    def _earner(self, reference: object) -> Member:
        member = self.find(reference)
        if member.state != "active":
            raise Refusal(f"member_{member.state}")
        return member

    def _post(self, state: SaleState) -> int:
        """Post the difference between what should be and what is posted."""
        if state.member is None:
            return 0
        member, change = self.members[state.member], state.earned() - state.posted
        if change > 0:
            self.grant(member, change)
        elif change < 0:
            self._take(member, -change)
        state.posted += change
        if change:
            kind = "earn" if change > 0 else "clawback"
            self._move(kind, member.id, abs(change), sale=state.id)
        return change

    def _take(self, member: Member, points: int) -> None:
        taken = min(points, member.active)
        member.active -= taken
        member.debt += points - taken

    # --- redemptions -------------------------------------------------------------------------

    def spender(self, reference: object) -> Member:
        """Return a member who may spend."""
        self._expire_holds()
        member = self._earner(reference)
        if member.spend_locked:
            raise Refusal("spend_locked")
        return member

    def reserve(self, who: object, points: int, *, seconds: int, note: str | None = None) -> Hold:
        member = self.spender(who)
        if points > member.active:
            raise Refusal("insufficient_points", extra={"available": member.active})
        member.active -= points
        member.held += points
        expires_at = self.now() + timedelta(seconds=seconds)
        hold = Hold(self.new_id("hld"), member.id, points, expires_at, note)
        self.holds[hold.id] = hold
        return hold

    def hold(self, hold_id: str) -> Hold:
        self._expire_holds()
        if hold_id not in self.holds:
            raise Refusal("hold_not_found")
        return self.holds[hold_id]

    def capture(self, hold: Hold, points: int, *, one_step: bool = False) -> Redemption:
        _check_open(hold)
        if points > hold.points:
            raise Refusal("capture_exceeds_hold", extra={"held": hold.points})
        self._release(hold, "captured", back=hold.points - points)
        new = Redemption(
            id=self.new_id("red"),
            member=hold.member,
            points=points,
            created_at=self.now(),
            hold=None if one_step else hold.id,
            reference=hold.reference,
        )
        hold.captured, hold.redemption = points, new.id
        self.redemptions[new.id] = new
        self._move("redeem" if one_step else "capture", hold.member, points, redemption=new.id)
        return new

    def void(self, hold: Hold) -> None:
        _check_open(hold)
        self._release(hold, "voided", back=hold.points)

    def redemption(self, redemption_id: str) -> Redemption:
        if redemption_id not in self.redemptions:
            raise Refusal("redemption_not_found")
        return self.redemptions[redemption_id]

    def reverse(self, redemption: Redemption, points: int) -> None:
        if redemption.reversed + points > redemption.points:
            raise Refusal("reversal_exceeds_redemption")
        redemption.reversed += points
        self.members[redemption.member].active += points
        self._move("restore", redemption.member, points, redemption=redemption.id)

    def amount(self, points: int) -> dict[str, Any]:
        """Return what points are worth."""
        return Money(points * POINT_MICROS, self.currency).to_wire()

    def _release(self, hold: Hold, state: str, *, back: int) -> None:
        member = self.members[hold.member]
        member.held -= hold.points
        member.active += back
        hold.state = state

    def _expire_holds(self) -> None:
        for hold in self.holds.values():
            if hold.state == "held" and hold.expires_at <= self.now():
                self._release(hold, "expired", back=hold.points)

    def _move(self, kind: str, member: str, points: int, **of: str) -> None:
        now = self.now()
        self.movements.append(
            {
                "id": self.new_id("mov"),
                "kind": kind,
                "member": member,
                "lot": None,
                "points": points,
                "from": None,
                "to": None,
                "posted_at": format_instant(now),
                "window": encode_window(now.date()),
                "reason": kind,
                "amounts": [],
                **of,
            }
        )


def _check_open(hold: Hold) -> None:
    if hold.state == "expired":
        raise Refusal("hold_expired")
    if hold.state != "held":
        raise Refusal("hold_not_open", extra={"state": hold.state})


def _check_digit(number: str) -> str:
    """Return the Luhn digit (ISO/IEC 7812-1 annex B)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)
