"""What a synchronous platform asks while its till waits, and what the hub has to say for `ack`.

The hub answers in the request: `verify`, `parse` → `Question`, its own services, `ack`. What it
found out is `Outcome.facts`, a JSON object whose shape each kind of question fixes below; amounts
are micros of the connection's currency, points are integers. `ack` writes it as the platform
wants; it never needs anything else.

**Which outcome.** `answered`, or `repeated` with the very facts of the first time; `problem` is
None, or why nothing was done. `rejected` for what `verify` refuses (`problem` is its reason) and
for what `parse` finds malformed (`problem` is `malformed`). `unavailable` for trouble that passes.
Where `parse` gives `Ignored`, the outcome is `kept`: `ack` sees by the request what to say.

**The same key again.** What was done is done once for a (connection, key): the facts are saved in
the transaction that did it and are given again, whatever has changed since. A question with a
`problem` did nothing and is not saved: asked again, it may fare better. The same key for another
kind is the problem `key_reused`. Inquiries and searches change nothing and may be answered anew.

**Problems.** Those of the hub's services, as `insufficient_points`, and these. `member_not_found`:
nobody is called that. `operation_not_found`: `reverses` names nothing that was done.
`operation_not_reversible`: it names an inquiry, a search or a reversal. `operation_reversed`: all
of it, or more than is left, was reversed before, by another key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from adapters.contract.facts import Customer, Order

__all__ = [
    "AccrueFacts",
    "InquireFacts",
    "MemberFacts",
    "Question",
    "QuestionKind",
    "RedeemFacts",
    "ReverseFacts",
    "SearchFacts",
]

QuestionKind = Literal["inquire", "search", "redeem", "accrue", "reverse"]


@dataclass(frozen=True, slots=True)
class Question:
    """A synchronous platform asks, and its till waits for the answer.

    `key` is the platform's own key of the operation and equals the request's `delivery_key`.

    `customer` names the member; an `id` may be a member's id at the hub (`mem_…`), which earlier
    answers gave, and then it is that and no reference. None is nobody (a guest).

    `order` is the purchase at the till. An accrual states it, as facts do; for the other kinds it
    is there for its `store`, `till` and `receipt` only and is never stated.

    - **inquire**: what `customer` has. → `InquireFacts`, or `member_not_found`.
    - **search**: who has the contact of `customer`; exactly, never alike. → `SearchFacts`; nobody
      is an empty list and no problem.
    - **redeem**: spend at once, in one step, `points`, or else the fewest points that are worth
      `amount_micros` at this partner; all or nothing. → `RedeemFacts`, or `member_not_found`, or
      `insufficient_points` (with `MemberFacts` as they are).
    - **accrue**: state `order`, with `customer` as its member. → `AccrueFacts`, or
      `member_not_found` (nothing is stated). Of nobody: what the connection does with guests.
      Another accrual of the same order and revision, after one that was reversed, is stated with
      the revision after that reversal's; one of a lower revision is late and changes nothing.
    - **reverse**: undo what the question with the key `reverses` did. Of a redemption,
      `amount_micros` or else all that is left. Of an accrual: its order is stated as cancelled, at
      its own revision plus one, so that an accrual of a later state stands; not at all, while
      another accrual of the same order and revision stands. → `ReverseFacts`.
    """

    kind: QuestionKind
    key: str
    customer: Customer | None = None
    points: int | None = None
    amount_micros: int | None = None
    order: Order | None = None
    reverses: str | None = None


class MemberFacts(TypedDict, total=False):
    """A member as of this answer, after what was done.

    `member`: the id at the hub, `mem_…`. `points`: active ones. `spendable_points`: those that can
    be spent at this partner now; 0 where the state of the member or the partner forbids it.
    `spendable_micros`: what these pay here, rounded down to the currency's minor unit.
    """

    member: str
    points: int
    spendable_points: int
    spendable_micros: int


class InquireFacts(MemberFacts, total=False):
    """All of `MemberFacts`."""


class SearchFacts(TypedDict):
    """`members`: `MemberFacts` of each, at most ten."""

    members: list[MemberFacts]


class RedeemFacts(MemberFacts, total=False):
    """All of `MemberFacts`, and `redemption`: its id, `red_…`; what was spent, and what it pays."""

    redemption: str
    spent_points: int
    spent_micros: int


class AccrueFacts(MemberFacts, total=False):
    """`sale`: the id of the sale as stated, absent if none was (a guest's that is not kept).

    With a member, all of `MemberFacts`, and `earned_points`: what the sale is worth as it stands.
    """

    sale: str
    earned_points: int


class ReverseFacts(MemberFacts, total=False):
    """`reversed`: the kind of what was undone, and how many `reversed_points` went back or away.

    Of a redemption also `reversed_micros`. With a member, all of `MemberFacts`.
    """

    reversed: Literal["redeem", "accrue"]
    reversed_points: int
    reversed_micros: int
