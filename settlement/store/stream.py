"""The lines of many statements as one stream of plain tuples, ready to be rendered.

A night can have millions of lines, so nothing here makes an object per line: rows come from the
driver in binary form, a few thousand at a time, through a cursor of the server, and what many
lines share (names of parties and agreements, offsets of time zones) is put in from small tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.numeric import Int8BinaryLoader
from psycopg.types.string import ByteaBinaryLoader
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Text,
    case,
    cast,
    func,
    null,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import array

from settlement import hub
from settlement.currencies.domain import Rate
from settlement.rendering import Conversion
from settlement.store.lines import AgreementLabel
from settlement.store.numbering import configure
from settlement.store.tables import line

_FETCH = 4000
_CURSOR = "statement_lines"
_SECOND = 1_000_000
# No offset changes within a quarter of an hour of the clock that starts one.
_QUARTER = 900 * _SECOND
# PostgreSQL counts from the year 2000.
_EPOCH = 946_684_800 * _SECOND

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Names:
    """What lines share: slugs and time zones of parties by number, agreements by number, the
    statements that lines correct by party, date and currency (None: the clearing one), and the
    rates of what was converted by currency."""

    slugs: Mapping[int, str]
    time_zones: Mapping[int, str]
    agreements: Mapping[int, AgreementLabel]
    adjusted: Mapping[tuple[int, date, str | None], str]
    rates: Mapping[str, Rate] = field(default_factory=dict)


@cache
def offset_seconds(zone: str, quarter: int) -> int:
    """The offset of a time zone from UTC in a quarter of an hour since 1970."""
    instant = datetime.fromtimestamp(quarter * 900, UTC)
    offset = instant.astimezone(ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def stream_lines(
    *,
    connection: Connection,
    business_date: date,
    starts_at: datetime,
    statements: Sequence[tuple[int, str]],
    clearing: str | None,
    names: Names,
) -> Iterator[Rows]:
    """The lines of statements as `LINE_ROW` says, by party, currency and number.

    `statements` are named by party number and currency; `clearing` is the coalition's currency
    where there are others, else None: then nothing is asked about currencies. `starts_at` is the
    beginning of the window.
    """
    foreign, currency = _foreign(clearing)
    lines = (
        select(
            line.c.party_no,
            line.c.line_no,
            line.c.own,
            line.c.account_id,
            line.c.movement_id,
            line.c.kind,
            line.c.counterparty,
            line.c.net_micros,
            line.c.adjusts_date,
            line.c.adjusts_line,
            foreign.label("foreign_"),
            currency.label("statement_currency"),
        )
        .where(
            line.c.window_date == business_date,
            line.c.party_no == func.any([party_no for party_no, _ in statements]),
        )
        .subquery("statement_line")
    )
    query = (
        hub.line_details(lines=lines, business_date=business_date, starts_at=starts_at)
        .add_columns(
            lines.c.party_no,
            lines.c.own,
            lines.c.kind,
            lines.c.counterparty,
            lines.c.net_micros,
            lines.c.adjusts_date,
            lines.c.adjusts_line,
            lines.c.foreign_,
        )
        .order_by(lines.c.party_no, lines.c.line_no)
    )
    if clearing is not None:
        key = tuple_(lines.c.party_no, lines.c.statement_currency)
        query = (
            query.where(key.in_(list(statements)))
            .order_by(None)
            .order_by(lines.c.party_no, lines.c.statement_currency, lines.c.line_no)
        )
    compiled = query.compile(
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    # The helpers are processes of ours; the server's would only compete with them.
    # Joins in the order written: lines to movements by window, all else by key.
    configure(
        connection,
        max_parallel_workers_per_gather="0",
        work_mem="64MB",
        enable_mergejoin="off",
        join_collapse_limit="1",
    )
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("statement lines stream through psycopg only")
    with psycopg.ServerCursor(driver, _CURSOR) as cursor:
        # The bytes of an id, and the server's own count of microseconds, as they come.
        cursor.adapters.register_loader("uuid", ByteaBinaryLoader)
        cursor.adapters.register_loader("timestamptz", Int8BinaryLoader)
        cursor.execute(str(compiled).encode(), compiled.params, binary=True)
        while rows := cursor.fetchmany(_FETCH):
            yield _name(rows, names)


def _foreign(clearing: str | None) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """What a line has of other currencies, and the currency of its statement."""
    nothing = cast(null(), ARRAY(Text))
    if clearing is None:
        return nothing, cast(null(), Text)
    parts = (line.c.currency, cast(line.c.settlement_micros, Text), line.c.adjusts_currency)
    return (
        case((func.num_nonnulls(*parts) > 0, array(parts)), else_=nothing),
        func.coalesce(case((line.c.settlement_micros.is_(None), line.c.currency)), clearing),
    )


def _name(rows: Sequence[tuple[Any, ...]], names: Names) -> Rows:
    """Put the names into rows as they come from the query of `stream_lines`."""
    slug_of, agreement_of, adjusted = names.slugs.get, names.agreements, names.adjusted
    zone_of, offset, epoch = names.time_zones, offset_seconds, _EPOCH
    rates = names.rates
    named: Rows = []
    for (
        movement, at_party, document_kind, sale, document, partner_ref, store, store_zone, till,
        receipt, account, reason, occurred, posted, issuer, is_redemption, campaign,
        agreement_no, lot, points, price, party, own, kind, counterparty, net, adjusts_date,
        adjusts_line, foreign,
    ) in rows:  # fmt: skip
        currency = conversion = None
        if foreign is not None:
            own_currency, settled, currency = foreign
            if settled is not None:
                rate = rates[own_currency]
                conversion = Conversion(own_currency, rate.text, int(settled))
                reason = f"{reason}; {rate.note}"
        agreement = agreement_of[agreement_no]
        named.append(
            (
                own,
                movement,
                adjusts_date and adjusted[party, adjusts_date, currency],
                adjusts_date and str(adjusts_line),
                document_kind,
                document or sale,
                partner_ref,
                store,
                till,
                receipt,
                account,
                kind,
                reason,
                occurred + epoch if own else None,
                offset(store_zone or zone_of[at_party], (occurred + epoch) // _QUARTER)
                if own
                else None,
                posted + epoch if own else None,
                slug_of(issuer),
                slug_of(at_party) if is_redemption else None,
                slug_of(counterparty),
                campaign,
                agreement.public_id,
                agreement.version,
                lot,
                points,
                price,
                net,
                conversion,
                None,
            )
        )
    return named
