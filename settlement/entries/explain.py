"""Why the line of an entry says what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import format_micros6
from partner_sdk.wire.instants import format_instant
from settlement import hub
from settlement.entries.domain import KIND_MEANINGS, EntryLine

_SHOWN_ELSEWHERE = ("adjusts", "reference", "reason")


def explain_entry(
    *, line: EntryLine, party_no: int, parties: Mapping[int, hub.PartyFacts]
) -> Iterator[str]:
    """The explanation of an entry's line on a party's statement, as lines of text."""
    entry = line.entry
    amount = f"{format_micros6(entry.amount_micros)} {entry.currency}"
    debtor, creditor = parties[entry.debtor].slug, parties[entry.creditor].slug
    receives = party_no == entry.creditor
    side = f"+{amount}, owed by {debtor}" if receives else f"-{amount}, owed to {creditor}"
    yield f"Line {line.line_no}: {entry.kind}, {side}"
    yield (
        f"  Entry       {ids.encode('ent', entry.entry_id)}: "
        f"{KIND_MEANINGS.get(entry.kind, entry.kind)}"  # type: ignore[call-overload]
    )
    of_cause = f"{entry.cause}, number {entry.seq}" if entry.seq else entry.cause
    reference = entry.about.get("reference")
    said = [of_cause, *([f"reference {reference}"] if reference else [])]
    if entry.about.get("reason"):
        said.append(str(entry.about["reason"]))
    yield f"  Cause       {', '.join(said)}"
    yield (
        f"  Posted      {format_instant(entry.business_at)} business time, into the window of "
        f"{entry.window_date}"
    )
    for name, value in sorted(entry.about.items()):
        if name not in _SHOWN_ELSEWHERE:
            yield f"  {name.capitalize():<11} {value}"
    yield f"  Owed        {debtor} owes {creditor} {amount} ({entry.kind})"
    if line.adjusts is not None and line.adjusts_statement is not None:
        yield (
            f"  Corrects    line {line.adjusts.line_no} of statement {line.adjusts_statement} "
            f"({line.adjusts.business_date})"
        )
