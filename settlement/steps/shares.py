"""Who writes which statements of a night, and how many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from settlement.config import SettlementConfig
from settlement.store.statements import Plan

# As many lines are written in the time that the rest of a statement takes, without and with a PDF.
_LINES_PER_STATEMENT, _LINES_PER_PDF = 100, 2_000
# What one commit records: so much is written again after a kill.
_GROUP_STATEMENTS, _GROUP_LINES = 16, 20_000


def work_of(*, lines: int, settings: SettlementConfig) -> int:
    """What a statement takes to write, in lines: without any it is still files and signatures."""
    return lines + (_LINES_PER_PDF if settings.pdf == "yes" else _LINES_PER_STATEMENT)


def share_of_plans(
    *, plans: Sequence[Plan], part: int, parts: int, settings: SettlementConfig
) -> tuple[Plan, ...]:
    """One of `parts` shares with about the same work each, by party and currency."""
    loads = [0] * parts
    mine = []
    for plan in sorted(plans, key=lambda plan: (-plan.lines, plan.party_no, plan.currency)):
        lightest = loads.index(min(loads))
        loads[lightest] += work_of(lines=plan.lines, settings=settings)
        if lightest == part:
            mine.append(plan)
    return tuple(sorted(mine, key=lambda plan: (plan.party_no, plan.currency)))


def groups_of(*, plans: Sequence[Plan]) -> Iterator[list[Plan]]:
    """The plans in groups, each of which is recorded in one commit."""
    group: list[Plan] = []
    for plan in plans:
        group.append(plan)
        if len(group) == _GROUP_STATEMENTS or sum(p.lines for p in group) >= _GROUP_LINES:
            yield group
            group = []
    if group:
        yield group
