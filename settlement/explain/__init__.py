"""Why a statement says what it says: any amount of it, down to receipt, lots and arithmetic."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from partner_sdk.wire import ids
from settlement import hub
from settlement.explain.files import explain_in_files, is_of_files
from settlement.explain.line import explain_one_line
from settlement.explain.sight import Parties, Sight
from settlement.explain.subjects import Subject, line, parse_subject
from settlement.explain.sums import explain_sum
from settlement.explain.values import Explanation, NothingToExplain, Part, Step
from settlement.steps.night import Night
from settlement.store import statements
from settlement.store.statements import StoredStatement

__all__ = [
    "Explanation",
    "NothingToExplain",
    "Part",
    "Sight",
    "Step",
    "Subject",
    "explain_amount_of",
    "explain_line",
    "explain_stored",
    "parse_subject",
]


def explain_line(*, night: Night, statement: str, line_no: int) -> tuple[str, ...]:
    """The explanation of a line, as lines of text. Raises NothingToExplain."""
    return explain_amount_of(night=night, statement=statement, subject=line(line_no)).text()


def explain_amount_of(*, night: Night, statement: str, subject: Subject) -> Explanation:
    """An amount of a statement as the coalition sees it.

    `statement` is an id (`stm_…`), `DATE/PARTY`, or `DATE/PARTY/CURRENCY` for one in another
    currency than the clearing one. Raises NothingToExplain.
    """
    with night.database.transaction() as connection:
        parties = {party.no: party for party in hub.read_parties(connection=connection)}
        return explain_stored(
            connection=connection,
            found=_find(connection, statement, parties),
            subject=subject,
            sight=Sight(sees_all=True, secret=night.pseudonym_secret),
            data_folder=night.config.data_folder,
        )


def explain_stored(
    *,
    connection: Connection,
    found: StoredStatement,
    subject: Subject,
    sight: Sight,
    data_folder: Path,
) -> Explanation:
    """An amount of a statement that is at hand, as whoever looks may see it.

    What only a file of the bundle has is read from the bundle, in `data_folder`. Raises
    NothingToExplain.
    """
    parties = {party.no: party for party in hub.read_parties(connection=connection)}
    plan = found.plan
    heading = (
        f"Statement {plan.public_id}: number {plan.no} of {parties[plan.party_no].name}, "
        f"business date {plan.business_date}"
    )
    if subject.kind == "line":
        return explain_one_line(
            connection=connection,
            found=found,
            subject=subject,
            parties=parties,
            sight=sight,
            heading=heading,
        )
    if is_of_files(subject):
        return explain_in_files(
            connection=connection,
            found=found,
            subject=subject,
            parties=parties,
            heading=heading,
            data_folder=data_folder,
        )
    return explain_sum(
        connection=connection, found=found, subject=subject, parties=parties, heading=heading
    )


def _find(connection: Connection, statement: str, parties: Parties) -> StoredStatement:
    found = None
    if statement.startswith("stm_"):
        try:
            statement_id: UUID = ids.decode("stm", statement)
        except ids.InvalidId:
            raise NothingToExplain(f"{statement} is not an id of a statement") from None
        found = statements.read_statement(connection=connection, statement_id=statement_id)
    else:
        day, _, named = statement.partition("/")
        slug, _, wanted = named.partition("/")
        wanted = wanted or hub.read_coalition(connection=connection).currency
        try:
            business_date = date.fromisoformat(day)
        except ValueError:
            raise NothingToExplain(
                f"{statement} is neither an id of a statement (stm_…) nor DATE/PARTY"
            ) from None
        for each in statements.read_window_statements(
            connection=connection, business_date=business_date
        ):
            if (parties[each.plan.party_no].slug, each.plan.currency) == (slug, wanted):
                found = each
    if found is None:
        raise NothingToExplain(f"there is no statement {statement}")
    return found
