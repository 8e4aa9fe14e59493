"""Numbering entries as lines of statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import (
    Connection,
    Date,
    Integer,
    Text,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    union_all,
    values,
)

from settlement.entries.tables import entry, entry_line


def count_sides(*, connection: Connection, business_date: date, clearing: int) -> int:
    """How many lines the window's entries are: one for each side that gets a statement."""
    return int(
        connection.scalar(
            select(
                func.coalesce(
                    func.sum(
                        case((entry.c.debtor != clearing, 1), else_=0)
                        + case((entry.c.creditor != clearing, 1), else_=0)
                    ),
                    0,
                )
            ).where(entry.c.window_date == business_date)
        )
        or 0
    )


def number_entry_lines(
    *,
    connection: Connection,
    business_date: date,
    clearing: int,
    after: Mapping[tuple[int, str], int],
) -> None:
    """Number the window's entries on each party's statement, behind the lines it has.

    `after` is how many lines of movements a party's statement in a currency has. The clearing house
    has none.
    """
    sides = union_all(
        *(
            select(entry.c.no, side.label("party_no"), entry.c.currency, entry.c.about).where(
                entry.c.window_date == business_date, side != clearing
            )
            for side in (entry.c.debtor, entry.c.creditor)
        )
    ).subquery("side")
    lines = values(
        column("party_no", Integer),
        column("currency", Text),
        column("lines", Integer),
        name="lines",
    ).data([(*key, count) for key, count in sorted(after.items())] or [(0, "", 0)])
    adjusts = sides.c.about["adjusts"][cast(sides.c.party_no, Text)]
    number = func.coalesce(lines.c.lines, 0) + func.row_number().over(
        partition_by=(sides.c.party_no, sides.c.currency), order_by=sides.c.no
    )
    rows = select(
        sides.c.no,
        sides.c.party_no,
        literal(business_date, Date),
        sides.c.currency,
        cast(number, Integer),
        cast(adjusts["date"].astext, Date),
        cast(adjusts["line"].astext, Integer),
    ).outerjoin_from(
        sides,
        lines,
        (lines.c.party_no == sides.c.party_no) & (lines.c.currency == sides.c.currency),
    )
    names = [
        "entry_no",
        "party_no",
        "window_date",
        "currency",
        "line_no",
        "adjusts_date",
        "adjusts_line",
    ]
    connection.execute(insert(entry_line).from_select(names, rows))


def sum_entry_lines(
    *, connection: Connection, business_date: date
) -> dict[tuple[int, str], tuple[int, int]]:
    """The numbered entries by party and currency: how many, and their net (micros, + receives)."""
    net = case(
        (entry.c.creditor == entry_line.c.party_no, entry.c.amount_micros),
        else_=-entry.c.amount_micros,
    )
    rows = connection.execute(
        select(entry_line.c.party_no, entry_line.c.currency, func.count(), func.sum(net))
        .join_from(entry_line, entry, entry.c.no == entry_line.c.entry_no)
        .where(entry_line.c.window_date == business_date)
        .group_by(entry_line.c.party_no, entry_line.c.currency)
    )
    return {(party, currency): (count, int(total)) for party, currency, count, total in rows}
