"""Reading accounts: balances beside the lots and debts that the unit of work may touch.

These statements are on the way of every posting, and each runs prepared. Each account's balance
is read in the same statement as its open lots, or before them, so a lot that is newer than the
balance shows as a version conflict when the posting is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
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

_LOCK = (
    "SELECT account_id FROM balance WHERE account_id = ANY($1::uuid[])"
    " ORDER BY account_id FOR UPDATE"
)
_WITH_OPEN_LOTS = (
    f"SELECT {_BALANCE}, {_LOT} FROM balance b LEFT JOIN LATERAL ("
    "SELECT * FROM lot x WHERE x.account_id = b.account_id AND x.is_open"
    " ORDER BY x.expires_at, x.lot_id LIMIT $2::bigint) l ON true"
    " WHERE b.account_id = ANY($1::uuid[])"
)
_WITH_THESE_LOTS = (
    f"SELECT {_BALANCE}, {_LOT} FROM balance b LEFT JOIN lot l ON l.account_id = b.account_id"
    " AND (l.is_open OR l.lot_id = ANY($2::uuid[])) WHERE b.account_id = ANY($1::uuid[])"
)
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
) -> dict[UUID, AccountState]:
    """Read accounts with their open lots, the lots named, and their outstanding debts.

    `lots_at_most` bounds the open lots of each account, soonest expiry first (None: all); it is
    for redemptions, which rarely need more than a few. Unknown accounts are absent.
    """
    ids = _array(account_ids)
    limits: bytes | None
    if lot_ids:
        statement, limits = _WITH_THESE_LOTS, _array(lot_ids)
    else:
        statement, limits = _WITH_OPEN_LOTS, None if lots_at_most is None else b"%d" % lots_at_most
    rows = run_encoded(connection=connection, statement=statement, parameters=(ids, limits))
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
            lot = Lot(*row[_WIDTH:])
            account.lots[lot.lot_id] = lot
    if indebted:
        _load_debts(connection, indebted, accounts)
    return accounts


def account_beside(*, source: str, columns: str, key: str) -> str:
    """A statement that reads a row, its account, and the lots that its `lot_ids` names.

    `source` is the row's table, `columns` of it are given, and `key` finds it.
    """
    given = ", ".join(f"x.{column.strip()}" for column in columns.split(","))
    return (
        f"SELECT {_BALANCE}, {_LOT}, {given} FROM {source} x"
        " JOIN balance b ON b.account_id = x.account_id"
        " LEFT JOIN lot l ON l.account_id = x.account_id AND l.lot_id = ANY(x.lot_ids)"
        f" WHERE x.{key} = $1::uuid"
    )


def load_account_beside(
    *, connection: Connection, statement: str, key: UUID
) -> tuple[tuple[Any, ...], AccountState] | None:
    """Run a statement of `account_beside`: the row, and its account with its debts."""
    rows = run_encoded(connection=connection, statement=statement, parameters=(key.hex.encode(),))
    if not rows:
        return None
    account = AccountState(*rows[0][:_WIDTH])
    for row in rows:
        if row[_WIDTH] is not None:
            lot = Lot(*row[_WIDTH:_BESIDE])
            account.lots[lot.lot_id] = lot
    if account.debt:
        _load_debts(connection, [account.account_id], {account.account_id: account})
    return rows[0][_BESIDE:], account


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
