"""What the replay must remember to go on after a stop: cards, and points meant and spent.

A file of JSON lines that only grows. An intention is written before its redemption is sent, with
the points it names: sent again after a stop, it is the same request under the same idempotency
key, whatever the balance has become meanwhile.
"""

import json
import threading
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from coalition.demo.data import Sale
from coalition.demo.messages import PaidWithPoints

__all__ = ["Journal"]

SaleKey = tuple[str, int]


class Journal:
    """The journal of one coalition's replay; safe to share among threads."""

    def __init__(self, *, path: Path) -> None:
        """Read what an earlier run wrote; a last line that a kill cut short does not count."""
        self._cards: dict[int, str] = {}
        self._meant: dict[SaleKey, int] = {}
        self._paid: dict[SaleKey, PaidWithPoints] = {}
        self._told: date | None = None
        self._settled: date | None = None
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._take(json.loads(line))
        if whole != content:
            path.write_bytes(whole)
        self._file = path.open("a", encoding="utf-8")

    def _take(self, entry: Mapping[str, Any]) -> None:
        if entry["kind"] == "card":
            self._cards[entry["household"]] = entry["card"]
            return
        if entry["kind"] == "told":
            self._told = date.fromisoformat(entry["date"])
            return
        if entry["kind"] == "settled":
            self._settled = date.fromisoformat(entry["date"])
            return
        key = (entry["brand"], entry["basket"])
        if entry["kind"] == "meant":
            self._meant[key] = entry["points"]
        else:
            self._paid[key] = PaidWithPoints(entry["redemption"], entry["points"], entry["amount"])

    def _write(self, entry: dict[str, Any]) -> None:
        with self._lock:
            self._take(entry)
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()

    def card(self, household: int) -> str | None:
        """The household's card, or None before its enrolment."""
        return self._cards.get(household)

    def enrolled(self, *, household: int, card: str) -> None:
        """Remember a household's card."""
        self._write({"kind": "card", "household": household, "card": card})

    def meant(self, sale: Sale) -> int | None:
        """The points (0: none) that were meant to pay for the sale, or None if not asked yet."""
        return self._meant.get((sale.brand, sale.basket))

    def mean(self, *, sale: Sale, points: int) -> None:
        """Remember how many points are meant to pay for a sale, before they are spent."""
        self._write({"kind": "meant", "brand": sale.brand, "basket": sale.basket, "points": points})

    def paid(self, sale: Sale) -> PaidWithPoints | None:
        """The redemption that paid for the sale, if one did."""
        return self._paid.get((sale.brand, sale.basket))

    def pay(self, *, sale: Sale, paid: PaidWithPoints) -> None:
        """Remember the redemption that paid for a sale."""
        self._write(
            {
                "kind": "paid",
                "brand": sale.brand,
                "basket": sale.basket,
                "redemption": paid.redemption,
                "points": paid.points,
                "amount": paid.amount,
            }
        )

    @property
    def last_told(self) -> date | None:
        """The newest business date of which the hub has been told everything."""
        return self._told

    def told(self, day: date) -> None:
        """Remember that the hub has been told all of a business date; only its night is left."""
        self._write({"kind": "told", "date": day.isoformat()})

    @property
    def last_settled(self) -> date | None:
        """The newest business date that an earlier run, or this one, has settled."""
        return self._settled

    def settled(self, day: date) -> None:
        """Remember that a business date is settled."""
        self._write({"kind": "settled", "date": day.isoformat()})

    def close(self) -> None:
        """Close the file."""
        self._file.close()
