"""The clearing house's bank accounts, and what being late costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from settlement.locks import PAYMENTS
from settlement.payments.domain.accounts import Account
from settlement.payments.domain.interest import DayCount
from settlement.payments.tables import clearing_account, late_terms

EVERY_PARTY = 0


@dataclass(frozen=True, slots=True)
class ClearingAccount:
    """One of the clearing house's accounts, and what banks call it in MT940."""

    currency: str
    account: Account
    mt940_name: str | None

    def is_called(self, name: str) -> bool:
        """Whether a bank's file means it."""
        return name in (self.account.iban, self.mt940_name)


@dataclass(frozen=True, slots=True)
class LateRow:
    """What being late costs beside interest (micros)."""

    day_count: DayCount
    penalty_micros: int
    penalty_after_days: int


def lock_payments(*, connection: Connection) -> None:
    """Wait for the right to change what is due and paid, until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(*PAYMENTS)))


def read_accounts(*, connection: Connection) -> dict[str, ClearingAccount]:
    """The clearing house's accounts by currency."""
    rows = connection.execute(select(clearing_account).order_by(clearing_account.c.currency))
    return {
        row.currency: ClearingAccount(
            currency=row.currency,
            account=Account(row.iban, row.bic, row.holder),
            mt940_name=row.mt940_name,
        )
        for row in rows
    }


def save_account(
    *, connection: Connection, account: ClearingAccount, changed_by: str, changed_at: datetime
) -> None:
    """Set the account of a currency."""
    values = {
        "iban": account.account.iban,
        "bic": account.account.bic,
        "holder": account.account.holder,
        "mt940_name": account.mt940_name,
        "changed_by": changed_by,
        "changed_at": changed_at,
    }
    connection.execute(
        insert(clearing_account)
        .values(currency=account.currency, **values)
        .on_conflict_do_update(index_elements=[clearing_account.c.currency], set_=values)
    )


def read_late_rows(*, connection: Connection) -> dict[int, LateRow]:
    """What being late costs, by party; `EVERY_PARTY` holds for the rest."""
    return {
        row.party_no: LateRow(row.day_count, row.penalty_micros, row.penalty_after_days)
        for row in connection.execute(select(late_terms))
    }


def save_late_row(*, connection: Connection, party_no: int, late: LateRow) -> None:
    """Set what being late costs a party, or every other."""
    values = {
        "day_count": late.day_count,
        "penalty_micros": late.penalty_micros,
        "penalty_after_days": late.penalty_after_days,
    }
    connection.execute(
        insert(late_terms)
        .values(party_no=party_no, **values)
        .on_conflict_do_update(index_elements=[late_terms.c.party_no], set_=values)
    )
