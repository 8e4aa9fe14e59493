"""As much of a hub as answers questions: it keeps members, their points, and what was done."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.contract import Customer, Order, Outcome, Question

#: What a point is worth at the till, in micros: a hundredth.
FACE = 10_000


@dataclass(slots=True)
class _Done:
    """Something done, by its key."""

    question: Question
    facts: dict[str, Any]
    left: int = 0


@dataclass(slots=True)
class Desk:
    """Answers as `adapters.contract.questions` says.

    `keep` states an order, `worth` tells what an order is worth as stated. `members` are known by
    name, and `contacts` lead to names; where `everybody` is set, any name is a member's.
    """

    keep: Callable[[Order], None]
    worth: Callable[[str], int]
    everybody: bool = True
    members: dict[str, int] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    done: dict[str, _Done] = field(default_factory=dict)
    #: By key: the order of an accrual as it was stated.
    stated: dict[str, Order] = field(default_factory=dict)
    #: By order: who has its points, and how many.
    earned: dict[str, tuple[str, int]] = field(default_factory=dict)

    def answer(self, question: Question) -> Outcome:
        """What comes of a question."""
        known = self.done.get(question.key)
        if known is not None:
            if known.question.kind != question.kind:
                return Outcome("answered", "key_reused")
            return Outcome("repeated", facts=known.facts)
        facts, problem = self._asked(question)
        if problem is None and question.kind in ("redeem", "accrue", "reverse"):
            left = int(facts.get("spent_micros", 0))
            self.done[question.key] = _Done(question, facts, left)
        # Facts pass through a database before they are written.
        return Outcome("answered", problem, json.loads(json.dumps(facts)))

    def _asked(self, question: Question) -> tuple[dict[str, Any], str | None]:
        if question.kind == "search":
            return self._search(question), None
        name = self._name(question.customer)
        if question.customer is not None and name is None:
            return {}, "member_not_found"
        match question.kind:
            case "inquire":
                return self._facts(name), None
            case "redeem":
                return self._redeem(question, name)
            case "accrue":
                return self._accrue(question, name)
            case _:
                return self._reverse(question, name)

    def _name(self, customer: Customer | None) -> str | None:
        name = None if customer is None else customer.card or customer.id
        if name is None:
            return None
        name = name.removeprefix("mem_")
        if name in self.members or self.everybody:
            self.members.setdefault(name, 0)
            return name
        return None

    def _facts(self, name: str | None) -> dict[str, Any]:
        if name is None:
            return {}
        points = self.members[name]
        spendable = max(0, points)
        return {
            "member": f"mem_{name}",
            "points": points,
            "spendable_points": spendable,
            "spendable_micros": spendable * FACE,
        }

    def _search(self, question: Question) -> dict[str, Any]:
        asked = question.customer or Customer()
        found = (self.contacts.get(each) for each in (asked.phone, asked.email) if each)
        names = dict.fromkeys(name for name in found if name is not None)
        return {"members": [self._facts(name) for name in names]}

    def _redeem(self, question: Question, name: str | None) -> tuple[dict[str, Any], str | None]:
        if name is None:
            return {}, "member_not_found"
        assert question.points or question.amount_micros, "a redemption of nothing"
        points = question.points or -(-(question.amount_micros or 0) // FACE)
        if points > self.members[name]:
            return self._facts(name), "insufficient_points"
        self.members[name] -= points
        spent = {"spent_points": points, "spent_micros": points * FACE}
        return self._facts(name) | {"redemption": f"red_{question.key}"} | spent, None

    def _accrue(self, question: Question, name: str | None) -> tuple[dict[str, Any], str | None]:
        order = question.order
        assert order is not None, "an accrual of nothing"
        undone = [each for each in self._accruals(order) if each.facts.get("undone")]
        # Each reversal stated the revision after its accrual's.
        above = order.revision + 2 * len(undone)
        self.stated[question.key] = order = replace(order, revision=above)
        self.keep(order)
        earned = self._earn(order.id, name)
        said = {"sale": order.id} | ({"earned_points": earned} if name is not None else {})
        return self._facts(name) | said, None

    def _accruals(self, order: Order) -> list[_Done]:
        """What was accrued of an order in one state of it."""
        told = [each for each in self.done.values() if each.question.kind == "accrue"]
        orders = [(each, each.question.order) for each in told]
        same = (order.id, order.revision)
        return [each for each, of in orders if of is not None and (of.id, of.revision) == same]

    def _earn(self, order_id: str, name: str | None) -> int:
        """Give the points of an order as it stands to whom it belongs, and to nobody else."""
        owner, before = self.earned.pop(order_id, (None, 0))
        if owner is not None:
            self.members[owner] -= before
        points = self.worth(order_id)
        if name is not None:
            self.members[name] += points
            self.earned[order_id] = (name, points)
        return points

    def _reverse(self, question: Question, name: str | None) -> tuple[dict[str, Any], str | None]:
        done = self.done.get(question.reverses or "")
        if done is None:
            return {}, "operation_not_found"
        if done.question.kind == "reverse":
            return {}, "operation_not_reversible"
        if done.facts.get("undone"):
            return {}, "operation_reversed"
        if done.question.kind == "redeem":
            return self._give_back(question, done, name)
        order = done.question.order
        assert order is not None, "an accrual of nothing"
        done.facts["undone"] = True
        points = self.worth(order.id)
        if all(each.facts.get("undone") for each in self._accruals(order)):
            stated = self.stated[done.question.key]
            self.keep(replace(stated, status="cancelled", revision=stated.revision + 1))
        taken = points - self._earn(order.id, self.earned.get(order.id, (name, 0))[0])
        return self._facts(name) | {"reversed": "accrue", "reversed_points": taken}, None

    def _give_back(
        self, question: Question, done: _Done, name: str | None
    ) -> tuple[dict[str, Any], str | None]:
        back = done.left if question.amount_micros is None else question.amount_micros
        if not 0 < back <= done.left or name is None:
            return {}, "operation_reversed"
        done.left -= back
        self.members[name] += back // FACE
        said = {"reversed": "redeem", "reversed_points": back // FACE, "reversed_micros": back}
        return self._facts(name) | said, None
