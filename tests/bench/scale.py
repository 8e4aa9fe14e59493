"""How much is measured: everything, or a quick look that only shows that it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of one run."""

    rounds: int
    seconds: float
    members: int
    partners: int
    batch: int
    night_partners: int
    night_movements: int
    ledger_small: int
    ledger_large: int


FULL = Scale(
    rounds=7,
    seconds=8.0,
    members=10_000,
    partners=20,
    batch=500,
    night_partners=500,
    night_movements=1_000_000,
    ledger_small=10_000,
    ledger_large=10_000_000,
)
QUICK = Scale(
    rounds=3,
    seconds=2.0,
    members=10_000,
    partners=20,
    batch=500,
    night_partners=50,
    night_movements=40_000,
    ledger_small=10_000,
    ledger_large=200_000,
)
