"""Why a line says what it says: that of a movement, of an entry, or of rounding."""

from __future__ import annotations

from sqlalchemy import Connection

from settlement import hub
from settlement.entries import store as entries
from settlement.explain.entry import explain_entry
from settlement.explain.movement import steps_of, title_and_amount
from settlement.explain.rounding import explain_rounding
from settlement.explain.sight import Parties, Sight, View
from settlement.explain.subjects import Subject
from settlement.explain.values import Explanation, NothingToExplain
from settlement.store import lines
from settlement.store.statements import StoredStatement


def explain_one_line(
    *,
    connection: Connection,
    found: StoredStatement,
    subject: Subject,
    parties: Parties,
    sight: Sight,
    heading: str,
) -> Explanation:
    """A line of a statement, those of rounding included. Raises NothingToExplain."""
    plan = found.plan
    clearing = hub.read_coalition(connection=connection).currency
    key = lines.read_line_key(
        connection=connection,
        business_date=plan.business_date,
        party_no=plan.party_no,
        line_no=subject.line_no,
        currency=None if plan.currency == clearing else plan.currency,
    )
    if key is None:
        of_entries = entries.read_entry_lines(
            connection=connection,
            business_date=plan.business_date,
            party_no=plan.party_no,
            currency=plan.currency,
            line_no=subject.line_no,
        )
        if of_entries:
            return explain_entry(
                line=of_entries[0],
                found=found,
                subject=subject,
                parties=parties,
                sight=sight,
                heading=heading,
            )
        return explain_rounding(
            connection=connection, found=found, subject=subject, parties=parties, heading=heading
        )
    facts = hub.read_line_facts(
        connection=connection, account_id=key.account_id, movement_id=key.movement_id
    )
    if facts is None:
        raise NothingToExplain(f"the movement behind line {subject.line_no} is gone")
    view = View(found, key, facts, parties, sight)
    title, amount = title_and_amount(view)
    return Explanation(
        statement=plan.public_id,
        heading=heading,
        subject=subject.name,
        title=title,
        amount_micros=amount if key.settlement_micros is None else key.settlement_micros,
        currency=plan.currency,
        steps=steps_of(connection=connection, view=view),
    )
