"""Reading accounts: balances beside the lots and debts that the unit of work may touch.

These statements are on the way of every posting, and each runs prepared. Each account's balance
is read in the same statement as its open lots, or before them, so a lot that is newer than the
balance shows as a version conflict when the posting is written.

A statement that locks reads in the same round trip. In READ COMMITTED it sees everything as it was
when it began, but for the rows that it had to wait for: these it locks as they are now. So it
gives, beside the balance that it locked, whether that is the balance it saw; where it is not, the
account is read again, under the lock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from coalition.db.prepared import run_encoded
from coalition.ledger.domain import AccountState, Debt, Lot

_BALANCE = (
    "b.account_id, b.open, b.frozen, b.spend_locked, b.active, b.pending, b.held, b.debt, b.version"
)
_LOT = (
    "l.lot_id, l.issuer, l.funder, l.funding, l.issue_price_micros, l.redemption_price_micros,"
    " l.currency, l.agreement_no, l.sale_id, l.occurred_at, l.activates_at, l.expires_at,"
    " l.granted, l.pending, l.active, l.held, l.spent, l.expired, l.clawed_back, l.taken,"
    " l.blocked"
)
_WIDTH = 9
_BESIDE = _WIDTH + 21
_IS_AS_LOCKED = "b.version = seen.version"
_WITH_LOCKED = "WITH b AS MATERIALIZED ({lock}) "
_AND_SEEN = " JOIN balance seen ON seen.account_id = b.account_id"

_LOCK = (
    "SELECT account_id FROM balance WHERE account_id = ANY($1::uuid[])"
    " ORDER BY account_id FOR UPDATE"
)
_OF_ACCOUNTS = " WHERE b.account_id = ANY($1::uuid[])"
_LOCKED = _WITH_LOCKED.format(
    lock=f"SELECT * FROM balance b{_OF_ACCOUNTS} ORDER BY account_id FOR UPDATE"
)
_OPEN_LOTS = (
    " LEFT JOIN LATERAL (SELECT * FROM lot x WHERE x.account_id = b.account_id AND x.is_open"
    " ORDER BY x.expires_at, x.lot_id LIMIT $2::bigint) l ON true"
)
_THESE_LOTS = (
    " LEFT JOIN lot l ON l.account_id = b.account_id AND (l.is_open OR l.lot_id = ANY($2::uuid[]))"
)


def _reading(lots: str) -> str:
    return f"SELECT {_BALANCE}, {_LOT}, true FROM balance b{lots}{_OF_ACCOUNTS}"


def _locking(lots: str) -> str:
    return f"{_LOCKED}SELECT {_BALANCE}, {_LOT}, {_IS_AS_LOCKED} FROM b{_AND_SEEN}{lots}"


_READ_OPEN_LOTS, _READ_THESE_LOTS = _reading(_OPEN_LOTS), _reading(_THESE_LOTS)
_LOCK_OPEN_LOTS, _LOCK_THESE_LOTS = _locking(_OPEN_LOTS), _locking(_THESE_LOTS)
_DEBTS = (
    "SELECT account_id, debt_id, issuer, funder, lot_id, funding, issue_price_micros,"
    " redemption_price_micros, currency, sale_id, adjusts, due, recovered, written_off FROM debt"
    " WHERE account_id = ANY($1::uuid[]) AND outstanding > 0 ORDER BY created_at, debt_id"
)
_LOTS = (
    f"SELECT {_LOT} FROM lot l WHERE l.account_id = %s AND l.is_open"
    " AND (%s::int IS NULL OR l.issuer = %s)"
    " AND (l.expires_at, l.lot_id) > (%s, %s) ORDER BY l.expires_at, l.lot_id LIMIT %s"
)


def lock_accounts(*, connection: Connection, account_ids: Collection[UUID]) -> None:
    """Lock the accounts' balances in sorted order, for the rest of the transaction."""
    run_encoded(connection=connection, statement=_LOCK, parameters=(_array(account_ids),))


