"""The night as a chain: which step follows which, and which dates are due."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Literal

Step = Literal[
    "expire_holds",
    "activate_points",
    "expire_lots",
    "close",
    "charge",
    "disputes",
    "net",
    "issue",
    "log",
    "publish",
]

STEPS: tuple[Step, ...] = (
    "expire_holds",
    "activate_points",
    "expire_lots",
    "close",
    "charge",
    "disputes",
    "net",
    "issue",
    "log",
    "publish",
)

STEP_MEANINGS: dict[Step, str] = {
    "expire_holds": "holds that ended in the window give their points back",
    "activate_points": "points whose return window ended become active",
    "expire_lots": "points past their expiry go to breakage",
    "close": "no posting lands in the window from here on",
    "charge": "what overdue payments cost is posted: interest and penalties",
    "disputes": "disputes whose deadline passed get their default outcome",
    "net": "each pair is netted and rounded, each party's position is proven and kept",
    "issue": "every party's statement is written, hashed and signed",
    "log": "statements, agreements and certificates are in the public log, its new state signed",
    "publish": "partners can download them, and those that subscribed are told",
}


def next_step(done: Collection[str]) -> Step | None:
    """The first step of the chain that is not done yet, or None after the last."""
    return next((step for step in STEPS if step not in done), None)


def dates_due(*, unfinished: Iterable[date], last_closed: date, through: date) -> tuple[date, ...]:
    """The business dates to settle, oldest first, up to and with `through`.

    `unfinished` are closed dates whose chain has not come to its end; every date after
    `last_closed` is open. Dates are settled strictly in their order, since each statement
    continues the one before.
    """
    still_open = (
        last_closed + timedelta(days=n) for n in range(1, (through - last_closed).days + 1)
    )
    return tuple(sorted({d for d in (*unfinished, *still_open) if d <= through}))
