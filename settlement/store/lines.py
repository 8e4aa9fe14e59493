"""Numbering the lines of a window's statements, and reading them back as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import (
    Connection,
    Integer,
    SmallInteger,
    Text,
    case,
    cast,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from partner_sdk.wire import ids
from settlement import hub
from settlement.store.tables import agreement_ref, line, statement

_FETCH = 4000
_STREAM = "statement_lines"


@dataclass(frozen=True, slots=True)
class LineKey:
    """What a numbered line is made of."""

    line_no: int
    account_id: UUID
    movement_id: UUID
    seq: int
    own: bool
    kind: str
    adjusts_date: date | None
    adjusts_line: int | None


def number_lines(*, connection: Connection, business_date: date) -> None:
    """Number every line of the window's statements, from 1 for each party.

    A party's own lines come first, in the order of their movements. Its counterparties' copies
    follow in an order that tells nothing of the time of day.
    """
    keys = hub.line_keys(business_date=business_date)
    adjusted = _adjusted_lines(business_date).cte("adjusted").prefix_with("MATERIALIZED")
    number = func.row_number().over(
        partition_by=keys.c.party_no,
        order_by=(
            keys.c.own.desc(),
            case((keys.c.own, keys.c.movement_id)),
            func.uuid_hash_extended(keys.c.movement_id, 0),
            keys.c.movement_id,
            keys.c.seq,
        ),
    )
    rows = select(
        literal(business_date),
        keys.c.party_no,
        cast(number, Integer),
        keys.c.account_id,
        keys.c.movement_id,
        cast(keys.c.seq, SmallInteger),
        keys.c.own,
        keys.c.kind,
        adjusted.c.window_date,
        adjusted.c.line_no,
    ).outerjoin_from(
        keys,
        adjusted,
        (adjusted.c.movement_id == keys.c.movement_id)
        & (adjusted.c.seq == keys.c.seq)
        & (adjusted.c.party_no == keys.c.party_no),
    )
    columns = (
        "window_date", "party_no", "line_no", "account_id", "movement_id", "seq", "own", "kind",
        "adjusts_date", "adjusts_line",
    )  # fmt: skip
    connection.execute(insert(line).from_select(columns, rows))


def _adjusted_lines(business_date: date) -> Any:
    """For each line that corrects an earlier window: the party's line of what it corrects.

    That is the line of the same kind, where the original movement has one, else its first.
    """
    adjusting = hub.adjusting_lines(business_date=business_date)
    key = (adjusting.c.movement_id, adjusting.c.seq, adjusting.c.party_no)
    return (
        select(*key, line.c.window_date, line.c.line_no)
        .join_from(
            adjusting,
            line,
            (line.c.movement_id == adjusting.c.adjusts)
            & (line.c.party_no == adjusting.c.party_no)
            & (line.c.account_id == adjusting.c.account_id)
            & (line.c.window_date < business_date),
        )
        .ext(distinct_on(*key))
        .order_by(*key, (line.c.kind == adjusting.c.kind).desc(), line.c.line_no)
    )


def count_lines(*, connection: Connection, business_date: date) -> dict[int, int]:
    """How many lines each party's statement has."""
    rows = connection.execute(
        select(line.c.party_no, func.count().label("lines"))
        .where(line.c.window_date == business_date)
        .group_by(line.c.party_no)
    )
    return {row.party_no: row.lines for row in rows}


def refresh_agreements(*, connection: Connection) -> None:
    """Take over the agreement versions made since the last night."""
    newest = connection.scalar(select(func.max(agreement_ref.c.no))) or 0
    rows = [
        {
            "no": each.no,
            "public_id": ids.encode("agr", each.id),
            "version": str(each.version),
            "terms_sha256": each.terms_sha256,
        }
        for each in hub.read_agreements(connection=connection, after_no=newest)
    ]
    if rows:
        connection.execute(upsert(agreement_ref).on_conflict_do_nothing(), rows)


def read_agreement_hashes(*, connection: Connection) -> dict[str, tuple[int, str]]:
    """The version and the SHA-256 (hex) of the terms, by the agreement version's public id."""
    rows = connection.execute(
        select(agreement_ref.c.public_id, agreement_ref.c.version, agreement_ref.c.terms_sha256)
    )
    return {public_id: (int(version), sha256.hex()) for public_id, version, sha256 in rows}


def stream_lines(
    *, connection: Connection, business_date: date, parties: Sequence[int]
) -> Iterator[list[tuple[Any, ...]]]:
    """The lines of several statements, in lists of plain tuples as `LINE_ROW` says.

    Rows come by party number, then line number. They pass through a cursor of the server, a few
    thousand at a time, straight from the driver: objects per row would cost more than the rest of
    the night. The planner is held to look-ups by key: what a night reads lies close together, and
    it must not read tables that grow for ever, however stale its statistics.
    """
    statement_lines = (
        select(
            line.c.party_no,
            line.c.line_no,
            line.c.own,
            line.c.account_id,
            line.c.movement_id,
            line.c.seq,
            line.c.kind,
            statement.c.public_id.label("adjusts_statement"),
            cast(line.c.adjusts_line, Text).label("adjusts_line"),
        )
        .outerjoin_from(
            line,
            statement,
            (statement.c.business_date == line.c.adjusts_date)
            & (statement.c.party_no == line.c.party_no),
        )
        .where(line.c.window_date == business_date, line.c.party_no == func.any(list(parties)))
        .subquery("statement_line")
    )
    query = hub.line_details(lines=statement_lines, agreements=agreement_ref).order_by(
        statement_lines.c.party_no, statement_lines.c.line_no
    )
    compiled = query.compile(
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    for setting in ("enable_hashjoin", "enable_mergejoin"):
        connection.execute(select(func.set_config(setting, "off", True)))
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("statement lines stream through psycopg only")
    with psycopg.ServerCursor(driver, _STREAM) as cursor:
        cursor.execute(str(compiled).encode(), compiled.params, binary=True)
        while rows := cursor.fetchmany(_FETCH):
            # The hub's id of the document, where there is one, stands behind the row.
            yield [(*r[:5], r[5] if r[26] is None else r[26], *r[6:26]) for r in rows]


def read_line_key(
    *, connection: Connection, business_date: date, party_no: int, line_no: int
) -> LineKey | None:
    """The key behind one line of a statement; None for lines of rounding and beyond the last."""
    row = connection.execute(
        select(
            line.c.line_no,
            line.c.account_id,
            line.c.movement_id,
            line.c.seq,
            line.c.own,
            line.c.kind,
            line.c.adjusts_date,
            line.c.adjusts_line,
        ).where(
            line.c.window_date == business_date,
            line.c.party_no == party_no,
            line.c.line_no == line_no,
        )
    ).one_or_none()
    return None if row is None else LineKey(*row)