def load_accounts(
    *,
    connection: Connection,
    account_ids: Collection[UUID],
    lot_ids: Sequence[UUID] = (),
    lots_at_most: int | None = None,
    lock: bool = False,
) -> dict[UUID, AccountState]:
    """Read accounts with their open lots, the lots named, and their outstanding debts.

    `lots_at_most` bounds the open lots of each account, soonest expiry first (None: all); it is
    for redemptions, which rarely need more than a few. `lock` locks the balances as
    `lock_accounts` does. Unknown accounts are absent.
    """
    limits: bytes | None
    if lot_ids:
        read, locking, limits = _READ_THESE_LOTS, _LOCK_THESE_LOTS, _array(lot_ids)
    else:
        read, locking = _READ_OPEN_LOTS, _LOCK_OPEN_LOTS
        limits = None if lots_at_most is None else b"%d" % lots_at_most
    parameters = (_array(account_ids), limits)
    rows = run_encoded(
        connection=connection, statement=locking if lock else read, parameters=parameters
    )
    if not all(row[_BESIDE] for row in rows):
        rows = run_encoded(connection=connection, statement=read, parameters=parameters)
    accounts: dict[UUID, AccountState] = {}
    indebted = []
    for row in rows:
        account_id = row[0]
        account = accounts.get(account_id)
        if account is None:
            account = accounts[account_id] = AccountState(*row[:_WIDTH])
            if account.debt:
                indebted.append(account_id)
        if row[_WIDTH] is not None:
            lot = Lot(*row[_WIDTH:_BESIDE])
            account.lots[lot.lot_id] = lot
    if indebted:
        _load_debts(connection, indebted, accounts)
    return accounts


@dataclass(frozen=True, slots=True)
class Beside:
    """Statements that give a row, its account, and the lots that its `lot_ids` names.

    `read` reads them; `lock` locks the account's balance too.
    """

    read: str
    lock: str


def account_beside(*, source: str, columns: str, key: str) -> Beside:
    """The statements for rows of the table `source`: `columns` are given, `key` finds one."""
    given = ", ".join(f"x.{column.strip()}" for column in columns.split(","))
    found = f" WHERE x.{key} = $1::uuid"
    of_account = "ON b.account_id = x.account_id"
    lots = " LEFT JOIN lot l ON l.account_id = x.account_id AND l.lot_id = ANY(x.lot_ids)"
    locked = _WITH_LOCKED.format(
        lock=f"SELECT b.* FROM {source} x JOIN balance b {of_account}{found} FOR UPDATE OF b"
    )
    return Beside(
        read=(
            f"SELECT {_BALANCE}, {_LOT}, true, {given} FROM {source} x"
            f" JOIN balance b {of_account}{lots}{found}"
        ),
        lock=(
            f"{locked}SELECT {_BALANCE}, {_LOT}, {_IS_AS_LOCKED}, {given} FROM {source} x"
            f" JOIN b {of_account}{_AND_SEEN}{lots}{found}"
        ),
    )


def lock_account_beside(
    *, connection: Connection, beside: Beside, key: UUID
) -> tuple[tuple[Any, ...], AccountState] | None:
    """Lock an account and read it with the row beside it; None: there is no such row."""
    parameters = (key.hex.encode(),)
    rows = run_encoded(connection=connection, statement=beside.lock, parameters=parameters)
    if not rows:
        return None
    if not rows[0][_BESIDE]:
        rows = run_encoded(connection=connection, statement=beside.read, parameters=parameters)
    account = AccountState(*rows[0][:_WIDTH])
    for row in rows:
        if row[_WIDTH] is not None:
            lot = Lot(*row[_WIDTH:_BESIDE])
            account.lots[lot.lot_id] = lot
    if account.debt:
        _load_debts(connection, [account.account_id], {account.account_id: account})
    return rows[0][_BESIDE + 1 :], account


def _array(ids: Iterable[UUID]) -> bytes:
    """A set of ids as PostgreSQL writes an array."""
    return b"{%b}" % b",".join(sorted(b"%032x" % i.int for i in set(ids)))


def _load_debts(
    connection: Connection, account_ids: list[UUID], accounts: dict[UUID, AccountState]
) -> None:
    rows = run_encoded(connection=connection, statement=_DEBTS, parameters=(_array(account_ids),))
    for account_id, *columns in rows:
        accounts[account_id].debts.append(Debt(*columns))


def load_lots(
    *,
    connection: Connection,
    account_id: UUID,
    issuer: int | None,
    after: tuple[Any, UUID],
    limit: int,
) -> list[Lot]:
    """A page of an account's open lots by soonest expiry; of one issuer only, where given."""
    rows = connection.exec_driver_sql(_LOTS, (account_id, issuer, issuer, *after, limit))
    return [Lot(*row) for row in rows]
