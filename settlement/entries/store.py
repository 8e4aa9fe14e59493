"""The SQL of entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy import (
    Connection,
    func,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import OperationalError

from settlement import hub
from settlement.entries.domain import EntryLine, LineOf, NewEntry, Posted
from settlement.entries.tables import entry, entry_line
from settlement.locks import ENTRIES
from settlement.store.tables import statement

_KEYS_AT_ONCE = 500
_POSTED = (
    entry.c.no,
    entry.c.entry_id,
    entry.c.window_date,
    entry.c.kind,
    entry.c.debtor,
    entry.c.creditor,
    entry.c.amount_micros,
    entry.c.currency,
    entry.c.cause,
    entry.c.seq,
    entry.c.about,
    entry.c.posted_at,
    entry.c.business_at,
)


def share_windows(*, connection: Connection) -> None:
    """Keep the windows that are not netted from being netted, until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock_shared(*ENTRIES)))


def stop_posting(*, connection: Connection, lock_timeout_ms: int) -> None:
    """Let no entry be posted until the transaction ends.

    Posters queue behind this, so it is asked for with a time limit. Raises WindowBusy; the
    transaction is void then.
    """
    connection.execute(select(func.set_config("lock_timeout", f"{int(lock_timeout_ms)}ms", True)))
    try:
        connection.execute(select(func.pg_advisory_xact_lock(*ENTRIES)))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise hub.WindowBusy(
                f"entries being posted held the window for {lock_timeout_ms} ms"
            ) from error
        raise
    connection.execute(select(func.set_config("lock_timeout", "0", True)))


def insert_entries(
    *,
    connection: Connection,
    entries: Iterable[NewEntry],
    window_date: date,
    posted_at: datetime,
    business_at: datetime,
    new_id: Callable[[], UUID],
) -> set[tuple[str, str, int]]:
    """Write entries into a window; those that are there by their key, in whatever window, stay.

    Gives the keys of those that were written.
    """
    rows = [
        {
            "entry_id": new_id(),
            "window_date": window_date,
            "kind": each.kind,
            "debtor": each.debtor,
            "creditor": each.creditor,
            "amount_micros": each.amount_micros,
            "currency": each.currency,
            "cause": each.cause,
            "seq": each.seq,
            "about": each.facts,
            "posted_at": posted_at,
            "business_at": business_at,
        }
        # Two posters of the same entries wait for each other in the same order.
        for each in sorted(entries, key=lambda one: one.key)
    ]
    if not rows:
        return set()
    written = connection.execute(
        upsert(entry).on_conflict_do_nothing().returning(entry.c.cause, entry.c.kind, entry.c.seq),
        rows,
    )
    return {(cause, kind, seq) for cause, kind, seq in written}


def read_by_key(
    *, connection: Connection, keys: Sequence[tuple[str, str, int]]
) -> dict[tuple[str, str, int], Posted]:
    """Entries by cause, kind and number."""
    found = {}
    key = tuple_(entry.c.cause, entry.c.kind, entry.c.seq)
    for at in range(0, len(keys), _KEYS_AT_ONCE):
        rows = connection.execute(select(*_POSTED).where(key.in_(keys[at : at + _KEYS_AT_ONCE])))
        for row in rows:
            one = Posted(**row._mapping)
            found[one.cause, one.kind, one.seq] = one
    return found


def read_by_cause(*, connection: Connection, cause: str) -> tuple[Posted, ...]:
    """All entries of a cause, oldest first."""
    rows = connection.execute(select(*_POSTED).where(entry.c.cause == cause).order_by(entry.c.no))
    return tuple(Posted(**row._mapping) for row in rows)


def read_pair_entries(
    *, connection: Connection, business_date: date
) -> tuple[hub.PairObligations, ...]:
    """The window's entries by ordered pair and currency."""
    keys = (entry.c.debtor, entry.c.creditor, entry.c.currency)
    rows = connection.execute(
        select(*keys, func.sum(entry.c.amount_micros), func.count())
        .where(entry.c.window_date == business_date)
        .group_by(*keys)
        .order_by(*keys)
    )
    return tuple(
        hub.PairObligations(debtor, creditor, currency, int(total), count)
        for debtor, creditor, currency, total, count in rows
    )


def read_party_entries(
    *, connection: Connection, business_date: date, without: int | None = None
) -> tuple[hub.PartyObligations, ...]:
    """The window's entries summed by party: + what it is owed, - what it owes.

    `without` leaves out the entries of a party, on both sides.
    """
    of_window = entry.c.window_date == business_date
    if without is not None:
        of_window &= (entry.c.debtor != without) & (entry.c.creditor != without)
    sides = union_all(
        select(
            entry.c.creditor.label("party_no"),
            entry.c.currency,
            entry.c.amount_micros.label("micros"),
        ).where(of_window),
        select(entry.c.debtor, entry.c.currency, -entry.c.amount_micros).where(of_window),
    ).subquery()
    rows = connection.execute(
        select(sides.c.party_no, sides.c.currency, func.sum(sides.c.micros))
        .group_by(sides.c.party_no, sides.c.currency)
        .order_by(sides.c.party_no, sides.c.currency)
    )
    return tuple(hub.PartyObligations(no, currency, int(net)) for no, currency, net in rows)


def read_entry_lines(
    *,
    connection: Connection,
    business_date: date,
    party_no: int,
    currency: str,
    line_no: int | None = None,
) -> tuple[EntryLine, ...]:
    """The entries on a party's statement in a currency, by line number; or the one of a number."""
    query = (
        select(
            entry_line.c.line_no,
            entry_line.c.adjusts_date,
            entry_line.c.adjusts_line,
            statement.c.public_id,
            *_POSTED,
        )
        .join_from(entry_line, entry, entry.c.no == entry_line.c.entry_no)
        .outerjoin(
            statement,
            (statement.c.business_date == entry_line.c.adjusts_date)
            & (statement.c.party_no == entry_line.c.party_no)
            & (statement.c.currency == entry_line.c.currency),
        )
        .where(
            entry_line.c.window_date == business_date,
            entry_line.c.party_no == party_no,
            entry_line.c.currency == currency,
        )
        .order_by(entry_line.c.line_no)
    )
    if line_no is not None:
        query = query.where(entry_line.c.line_no == line_no)
    return tuple(_line(dict(row._mapping)) for row in connection.execute(query))


def _line(found: dict[str, Any]) -> EntryLine:
    line_no, day, at, statement_id = (
        found.pop(name) for name in ("line_no", "adjusts_date", "adjusts_line", "public_id")
    )
    adjusts = None if day is None else LineOf(day, at)
    return EntryLine(line_no, Posted(**found), adjusts, statement_id)
