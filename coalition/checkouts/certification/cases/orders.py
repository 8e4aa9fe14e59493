"""Cases of orders: what they earn, and what becomes of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adapters.contract import Capability, Order
from coalition.checkouts.certification import orders as told
from coalition.checkouts.certification.cases.run import Run
from coalition.checkouts.certification.domain import Graded
from coalition.checkouts.certification.grading import (
    Points,
    grade_earning,
    grade_guest,
    grade_old_revision,
    grade_taken_back,
)
from coalition.checkouts.certification.orders import Evidence
from coalition.checkouts.certification.platform import DAYS

__all__ = ["cancel", "earn", "guest", "old_revision", "refund_by_amount", "refund_by_line"]


def earn(run: Run) -> Graded:
    """Those that the platform told; of samples only where it cannot be asked and told none.

    A till that asks leaves nothing of it in state test: where its samples cannot be signed either,
    an order that is made has to do.
    """
    paid = _paid(run, "platform")
    if not paid and (run.can(Capability.SYNCHRONOUS) or not run.can(Capability.POLL)):
        paid = _paid(run, "sample")
        if not paid and run.can(Capability.SYNCHRONOUS):
            paid = [run.base]
    tried = []
    for each in paid:
        points = run.points(each.source, told.plain(each.order))
        if points.after and points.after[0] > 0 and run.base.of == "made":
            run.base = each
        tried.append(points)
    return grade_earning(
        tried,
        unasked=run.found.unasked,
        unread=(*run.found.unread, *run.unread),
        left_out=run.found.left_out,
        days=DAYS,
    )


def _paid(run: Run, of: str) -> list[Evidence]:
    return [each for each in run.evidence if each.of == of and each.order.status == "paid"]


def old_revision(run: Run) -> Graded:
    """An order, and then an older state of it."""
    order = told.plain(run.base.order)
    newer = replace(order, revision=2)
    return grade_old_revision(run.points(run.base.source, newer, told.older(order)))


def refund_by_line(run: Run) -> Graded:
    """Lines of an order are given back."""
    return _taken_back(
        run, "refund_by_line", Capability.REFUND_BY_LINE, told.refunded_by_line, told.by_line
    )


def refund_by_amount(run: Run) -> Graded:
    """An amount is given back."""
    return _taken_back(
        run,
        "refund_by_amount",
        Capability.REFUND_BY_AMOUNT,
        told.refunded_by_amount,
        told.by_amount,
    )


def cancel(run: Run) -> Graded:
    """An order is cancelled."""

    def dead(order: Order) -> Order:
        return replace(order, status="cancelled")

    return _taken_back(run, "cancel", Capability.CANCEL, told.cancelled, dead)


def _taken_back(
    run: Run,
    case: str,
    capability: Capability,
    is_so: Callable[[Order], bool],
    make: Callable[[Order], Order],
) -> Graded:
    """An order to which it happened, where one earned before; else one to which it is made so."""
    if not run.can(capability):
        return run.not_for_it(case, capability)
    for each in run.evidence:
        if each.order.status != "open" and is_so(each.order):
            after = replace(each.order, revision=2)
            tried = run.points(each.source, told.plain(each.order), after)
            if tried.after and tried.after[0] > 0:
                return grade_taken_back(case, tried)
    order = told.plain(run.base.order)
    changed = replace(make(order), revision=2)
    return grade_taken_back(case, run.points(run.base.source, order, changed))


def guest(run: Run) -> Graded:
    """Nobody known buys."""
    if not run.can(Capability.GUEST):
        return run.not_for_it("guest", Capability.GUEST)
    said = run.state(told.plain(run.base.order), None)
    tried = Points(run.base.source, (said.points,), said.problem, said.detail)
    return grade_guest(tried, outcome=said.outcome, guests=run.connection.guests)
