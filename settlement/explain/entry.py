"""The line of an entry, which settlement made itself: what caused it, and who owes whom."""

from __future__ import annotations

from collections.abc import Iterator

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import format_micros6
from partner_sdk.wire.instants import format_instant
from settlement.entries.domain import KIND_MEANINGS, EntryLine
from settlement.explain.sight import Parties, Sight
from settlement.explain.subjects import Subject
from settlement.explain.values import Explanation, Step
from settlement.store.statements import StoredStatement

_SAID_WITH_THE_CAUSE = ("adjusts", "reference", "reason")


def explain_entry(
    *,
    line: EntryLine,
    found: StoredStatement,
    subject: Subject,
    parties: Parties,
    sight: Sight,
    heading: str,
) -> Explanation:
    """The line of an entry; what its maker noted with it is for the coalition alone."""
    plan, entry = found.plan, line.entry
    amount = f"{format_micros6(entry.amount_micros)} {entry.currency}"
    debtor, creditor = parties[entry.debtor].slug, parties[entry.creditor].slug
    receives = plan.party_no == entry.creditor
    side = f"+{amount}, owed by {debtor}" if receives else f"-{amount}, owed to {creditor}"
    return Explanation(
        statement=plan.public_id,
        heading=heading,
        subject=subject.name,
        title=f"Line {line.line_no}: {entry.kind}, {side}",
        amount_micros=entry.net_of(plan.party_no),
        currency=plan.currency,
        steps=(
            *_cause(line),
            *(_notes(line) if sight.sees_all else ()),
            Step("Owed", f"{debtor} owes {creditor} {amount} ({entry.kind})"),
            *_correction(line),
        ),
    )


def _cause(line: EntryLine) -> Iterator[Step]:
    entry = line.entry
    meaning = KIND_MEANINGS.get(entry.kind, entry.kind)  # type: ignore[call-overload]
    yield Step("Entry", f"{ids.encode('ent', entry.entry_id)}: {meaning}")
    said = [f"{entry.cause}, number {entry.seq}" if entry.seq else entry.cause]
    if entry.about.get("reference"):
        said.append(f"reference {entry.about['reference']}")
    if entry.about.get("reason"):
        said.append(str(entry.about["reason"]))
    yield Step("Cause", ", ".join(said))
    yield Step(
        "Posted",
        f"{format_instant(entry.business_at)} business time, into the window of "
        f"{entry.window_date}",
    )


def _notes(line: EntryLine) -> Iterator[Step]:
    for name, value in sorted(line.entry.about.items()):
        if name not in _SAID_WITH_THE_CAUSE:
            yield Step(name.capitalize(), str(value))


def _correction(line: EntryLine) -> Iterator[Step]:
    if line.adjusts is not None and line.adjusts_statement is not None:
        yield Step(
            "Corrects",
            f"line {line.adjusts.line_no} of statement {line.adjusts_statement} "
            f"({line.adjusts.business_date})",
        )
