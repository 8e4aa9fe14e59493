"""A certification: ten cases of one connection, each graded. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from coalition.errors import HubError

Grade = Literal["passed", "failed", "not_for_it"]
GRADES: Final = ("passed", "failed", "not_for_it")
"""`not_for_it`: the platform cannot do it, and its manifest says why. What could not be tried has
failed: nothing is passed over."""
CASES: Final = {
    "signed": "what the platform signs is taken, and nothing else",
    "in_time": "the platform gets its answer in time",
    "twice": "the same delivery twice counts once",
    "earn": "an order of the shop earns",
    "old_revision": "an older state of an order, told late, changes nothing",
    "refund_by_line": "a refund of lines takes points back",
    "refund_by_amount": "a refund of an amount takes points back",
    "cancel": "a cancelled order earns nothing any more",
    "guest": "a guest's order is nobody's",
    "spend": "points pay, and are taken back",
}
MOST_KEPT: Final = 50
"""Reports of one connection that are kept."""
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Graded:
    """A case, what was found, and what to do where it failed."""

    case: str
    grade: Grade
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Certification:
    """A run of all cases. `finished_at` is wall time; `of` is what the connection was set to."""

    id: UUID
    connection_no: int
    finished_at: datetime
    cases: tuple[Graded, ...]
    of: str

    @property
    def passed(self) -> bool:
        """Whether no case failed."""
        return all(each.grade != "failed" for each in self.cases)


def passed(case: str, found: str) -> Graded:
    """The case is as it should be."""
    return Graded(case, "passed", _short(found))


def failed(case: str, found: str, mend: str) -> Graded:
    """The case is not; a long text of a platform's is cut."""
    return Graded(case, "failed", _short(found), mend)


def _short(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]


def check_may_run(state: str) -> None:
    """Refuse a connection that is not in state `test`.

    Raises:
        HubError: `connection_not_in_test`.
    """
    if state == "test":
        return
    told = {
        "live": "It is live, and its orders count: certify it in state test, before it goes live.",
        "paused": "It is paused: put it into state test first.",
    }
    raise HubError("connection_not_in_test", told.get(state, f"The connection is {state}."))


def state_of(settings: Mapping[str, Any], guests: str, rotated_at: datetime | None) -> str:
    """What a connection is set to, as a hash: another one, and a report is of what was before."""
    rotated = None if rotated_at is None else rotated_at.timestamp()
    said = json.dumps([settings, guests, rotated], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


def case_documents(cases: Sequence[Graded]) -> list[dict[str, Any]]:
    """Cases as JSON."""
    return [
        {
            "case": each.case,
            "asks": CASES[each.case],
            "grade": each.grade,
            "found": each.found,
            "mend": each.mend or None,
        }
        for each in cases
    ]


def cases_of(documents: Sequence[Mapping[str, Any]]) -> tuple[Graded, ...]:
    """Cases as they were stored."""
    return tuple(
        Graded(each["case"], each["grade"], each["found"], each["mend"] or "") for each in documents
    )
