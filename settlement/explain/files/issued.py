"""A statement as it was issued, read from its bundle: what is explained is what was issued."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from partner_sdk.wire.amounts import format_micros6
from partner_sdk.wire.archive import STATEMENT, InvalidArchive, read_entry
from partner_sdk.wire.statement import InvalidStatement, Position, Statement, Turnover
from settlement.explain import subjects
from settlement.explain.sight import Parties
from settlement.explain.subjects import Kind, Subject
from settlement.explain.values import Explanation, NothingToExplain, Part, Step
from settlement.store import line_sums
from settlement.store.line_sums import Only
from settlement.store.statements import StoredStatement

MOST_LINES = 20
"""Lines that an explanation names; the rest is one part, with their count."""

SAID: dict[Kind, str] = {
    "receivable": "to receive from",
    "payable": "to pay to",
    "adjusting": "corrections of earlier statements with",
    "plain": "what corrects nothing with",
    "late": "first heard of late, with",
}
"""How parts are told, before the name of a counterparty."""


@dataclass(frozen=True, slots=True)
class IssuedFiles:
    """A statement as it was issued, and what is needed to find its lines."""

    connection: Connection
    found: StoredStatement
    statement: Statement
    parties: Parties
    heading: str
    clearing: str

    def explained(
        self, subject: Subject, title: str, micros: int, steps: Iterable[Step], parts: list[Part]
    ) -> Explanation:
        currency = self.statement.currency
        return Explanation(
            statement=self.statement.statement_id,
            heading=self.heading,
            subject=subject.name,
            title=f"{title}, {format_micros6(micros)} {currency}",
            amount_micros=micros,
            currency=currency,
            steps=tuple(steps),
            parts=tuple(parts),
        )

    def position(self, slug: str) -> Position:
        for each in self.statement.positions:
            if each.counterparty == slug:
                return each
        raise NothingToExplain(
            f"{self.statement.statement_id} has positions with "
            f"{', '.join(p.counterparty for p in self.statement.positions) or 'nobody'}"
        )

    def turnovers(self, slug: str | None) -> list[Turnover]:
        return [each for each in self.statement.turnovers if each.counterparty == slug]

    def lines(self, kind: str, slug: str | None, only: Only, count: int, micros: int) -> list[Part]:
        """Lines of a kind, the largest by name and the rest as one part."""
        party = next((p.no for p in self.parties.values() if p.slug == slug), None)
        named = line_sums.read_largest(
            connection=self.connection,
            plan=self.found.plan,
            clearing=self.clearing,
            kind=kind,
            counterparty=party,
            limit=MOST_LINES,
            only=only,
        )
        parts = [
            Part(f"line {each.line_no}", each.net_micros, 1, subjects.line(each.line_no).name)
            for each in named
        ]
        if count > len(parts):
            rest = micros - sum(part.micros for part in parts)
            parts.append(Part(f"{count - len(parts)} smaller lines", rest, count - len(parts), ""))
        return parts


def read_issued(found: StoredStatement, data_folder: Path) -> Statement:
    """The signed statement.json. Raises NothingToExplain."""
    if found.issued is None:
        raise NothingToExplain(f"{found.plan.public_id} is not issued yet: it has no files")
    try:
        with (data_folder / found.issued.path).open("rb") as stream:
            return Statement.from_bytes(read_entry(stream=stream, name=STATEMENT))
    except (OSError, KeyError, InvalidArchive, InvalidStatement) as error:
        raise NothingToExplain(
            f"the bundle of {found.plan.public_id} cannot be read: {error}"
        ) from None


def sides_of(position: Position) -> tuple[tuple[Kind, int], ...]:
    """What is owed either way with one counterparty, both above zero."""
    return (
        ("receivable", position.receivable_micros),
        ("payable", position.payable_micros),
    )
