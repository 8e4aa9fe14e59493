"""Sums over the numbered lines of one statement, and the lines that they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Uuid,
    case,
    cast,
    exists,
    false,
    func,
    null,
    select,
    union_all,
)

from settlement import hub
from settlement.entries.tables import entry, entry_line
from settlement.store.statements import Plan
from settlement.store.tables import line

Only = Literal["", "received", "paid", "adjusting", "plain", "late", "nothing_owed"]
"""Which of the lines of a kind: by sign, by whether they correct or are late, or without amount."""


@dataclass(frozen=True, slots=True)
class LineGroup:
    """All lines of a statement of one kind with one counterparty (None: nothing is owed)."""

    kind: str
    counterparty: int | None
    lines: int
    received_micros: int
    paid_micros: int

    @property
    def net_micros(self) -> int:
        """Received less paid."""
        return self.received_micros - self.paid_micros


@dataclass(frozen=True, slots=True)
class NumberedAmount:
    """A line by its number, and what it is about (micros, signed for the party)."""

    line_no: int
    net_micros: int


@dataclass(frozen=True, slots=True)
class EntrySum:
    """All entries of a window of one kind that one party owes another; micros."""

    debtor: int
    creditor: int
    kind: str
    entries: int
    amount_micros: int


def read_groups(*, connection: Connection, plan: Plan, clearing: str) -> tuple[LineGroup, ...]:
    """The statement's lines by kind and counterparty; those of rounding are not among them."""
    of = _lines(plan, clearing)
    net = of.c.net_micros
    rows = connection.execute(
        select(
            of.c.kind,
            of.c.counterparty,
            func.count(),
            func.coalesce(func.sum(net).filter(net > 0), 0),
            func.coalesce(func.sum(-net).filter(net < 0), 0),
        )
        .group_by(of.c.kind, of.c.counterparty)
        .order_by(of.c.kind, of.c.counterparty)
    )
    return tuple(
        LineGroup(kind, counterparty, count, int(received), int(paid))
        for kind, counterparty, count, received, paid in rows
    )


def read_largest(
    *,
    connection: Connection,
    plan: Plan,
    clearing: str,
    kind: str,
    counterparty: int | None,
    limit: int,
    only: Only = "",
) -> tuple[NumberedAmount, ...]:
    """The lines of a kind (with one counterparty, if given) with the largest amounts, by number."""
    of = _lines(plan, clearing)
    of_group = _of_group(connection, of, plan, kind, counterparty, only)
    largest = (
        select(of.c.line_no, of.c.net_micros)
        .where(*of_group)
        .order_by(func.abs(of.c.net_micros).desc(), of.c.line_no)
        .limit(limit)
        .subquery("largest")
    )
    rows = connection.execute(select(largest).order_by(largest.c.line_no))
    return tuple(NumberedAmount(*row) for row in rows)


def count_lines(
    *,
    connection: Connection,
    plan: Plan,
    clearing: str,
    kind: str,
    counterparty: int | None,
    only: Only = "",
) -> int:
    """How many lines there are of a kind (with one counterparty, if given)."""
    of = _lines(plan, clearing)
    query = select(func.count()).select_from(of)
    wanted = _of_group(connection, of, plan, kind, counterparty, only)
    return int(connection.execute(query.where(*wanted)).scalar_one())


def read_entry_sums(
    *, connection: Connection, business_date: date, currency: str
) -> tuple[EntrySum, ...]:
    """The window's entries in a currency, by debtor, creditor and kind."""
    keys = (entry.c.debtor, entry.c.creditor, entry.c.kind)
    rows = connection.execute(
        select(*keys, func.count(), func.sum(entry.c.amount_micros))
        .where(entry.c.window_date == business_date, entry.c.currency == currency)
        .group_by(*keys)
        .order_by(*keys)
    )
    return tuple(EntrySum(row[0], row[1], row[2], row[3], int(row[4])) for row in rows)


def _of_group(
    connection: Connection,
    of: FromClause,
    plan: Plan,
    kind: str,
    counterparty: int | None,
    only: Only,
) -> list[ColumnElement[bool]]:
    """What picks those lines out of all of the statement's."""
    of_group: list[ColumnElement[bool]] = [of.c.kind == kind]
    if counterparty is not None:
        of_group.append(of.c.counterparty == counterparty)
    if only == "received":
        of_group.append(of.c.net_micros > 0)
    elif only == "paid":
        of_group.append(of.c.net_micros < 0)
    elif only == "adjusting":
        of_group.append(of.c.adjusts_date.is_not(None))
    elif only == "plain":
        of_group.append(of.c.adjusts_date.is_(None))
    elif only == "nothing_owed":
        of_group.append(of.c.counterparty.is_(None))
    elif only == "late":
        window = hub.read_window(connection=connection, business_date=plan.business_date)
        if window is None:
            return [false()]
        late = hub.late_movements(business_date=plan.business_date, starts_at=window.starts_at)
        of_group.append(
            exists().where(
                late.c.account_id == of.c.account_id, late.c.movement_id == of.c.movement_id
            )
        )
    return of_group


def _lines(plan: Plan, clearing: str) -> FromClause:
    """The statement's lines, of movements and of entries: line_no, kind, counterparty, net, what
    they correct, and the movement that they are of.

    A line in another currency that was converted counts with what it was converted to.
    """
    currency = None if plan.currency == clearing else plan.currency
    receives = entry.c.creditor == plan.party_no
    return union_all(
        select(
            line.c.line_no,
            line.c.kind,
            line.c.counterparty,
            func.coalesce(line.c.settlement_micros, line.c.net_micros).label("net_micros"),
            line.c.adjusts_date,
            line.c.account_id,
            line.c.movement_id,
        ).where(
            line.c.window_date == plan.business_date,
            line.c.party_no == plan.party_no,
            case((line.c.settlement_micros.is_(None), line.c.currency)).is_not_distinct_from(
                currency
            ),
        ),
        select(
            entry_line.c.line_no,
            entry.c.kind,
            case((receives, entry.c.debtor), else_=entry.c.creditor),
            case((receives, entry.c.amount_micros), else_=-entry.c.amount_micros),
            entry_line.c.adjusts_date,
            cast(null(), Uuid),
            cast(null(), Uuid),
        )
        .join_from(entry_line, entry, entry.c.no == entry_line.c.entry_no)
        .where(
            entry_line.c.window_date == plan.business_date,
            entry_line.c.party_no == plan.party_no,
            entry_line.c.currency == plan.currency,
        ),
    ).subquery("statement_line")
