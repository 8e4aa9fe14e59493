"""Opening a dispute of lines of one's own statement."""

from __future__ import annotations

from collections.abc import Sequence

from settlement import hub
from settlement.disputes import domain, store
from settlement.disputes.domain import Dispute, DisputedLine, DisputeRefused
from settlement.disputes.service.recording import announce, days_from, end_of, post, record
from settlement.disputes.values import Act, Evidence, FoundLine, StoredDispute
from settlement.store.statements import StoredStatement

_KINDS = frozenset(
    {
        "issue",
        "issue_fee",
        "redemption",
        "margin",
        "subsidy",
        "redemption_fee",
        "clawback",
        "breakage",
    }
)


def open_dispute(
    *,
    act: Act,
    statement: StoredStatement,
    lines: Sequence[tuple[int, int | None]],
    reason: str,
    text: str,
    evidence: Sequence[Evidence],
) -> StoredDispute:
    """Dispute lines of the acting party's statement: (line number, micros or None for all of it).

    Raises DisputeRefused.
    """
    plan = statement.plan
    rules = store.read_rules(connection=act.connection)
    if act.now >= end_of(act.connection, plan.business_date, rules.open_days):
        raise DisputeRefused(
            "dispute_deadline_passed",
            f"Lines of {plan.business_date} could be disputed for {rules.open_days} days.",
        )
    found = _find_lines(act, statement, lines)
    made = Dispute(
        claimant=plan.party_no,
        respondent=found[0].counterparty,
        currency=plan.currency,
        lines=tuple(
            _disputed(plan.party_no, each, micros, place)
            for place, (each, (_, micros)) in enumerate(zip(found, lines, strict=True))
        ),
        due_at=days_from(act, rules.answer_days),
    )
    change = domain.withhold(dispute=made)
    dispute_id = act.new_id()
    taken = store.insert_dispute(
        connection=act.connection,
        dispute_id=dispute_id,
        business_date=plan.business_date,
        reason=reason,
        made=made,
        found=found,
        now=act.now,
    )
    if taken:
        raise DisputeRefused(
            "dispute_line_taken",
            f"Line {made.lines[taken[0]].claimant_line} is disputed already, by one of its "
            "two parties.",
            pointer=f"/lines/{taken[0]}/line",
        )
    store.insert_evidence(
        connection=act.connection, dispute_id=dispute_id, party_no=plan.party_no, pieces=evidence
    )
    stored = StoredDispute(dispute_id, plan.business_date, reason, made, act.now, None, None)
    record(act, dispute_id, "opened", text, {})
    post(act, stored, change.moves)
    announce(act, stored, "dispute.opened", (made.respondent,))
    return stored


def _find_lines(
    act: Act, statement: StoredStatement, lines: Sequence[tuple[int, int | None]]
) -> list[FoundLine]:
    numbers = [number for number, _ in lines]
    if not numbers or len(numbers) > domain.MAX_LINES or len(set(numbers)) != len(numbers):
        raise DisputeRefused(
            "validation_failed",
            f"A dispute names 1 to {domain.MAX_LINES} lines, each once.",
            pointer="/lines",
        )
    clearing = hub.read_coalition(connection=act.connection).currency
    found = store.find_lines(
        connection=act.connection,
        business_date=statement.plan.business_date,
        party_no=statement.plan.party_no,
        currency=None if statement.plan.currency == clearing else statement.plan.currency,
        numbers=numbers,
    )
    for place, number in enumerate(numbers):
        each = found.get(number)
        if each is None or each.kind not in _KINDS:
            what = "does not exist" if number > statement.plan.all_lines else "cannot be disputed"
            raise DisputeRefused(
                "dispute_line_not_disputable",
                f"Line {number} {what}: only a line of a sale or redemption that owes an amount.",
                pointer=f"/lines/{place}/line",
            )
    return [found[number] for number in numbers]


def _disputed(claimant: int, of: FoundLine, micros: int | None, place: int) -> DisputedLine:
    whole = abs(of.net_micros)
    if micros is not None and not 0 < micros <= whole:
        raise DisputeRefused(
            "validation_failed",
            "What is disputed is above zero and not more than the line.",
            pointer=f"/lines/{place}/amount",
        )
    owes = of.net_micros < 0
    return DisputedLine(
        claimant_line=of.claimant_line,
        respondent_line=of.respondent_line,
        kind=of.kind,
        debtor=claimant if owes else of.counterparty,
        creditor=of.counterparty if owes else claimant,
        withheld_micros=whole if micros is None else micros,
    )
