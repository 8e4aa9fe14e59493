"""The case of paying with points: at the platform, and of the member's points here."""

from __future__ import annotations

from dataclasses import replace

from adapters.contract import Capability, Customer, Question, Request
from coalition.checkouts.certification import orders as told
from coalition.checkouts.certification.cases.run import Run
from coalition.checkouts.certification.domain import Graded
from coalition.checkouts.certification.grading import grade_spend
from coalition.errors import HubError
from partner_sdk.wire.ids import encode

__all__ = ["spend"]


def spend(run: Run) -> Graded:
    """By a code of the platform, or by a till's questions; what was found out is graded here."""
    asked = run.question("redeem")
    paid = run.found.paid
    if asked is None and not run.can(Capability.REDEEM):
        return run.not_for_it("spend", Capability.REDEEM)
    trouble = None
    if asked is None:
        trouble = run.found.unasked if paid is None else paid.problem
    held, refusal = _held(run, asked)
    return grade_spend(
        code=None if paid is None else paid.code,
        same=paid is None or paid.same,
        needs_order=paid is not None and paid.needs_order,
        trouble=trouble,
        held=held,
        refusal=refusal,
    )


def _held(
    run: Run, asked: tuple[Question, Request] | None
) -> tuple[tuple[int, int, int] | None, str | None]:
    """The points before, meanwhile and after; or why there are none to hold."""
    buyer = run.rehearsal.buyer()
    said = run.state(told.plain(run.base.order), buyer)
    if said.problem is not None:
        return None, said.problem
    try:
        before = run.rehearsal.spendable(buyer)
        if before == 0:
            return None, f"{run.base.source} earns nothing"
        if asked is None:
            return (before, *run.rehearsal.hold_and_let_go(buyer, 1)), None
        question, request = asked
        # A sample's key may be another sample's, too.
        mine = replace(
            question,
            key=f"{question.key}-spend",
            customer=Customer(id=encode("mem", buyer)),
            points=1,
            amount_micros=None,
        )
        spent = run.rehearsal.ask(mine, request)
        meanwhile = run.rehearsal.spendable(buyer)
        undo = Question("reverse", f"{mine.key}-undo", reverses=mine.key)
        undone = run.rehearsal.ask(undo, request)
        problem = spent.problem or undone.problem
        if problem is not None:
            return None, problem
        return (before, meanwhile, run.rehearsal.spendable(buyer)), None
    except HubError as refused:
        return None, f"{refused.code}: {refused.detail}"
