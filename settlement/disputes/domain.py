"""The life of a dispute, as facts: what may happen to it next, and what is posted for it.

    open ──accepted──────────────────────────────────────▸ closed (upheld)
      │ └──no answer in time─────────────────────────────▸ closed (upheld)
      └──rejected──▸ rejected ──not escalated in time────▸ closed (rejected)
                        └──escalated──▸ escalated ──ruled▸ closed (upheld, rejected or split)
    withdrawn while not closed ──────────────────────────▸ closed (withdrawn)

While a dispute lives, the disputed amount is withheld: an entry the other way round than the
line. When it closes, the withholding is released whole, and what was upheld is posted for good as
`ruling`. So an account for disputed items always comes back to zero, and each micro that was
withheld ends in exactly one outcome: it stands, or it is undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

State = Literal["open", "rejected", "escalated", "closed"]
Outcome = Literal["upheld", "rejected", "split", "withdrawn"]
ClosedBy = Literal["answer", "no_answer", "not_escalated", "ruling", "withdrawal"]
EntryKind = Literal["dispute_withheld", "dispute_released", "ruling"]

STATES: tuple[State, ...] = ("open", "rejected", "escalated", "closed")
OUTCOMES: tuple[Outcome, ...] = ("upheld", "rejected", "split", "withdrawn")
REASONS: tuple[str, ...] = (
    "not_ours", "wrong_amount", "duplicate", "not_agreed", "already_returned", "fraud", "other",
)  # fmt: skip
MAX_LINES = 200
"""Lines of one dispute."""


class DisputeRefused(Exception):  # noqa: N818 - the name says it
    """What is asked cannot be done; `code` is one of the published table of problems."""

    def __init__(self, code: str, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class DisputedLine:
    """A line as it is disputed; amounts are micros, `upheld_micros` is set when it is closed.

    `debtor` owes `creditor` by the obligation behind the line. The numbers are those of the
    claimant's and of the respondent's statement of the same date.
    """

    claimant_line: int
    respondent_line: int
    kind: str
    debtor: int
    creditor: int
    withheld_micros: int
    upheld_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A ruling that one person made: the upheld amount (micros) of each line, in their order."""

    upheld: tuple[int, ...]
    person: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute as it stands. `due_at` is when its default outcome comes about, if one does."""

    claimant: int
    respondent: int
    currency: str
    lines: tuple[DisputedLine, ...]
    state: State = "open"
    due_at: datetime | None = None
    proposal: Proposal | None = None
    outcome: Outcome | None = None
    closed_by: ClosedBy | None = None

    @property
    def withheld_micros(self) -> int:
        """All that is disputed."""
        return sum(line.withheld_micros for line in self.lines)

    @property
    def upheld_micros(self) -> int:
        """All that was undone; 0 until it is closed."""
        return sum(line.upheld_micros or 0 for line in self.lines)


@dataclass(frozen=True, slots=True)
class Move:
    """An entry to post for one line (its place in the dispute)."""

    kind: EntryKind
    line: int
    debtor: int
    creditor: int
    amount_micros: int


@dataclass(frozen=True, slots=True)
class Change:
    """What came of an act: the dispute as it stands now, and the entries to post.

    `confirmed` says that a second person made the ruling that the first had proposed.
    """

    dispute: Dispute
    moves: tuple[Move, ...] = ()
    confirmed: bool = False


def withhold(*, dispute: Dispute) -> Change:
    """Begin a dispute: the amounts are taken out of the next netting.

    Raises DisputeRefused.
    """
    if not 1 <= len(dispute.lines) <= MAX_LINES:
        raise DisputeRefused("validation_failed", f"A dispute has 1 to {MAX_LINES} lines.")
    moves = []
    for place, line in enumerate(dispute.lines):
        if {line.debtor, line.creditor} != {dispute.claimant, dispute.respondent}:
            raise DisputeRefused(
                "dispute_of_two_parties",
                f"Line {line.claimant_line} is with another party.",
                pointer=f"/lines/{place}/line",
            )
        # The other way round than the line.
        moves.append(
            Move("dispute_withheld", place, line.creditor, line.debtor, line.withheld_micros)
        )
    return Change(dispute, tuple(moves))


def answer(*, dispute: Dispute, accepted: bool, now: datetime, escalate_by: datetime) -> Change:
    """The respondent's answer; a rejected dispute may be escalated until `escalate_by`.

    Raises DisputeRefused.
    """
    _require(dispute, "open", "answered")
    _in_time(dispute, now)
    if accepted:
        return _close(dispute, [line.withheld_micros for line in dispute.lines], "answer")
    return Change(replace(dispute, state="rejected", due_at=escalate_by))


def escalate(*, dispute: Dispute, now: datetime) -> Change:
    """The claimant does not give in: the operator will rule. Raises DisputeRefused."""
    _require(dispute, "rejected", "escalated")
    _in_time(dispute, now)
    return Change(replace(dispute, state="escalated", due_at=None))


def withdraw(*, dispute: Dispute) -> Change:
    """The claimant gives in: the lines stand. Raises DisputeRefused."""
    if dispute.state == "closed":
        _require(dispute, "open", "withdrawn")
    return _close(dispute, [0 for _ in dispute.lines], "withdrawal")


def rule(*, dispute: Dispute, upheld: Sequence[int], person: str, two_people: bool) -> Change:
    """The operator's ruling: how much of each line is undone (micros, in the lines' order).

    Where two people are needed, the first one's ruling is kept as a proposal; it takes effect when
    another person makes the very same one. Another ruling takes the proposal's place.

    Raises DisputeRefused.
    """
    _require(dispute, "escalated", "ruled on")
    if len(upheld) != len(dispute.lines):
        raise DisputeRefused("validation_failed", "A ruling names each line once.")
    for place, (line, micros) in enumerate(zip(dispute.lines, upheld, strict=True)):
        if not 0 <= micros <= line.withheld_micros:
            raise DisputeRefused(
                "validation_failed",
                "A ruling upholds from nothing to all that is disputed of a line.",
                pointer=f"/lines/{place}/upheld",
            )
    if two_people:
        before = dispute.proposal
        if before is None or before.upheld != tuple(upheld):
            return Change(replace(dispute, proposal=Proposal(tuple(upheld), person)))
        if before.person == person:
            raise DisputeRefused(
                "another_person_needed", "Another person must make the same ruling."
            )
    return replace(_close(dispute, upheld, "ruling"), confirmed=two_people)


def lapse(*, dispute: Dispute, until: datetime) -> Change | None:
    """The default outcome, if its time came up to and with `until`; else None.

    Who does not answer agrees; who does not escalate gives in. A ruling has no default.
    """
    if dispute.state == "closed" or dispute.due_at is None or dispute.due_at > until:
        return None
    if dispute.state == "open":
        return _close(dispute, [line.withheld_micros for line in dispute.lines], "no_answer")
    return _close(dispute, [0 for _ in dispute.lines], "not_escalated")


def split_evenly(*, dispute: Dispute, upheld_micros: int) -> tuple[int, ...]:
    """An amount in all as amounts of the lines: each in proportion, what is left by the micro.

    Raises DisputeRefused for more than is disputed, or less than nothing.
    """
    total = dispute.withheld_micros
    if not 0 <= upheld_micros <= total:
        raise DisputeRefused(
            "validation_failed",
            "A ruling upholds from nothing to all that is disputed.",
            pointer="/upheld",
        )
    parts: list[int] = []
    before = 0
    for line in dispute.lines:
        before += line.withheld_micros
        parts.append(upheld_micros * before // total - sum(parts))
    return tuple(parts)


def open_moves(*, moves: Sequence[Move]) -> Mapping[int, int]:
    """What is still withheld of each line: withheld less released (micros)."""
    found: dict[int, int] = {}
    for move in moves:
        if move.kind != "ruling":
            sign = 1 if move.kind == "dispute_withheld" else -1
            found[move.line] = found.get(move.line, 0) + sign * move.amount_micros
    return found


def _close(dispute: Dispute, upheld: Sequence[int], by: ClosedBy) -> Change:
    moves = []
    lines = []
    for place, (line, micros) in enumerate(zip(dispute.lines, upheld, strict=True)):
        lines.append(replace(line, upheld_micros=micros))
        moves.append(
            Move("dispute_released", place, line.debtor, line.creditor, line.withheld_micros)
        )
        if micros:
            moves.append(Move("ruling", place, line.creditor, line.debtor, micros))
    undone, total = sum(upheld), dispute.withheld_micros
    outcome: Outcome = "upheld" if undone == total else "split" if undone else "rejected"
    if by == "withdrawal":
        outcome = "withdrawn"
    closed = replace(
        dispute,
        lines=tuple(lines),
        state="closed",
        due_at=None,
        proposal=None,
        outcome=outcome,
        closed_by=by,
    )
    return Change(closed, tuple(moves))


def _require(dispute: Dispute, state: State, done: str) -> None:
    if dispute.state != state:
        raise DisputeRefused(
            "dispute_state_forbids",
            f"The dispute is {dispute.state}; only one that is {state} can be {done}.",
        )


def _in_time(dispute: Dispute, now: datetime) -> None:
    if dispute.due_at is not None and now >= dispute.due_at:
        raise DisputeRefused("dispute_deadline_passed", "The time for this is over.")
