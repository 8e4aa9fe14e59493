"""Numbering the lines of movements on a window's statements, and their control totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    SmallInteger,
    Text,
    case,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import distinct_on

from settlement import hub
from settlement.currencies.domain import Rate
from settlement.currencies.store import converted
from settlement.store.tables import SCHEMA, adjusted_line, line


@dataclass(frozen=True, slots=True)
class LineSums:
    """Control totals of a party's numbered lines (micros)."""

    lines: int
    net_micros: int


@dataclass(frozen=True, slots=True)
class Foreign:
    """What becomes of a window's lines in other currencies than the clearing one.

    Where the window converts, each currency that is owed has its rate, and its lines stand among
    the others; else they are numbered for statements in their own currency.
    """

    clearing: str
    converts: bool
    rates: Mapping[str, Rate]


def number_lines(
    *,
    connection: Connection,
    business_date: date,
    foreign: Foreign | None = None,
) -> None:
    """Number every line of the window's statements, from 1 for each of them.

    A party's own lines come first, in the order of their movements. Its counterparties' copies
    follow in an order that tells nothing of the time of day. `foreign` says what becomes
    of other currencies; None where the coalition has none, and then they cost nothing.
    """
    # What corrects earlier windows is found by key, never by reading the tables that grow for ever.
    configure(connection, enable_hashjoin="off", enable_mergejoin="off")
    adjusted_line.create(connection)
    connection.execute(
        insert(adjusted_line).from_select(
            [
                "movement_id",
                "seq",
                "party_no",
                "adjusts_date",
                "adjusts_line",
                "adjusts_currency",
            ],
            _adjusted_lines(business_date),
        )
    )
    # The window itself is read whole, and once.
    configure(connection, enable_hashjoin="on", work_mem="64MB")
    keys = hub.line_keys(business_date=business_date)
    currency, settled = _NO_CURRENCY if foreign is None else _currency_of(keys, foreign)
    statement_of = [case((settled.is_(None), currency))] if foreign else []
    number = func.row_number().over(
        partition_by=[keys.c.party_no, *statement_of],
        order_by=(
            keys.c.own.desc(),
            case((keys.c.own, keys.c.movement_id)),
            func.uuid_hash_extended(keys.c.movement_id, 0),
            keys.c.movement_id,
            keys.c.seq,
        ),
    )
    columns = {
        "window_date": literal(business_date),
        "party_no": keys.c.party_no,
        "line_no": cast(number, Integer),
        "account_id": keys.c.account_id,
        "movement_id": keys.c.movement_id,
        "seq": cast(keys.c.seq, SmallInteger),
        "own": keys.c.own,
        "kind": keys.c.kind,
        "counterparty": keys.c.counterparty,
        "net_micros": keys.c.net_micros,
        "currency": currency,
        "settlement_micros": settled,
        "adjusts_date": adjusted_line.c.adjusts_date,
        "adjusts_line": adjusted_line.c.adjusts_line,
        "adjusts_currency": adjusted_line.c.adjusts_currency,
    }
    rows = select(*columns.values()).outerjoin_from(
        keys,
        adjusted_line,
        (adjusted_line.c.movement_id == keys.c.movement_id)
        & (adjusted_line.c.seq == keys.c.seq)
        & (adjusted_line.c.party_no == keys.c.party_no),
    )
    connection.execute(insert(line).from_select(list(columns), rows))


_NO_CURRENCY = (cast(null(), Text), cast(null(), BigInteger))


def _currency_of(
    keys: FromClause, foreign: Foreign
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """A line's currency, if it is another than the clearing one, and its converted amount."""
    net = keys.c.net_micros
    currency: ColumnElement[Any] = func.nullif(keys.c.currency, foreign.clearing)
    settled: ColumnElement[Any] = _NO_CURRENCY[1]
    if foreign.converts:
        # What owes nothing needs no rate, and stands among the rest.
        currency = case((keys.c.counterparty.is_not(None), currency))
    if foreign.rates:
        settled = case(
            *(
                (
                    keys.c.counterparty.is_not(None) & (keys.c.currency == rate.currency),
                    func.sign(net) * converted(func.abs(net), rate.scaled),
                )
                for rate in foreign.rates.values()
            )
        )
    return currency, cast(settled, BigInteger)


def configure(connection: Connection, **settings: str) -> None:
    """Set the server's settings for the rest of the transaction."""
    for name, value in settings.items():
        connection.execute(select(func.set_config(name, value, True)))


def _adjusted_lines(business_date: date) -> Any:
    """For each line that corrects an earlier window: the party's line of what it corrects.

    That is the line of the same kind, where the original movement has one, else its first.
    """
    adjusting = hub.adjusting_lines(business_date=business_date)
    key = (adjusting.c.movement_id, adjusting.c.seq, adjusting.c.party_no)
    return (
        select(
            *key,
            line.c.window_date,
            line.c.line_no,
            case((line.c.settlement_micros.is_(None), line.c.currency)),
        )
        .join_from(
            adjusting,
            line,
            (line.c.movement_id == adjusting.c.adjusts)
            & (line.c.party_no == adjusting.c.party_no)
            & (line.c.account_id == adjusting.c.account_id)
            & (line.c.window_date == adjusting.c.original_date),
        )
        .ext(distinct_on(*key))
        .order_by(*key, (line.c.kind == adjusting.c.kind).desc(), line.c.line_no)
    )


def sum_lines(
    *, connection: Connection, business_date: date, clearing: str, foreign: bool
) -> dict[tuple[int, str], LineSums]:
    """The control totals of each statement's numbered lines, by party and currency."""
    currency: ColumnElement[Any] = null()
    net: ColumnElement[Any] = line.c.net_micros
    if foreign:
        currency = case((line.c.settlement_micros.is_(None), line.c.currency))
        net = func.coalesce(line.c.settlement_micros, line.c.net_micros)
    rows = connection.execute(
        select(line.c.party_no, currency, func.count(), func.sum(net))
        .where(line.c.window_date == business_date)
        .group_by(line.c.party_no, *([currency] if foreign else []))
    )
    return {
        (party_no, currency or clearing): LineSums(count, int(net))
        for party_no, currency, count, net in rows
    }


def refresh_statistics(*, connection: Connection) -> None:
    """Let the planner know the lines of a large window before they are read."""
    connection.execute(text(f"ANALYZE {SCHEMA}.line"))
