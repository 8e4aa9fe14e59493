"""Holds, redemptions and slices in the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from coalition.db.writing import Section, WriteSet, insert_section
from coalition.ledger.domain import AccountState
from coalition.ledger.store import account_beside, lock_account_beside
from coalition.redemptions.domain import Hold, Redemption, Slice

HOLD_NEW = insert_section(
    "hold_new",
    "hold",
    {
        "account_id": "uuid",
        "hold_id": "uuid",
        "party_no": "int",
        "agreement_no": "int",
        "face_micros": "bigint",
        "currency": "text",
        "points": "bigint",
        "state": "text",
        "lot_ids": "uuid[]",
        "lot_points": "bigint[]",
        "reference": "text",
        "store": "text",
        "till": "text",
        "created_at": "timestamptz",
        "expires_at": "timestamptz",
    },
)
HOLD_CHANGED = Section(
    name="hold_changed",
    columns={
        "account_id": "uuid",
        "hold_id": "uuid",
        "state": "text",
        "captured_points": "bigint",
        "redemption_id": "uuid",
    },
    template=(
        "UPDATE hold SET state = r.state, captured_points = r.captured_points,"
        " redemption_id = r.redemption_id, closed_at = g.posted_at"
        " FROM {rows} WHERE hold.account_id = r.account_id AND hold.hold_id = r.hold_id"
    ),
)
REDEMPTION_NEW = insert_section(
    "redemption_new",
    "redemption",
    {
        "account_id": "uuid",
        "redemption_id": "uuid",
        "party_no": "int",
        "agreement_no": "int",
        "face_micros": "bigint",
        "currency": "text",
        "points": "bigint",
        "reversed_points": "bigint",
        "hold_id": "uuid",
        "reference": "text",
        "store": "text",
        "till": "text",
        "receipt": "text",
    },
    filled={"created_at": "g.posted_at"},
)
REDEMPTION_CHANGED = Section(
    name="redemption_changed",
    columns={"account_id": "uuid", "redemption_id": "uuid", "reversed_points": "bigint"},
    template=(
        "UPDATE redemption SET reversed_points = r.reversed_points FROM {rows}"
        " WHERE redemption.account_id = r.account_id"
        " AND redemption.redemption_id = r.redemption_id"
    ),
)
SLICE_NEW = insert_section(
    "slice_new",
    "slice",
    {
        "account_id": "uuid",
        "redemption_id": "uuid",
        "lot_id": "uuid",
        "position": "int",
        "points": "bigint",
        "reversed_points": "bigint",
        "movement_id": "uuid",
        "face_micros": "bigint",
    },
)
SLICE_CHANGED = Section(
    name="slice_changed",
    columns={
        "account_id": "uuid",
        "redemption_id": "uuid",
        "lot_id": "uuid",
        "reversed_points": "bigint",
    },
    template=(
        "UPDATE slice SET reversed_points = r.reversed_points FROM {rows}"
        " WHERE slice.account_id = r.account_id AND slice.redemption_id = r.redemption_id"
        " AND slice.lot_id = r.lot_id"
    ),
)

_HOLD_COLUMNS = (
    "account_id, hold_id, party_no, agreement_no, face_micros, currency, points, captured_points,"
    " state, lot_ids, lot_points, redemption_id, reference, store, till, created_at, expires_at"
)
_HOLD = f"SELECT {_HOLD_COLUMNS} FROM hold"
_HOLD_AND_ACCOUNT = account_beside(source="hold", columns=_HOLD_COLUMNS, key="hold_id")
_REDEMPTION = (
    "SELECT account_id, redemption_id, party_no, agreement_no, face_micros, currency, points,"
    " reversed_points, hold_id, reference, store, till, receipt, created_at FROM redemption"
    " WHERE redemption_id = ANY(%s::uuid[])"
)
_SLICES = (
    "SELECT s.redemption_id, s.lot_id, s.position, s.points, s.reversed_points, s.movement_id,"
    " s.face_micros"
    " FROM slice s JOIN redemption r USING (account_id, redemption_id)"
    " WHERE r.redemption_id = ANY(%s::uuid[]) ORDER BY s.redemption_id, s.position"
)


def load_hold(*, connection: Connection, hold_id: UUID) -> Hold | None:
    """The hold of that id."""
    row: Any = connection.exec_driver_sql(f"{_HOLD} WHERE hold_id = %s", (hold_id,)).one_or_none()
    return None if row is None else Hold(*row)


def lock_hold_and_account(
    *, connection: Connection, hold_id: UUID
) -> tuple[Hold, AccountState] | None:
    """Lock the account of a hold; gives the hold and the account with the hold's lots."""
    found = lock_account_beside(connection=connection, beside=_HOLD_AND_ACCOUNT, key=hold_id)
    return None if found is None else (Hold(*found[0]), found[1])


def load_expired_holds(*, connection: Connection, until: datetime, limit: int) -> list[Hold]:
    """Holds still held whose time was up before `until`, by account."""
    rows = connection.exec_driver_sql(
        f"{_HOLD} WHERE state = 'held' AND expires_at < %s ORDER BY account_id, hold_id LIMIT %s",
        (until, limit),
    )
    return [Hold(*row) for row in rows]


def load_redemptions(
    *, connection: Connection, redemption_ids: Iterable[UUID]
) -> dict[UUID, Redemption]:
    """The redemptions of those ids, with their slices."""
    ids = list(redemption_ids)
    found = {row[1]: Redemption(*row) for row in connection.exec_driver_sql(_REDEMPTION, (ids,))}
    if found:
        for redemption_id, *columns in connection.exec_driver_sql(_SLICES, (ids,)):
            found[redemption_id].slices.append(Slice(*columns))
    return found


def queue_hold(*, writes: WriteSet, hold: Hold) -> None:
    """Queue a new hold."""
    row = {name: getattr(hold, name) for name in HOLD_NEW.columns}
    writes.add(HOLD_NEW, row)


def queue_hold_change(*, writes: WriteSet, hold: Hold) -> None:
    """Queue the end of a hold."""
    writes.add(HOLD_CHANGED, {name: getattr(hold, name) for name in HOLD_CHANGED.columns})


def queue_redemption(*, writes: WriteSet, redemption: Redemption) -> None:
    """Queue a new redemption with its slices."""
    writes.add(REDEMPTION_NEW, {name: getattr(redemption, name) for name in REDEMPTION_NEW.columns})
    writes.extend(SLICE_NEW, [_slice_row(redemption, part) for part in redemption.slices])


def queue_reversal(*, writes: WriteSet, redemption: Redemption) -> None:
    """Queue how much of a redemption has been given back."""
    writes.add(
        REDEMPTION_CHANGED,
        {name: getattr(redemption, name) for name in REDEMPTION_CHANGED.columns},
    )
    writes.extend(
        SLICE_CHANGED,
        [_slice_row(redemption, part) for part in redemption.slices if part.reversed_points],
    )


def _slice_row(redemption: Redemption, part: Slice) -> dict[str, Any]:
    return {
        "account_id": redemption.account_id,
        "redemption_id": redemption.redemption_id,
        "lot_id": part.lot_id,
        "position": part.position,
        "points": part.points,
        "reversed_points": part.reversed_points,
        "movement_id": part.movement_id,
        "face_micros": part.face_micros,
    }
