"""The simulator's checkouts: codes are made at once, and used when the test says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from partner_sdk.testing.model import POINT_MICROS, HubModel
from partner_sdk.testing.refusals import (
    Refusal,
    check_fields,
    invalid,
    money_of,
    points_of,
    text_of,
)
from partner_sdk.wire.instants import format_instant

__all__ = ["Spends"]

_OPTIONAL = ("points", "amount", "order", "customer", "expires_in_seconds")
_LONGEST = {"id": 200, "email": 254, "phone": 32}
#: How much longer than the code the hold lasts.
_GRACE_SECONDS = 900


@dataclass(slots=True)
class Spends:
    """Connections of the partner, and the spends of each by id, in wire form."""

    model: HubModel
    connections: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def answer(
        self,
        *,
        method: str,
        parts: list[str],
        body: Any,
        query: Mapping[str, str],  # noqa: ARG002 - as all nouns are called
    ) -> tuple[int, Any] | None:
        """Answer a call about spends; None for any other."""
        match (method, *parts):
            case ("POST", "connections", connection, "spends"):
                return self._make(connection, body)
            case ("GET", "connections", connection, "spends"):
                found = [self._now(each) for each in self._at(connection).values()]
                return 200, {"items": found, "next_cursor": None}
            case ("GET", "connections", connection, "spends", name):
                return 200, self._now(self._spend(connection, name))
            case ("POST", "connections", connection, "spends", name, "undo"):
                return 200, self._undo(self._spend(connection, name))
            case _:
                return None

    def use(self, spend_id: str, *, points: int | None = None) -> dict[str, Any]:
        """An order is paid with it, or with so many of its points; the rest is released."""
        found = next((at[spend_id] for at in self.connections.values() if spend_id in at), None)
        if found is None:
            raise Refusal("spend_not_found")
        hold = self.model.hold(found["hold"])
        used = self.model.capture(hold, hold.points if points is None else points)
        found |= {"state": "used", "redemption": used.id}
        return found

    def _at(self, connection: str) -> dict[str, dict[str, Any]]:
        if connection not in self.connections:
            raise Refusal("connection_not_found")
        return self.connections[connection]

    def _spend(self, connection: str, name: str) -> dict[str, Any]:
        found = self._at(connection).get(name)
        if found is None:
            raise Refusal("spend_not_found")
        return found

    def _now(self, spend: dict[str, Any]) -> dict[str, Any]:
        """A code whose time is over is taken back."""
        if spend["state"] == "made" and spend["expires_at"] <= format_instant(self.model.now()):
            spend["state"] = "undone"
        return spend

    def _make(self, connection: str, body: object) -> tuple[int, Any]:
        spends = self._at(connection)
        asked = check_fields(body, needed=("reference", "member"), allowed=_OPTIONAL)
        reference = text_of(asked["reference"], at="/reference")
        points = self._points(asked)
        seconds = asked.get("expires_in_seconds", 1800)
        if type(seconds) is not int or not 60 <= seconds <= 86_400:
            raise invalid("/expires_in_seconds", "must be from 60 to 86400")
        order = asked.get("order")
        if order is not None:
            text_of(order, at="/order", longest=200)
        if "customer" in asked:
            _check_customer(asked["customer"])
        for each in spends.values():
            if each["reference"] == reference:
                same = (each["member"], each["points"])
                if same != (self.model.find(asked["member"]).id, points):
                    raise Refusal("spend_reference_taken")
                return 200, self._now(each)
        hold = self.model.reserve(
            asked["member"], points, seconds=seconds + _GRACE_SECONDS, note=reference
        )
        now, name = self.model.now(), self.model.new_id("spd")
        spends[name] = {
            "id": name,
            "connection": connection,
            "reference": reference,
            "member": hold.member,
            "state": "made",
            "points": points,
            "amount": self.model.amount(points),
            "code": f"points-{name}",
            "order": order,
            "undoing": False,
            "problem": None,
            "hold": hold.id,
            "redemption": None,
            "expires_at": format_instant(now + timedelta(seconds=seconds)),
            "created_at": format_instant(now),
        }
        return 201, spends[name]

    def _points(self, asked: Mapping[str, Any]) -> int:
        if ("points" in asked) == ("amount" in asked):
            raise invalid("", "needs exactly one of points and amount")
        if "points" in asked:
            return points_of(asked["points"], at="/points")
        micros = money_of(asked["amount"], at="/amount", currency=self.model.currency)
        if micros < POINT_MICROS:
            raise invalid("/amount", "must be worth a point or more")
        return micros // POINT_MICROS

    def _undo(self, spend: dict[str, Any]) -> dict[str, Any]:
        if spend["state"] == "used":
            raise Refusal("spend_used")
        hold = self.model.hold(spend["hold"])
        if hold.state == "held":
            self.model.void(hold)
        spend["state"] = "undone"
        return spend


def _check_customer(value: object) -> None:
    asked = check_fields(value, at="/customer", allowed=tuple(_LONGEST))
    if not asked:
        raise invalid("/customer", "needs at least one of id, email and phone")
    for name, given in asked.items():
        text_of(given, at=f"/customer/{name}", longest=_LONGEST[name])
