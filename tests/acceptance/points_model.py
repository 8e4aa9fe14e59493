"""A small model of one member's points, written from the rules and not from the hub's code.

Lots are plain dictionaries; every rule is a loop. It is slow and obvious, and it is what the hub is
compared with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

BUCKETS = ("pending", "active", "held", "spent", "expired", "clawed_back", "taken")


@dataclass
class ModelSale:
    """A sale: what it cost, what has been refunded, the lots it made."""

    partner: str
    euros: int
    points_per_euro: int
    refunded: int = 0
    points: int = 0
    lots: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class ModelAccount:
    """One member's lots and debts."""

    open: bool = True
    lots: list[dict[str, Any]] = field(default_factory=list)
    debts: list[dict[str, Any]] = field(default_factory=list)

    def total(self, bucket: str) -> int:
        return sum(lot[bucket] for lot in self.lots)

    def debt(self) -> int:
        return sum(debt["left"] for debt in self.debts)

    def spendable(self, now: datetime) -> list[dict[str, Any]]:
        found = [lot for lot in self.lots if lot["active"] and lot["expires"] > now]
        return sorted(found, key=lambda lot: (lot["expires"], lot["number"]))

    def earn(
        self, sale: ModelSale, points: int, activates: datetime, expires: datetime, now: datetime
    ) -> None:
        lot = dict.fromkeys(BUCKETS, 0) | {
            "number": len(self.lots),
            "issuer": sale.partner,
            "activates": activates,
            "expires": expires,
        }
        self.lots.append(lot)
        sale.lots.append(lot)
        sale.points += points
        if activates > now:
            lot["pending"] = points
        else:
            lot["active"] = points
            self.recover(lot)

    def recover(self, lot: dict[str, Any]) -> None:
        for debt in self.debts:
            points = min(debt["left"], lot["active"])
            debt["left"] -= points
            lot["active"] -= points
            lot["clawed_back" if debt["lot"] is lot else "taken"] += points

    def claw_back(self, sale: ModelSale, points: int, now: datetime) -> None:
        # What expired unspent is not lost twice.
        expired = sum(lot["expired"] for lot in sale.lots)
        before, sale.points = sale.points, sale.points - points
        points = min(points, max(0, before - expired))
        for bucket in ("pending", "active"):
            for lot in reversed(sale.lots):
                part = min(points, lot[bucket])
                lot[bucket] -= part
                lot["clawed_back"] += part
                points -= part
        for lot in self.spendable(now):
            part = min(points, lot["active"])
            lot["active"] -= part
            lot["taken"] += part
            points -= part
        if points:
            self.debts.append({"left": points if self.open else 0, "lot": sale.lots[-1]})

    def take(self, points: int, into: str, now: datetime) -> list[tuple[dict[str, Any], int]]:
        parts = []
        for lot in self.spendable(now):
            part = min(points, lot["active"])
            if part:
                lot["active"] -= part
                lot[into] += part
                points -= part
                parts.append((lot, part))
        return parts

    def activate(self, until: datetime) -> None:
        due = [lot for lot in self.lots if lot["pending"] and lot["activates"] < until]
        for lot in sorted(due, key=lambda lot: (lot["activates"], lot["number"])):
            lot["active"] += lot["pending"]
            lot["pending"] = 0
            self.recover(lot)

    def expire(self, until: datetime) -> None:
        for lot in self.lots:
            if lot["active"] and lot["expires"] < until:
                lot["expired"] += lot["active"]
                lot["active"] = 0

    def close(self) -> None:
        for lot in self.lots:
            lot["expired"] += lot["active"] + lot["pending"]
            lot["active"] = lot["pending"] = 0
        for debt in self.debts:
            debt["left"] = 0
        self.open = False
