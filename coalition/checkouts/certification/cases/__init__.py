"""The ten cases, tried in a rehearsal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from coalition.checkouts.certification.cases.messages import signed, twice
from coalition.checkouts.certification.cases.orders import (
    cancel,
    earn,
    guest,
    old_revision,
    refund_by_amount,
    refund_by_line,
)
from coalition.checkouts.certification.cases.run import Run
from coalition.checkouts.certification.cases.spending import spend
from coalition.checkouts.certification.domain import CASES, Graded
from coalition.checkouts.certification.grading import grade_time
from coalition.checkouts.certification.platform import Found
from coalition.checkouts.certification.rehearsal import Rehearsal
from coalition.checkouts.domain import Connection

__all__ = ["grade_all"]

_WORK: Final[Mapping[str, Callable[[Run], Graded]]] = {
    # What earns is found first: the others are tried on it.
    "earn": earn,
    "signed": signed,
    "twice": twice,
    "old_revision": old_revision,
    "refund_by_line": refund_by_line,
    "refund_by_amount": refund_by_amount,
    "cancel": cancel,
    "guest": guest,
    "spend": spend,
}


def grade_all(*, connection: Connection, rehearsal: Rehearsal, found: Found) -> tuple[Graded, ...]:
    """Try all cases; their grades in the order of the report."""
    run = Run(connection, rehearsal, found)
    graded = {case: work(run) for case, work in _WORK.items()}
    # The time is that of all deliveries.
    graded["in_time"] = grade_time(
        run.took,
        limit_ms=run.adapter.manifest.retries.answer_within_ms,
        title=run.adapter.manifest.title,
    )
    return tuple(graded[case] for case in CASES)
