"""Posting entries, into a window that no netting has seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from coalition.clock import wall_now
from coalition.ids import IdSource
from settlement import hub
from settlement.entries import store
from settlement.entries.cover import cover_changes
from settlement.entries.domain import EntryDiffers, NewEntry, Posted

_new_id = IdSource()


def post_entries(
    *,
    connection: Connection,
    entries: Sequence[NewEntry],
    wall: Callable[[], datetime] = wall_now,
    new_id: Callable[[], UUID] = _new_id,
) -> list[Posted]:
    """Post entries into the earliest business date that is not netted yet; in the given order.

    What was posted before, by cause, kind and number, stays as it is and where it is. The window
    can not be netted until the transaction ends, so keep it short. Raises EntryDiffers when an
    earlier entry of the same name has other parties or another amount.
    """
    if not entries:
        return []
    store.share_windows(connection=connection)
    window_date = open_window(connection=connection)
    business_at = hub.business_now(connection=connection)
    written = store.insert_entries(
        connection=connection,
        entries=entries,
        window_date=window_date,
        posted_at=wall(),
        business_at=business_at,
        new_id=new_id,
    )
    new = [each for each in entries if each.key in written]
    hub.add_cover(connection=connection, changes=cover_changes(entries=new))
    found = store.read_by_key(connection=connection, keys=[each.key for each in entries])
    posted = []
    for each in entries:
        one = found[each.key]
        if (one.debtor, one.creditor, one.amount_micros, one.currency) != (
            each.debtor,
            each.creditor,
            each.amount_micros,
            each.currency,
        ):
            raise EntryDiffers(
                f"{each.cause} has an entry {each.kind} {each.seq} with other parties or amount"
            )
        posted.append(one)
    return posted


def open_window(*, connection: Connection) -> date:
    """The earliest business date that is not netted yet."""
    # In this order: a date that closes between the two is found by the second.
    coalition = hub.read_coalition(connection=connection)
    closed = hub.read_windows(connection=connection, states=("closed",))
    return closed[0].business_date if closed else coalition.last_closed + timedelta(days=1)
