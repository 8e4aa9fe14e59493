"""How much is measured: everything, or a quick look that only shows that it works."""

from __future__ import annotations

from dataclasses import dataclass

from tests.bench.machine import Patience


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of one run. `batches` is per process and turn; `requests` per turn."""

    rounds: int
    seconds: float
    members: int
    partners: int
    batch: int
    batches: int
    requests: int
    nights: int
    night_partners: int
    night_movements: int
    night_large: int
    ledger_small: int
    ledger_large: int
    patience: Patience


FULL = Scale(
    rounds=5,
    seconds=6.0,
    members=10_000,
    partners=20,
    batch=500,
    batches=60,
    requests=4_000,
    nights=2,
    night_partners=500,
    night_movements=1_000_000,
    night_large=10_000_000,
    ledger_small=10_000,
    ledger_large=10_000_000,
    patience=Patience(most_stolen=0.1, tries=4, rest_seconds=10),
)
QUICK = Scale(
    rounds=3,
    seconds=2.0,
    members=10_000,
    partners=20,
    batch=500,
    batches=12,
    requests=800,
    nights=2,
    night_partners=50,
    night_movements=40_000,
    night_large=400_000,
    ledger_small=10_000,
    ledger_large=200_000,
    patience=Patience(most_stolen=1, tries=1, rest_seconds=0),
)
