"""Taking in a bank's file: all of it in one transaction, each entry once for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from coalition.errors import HubError
from settlement.payments.files.bank import BankFile, BankStatement, entry_keys
from settlement.payments.files.camt053 import read_camt053
from settlement.payments.files.mt940 import ENCODINGS, read_mt940
from settlement.payments.service import matching
from settlement.payments.store import accounts, bank
from settlement.payments.store.accounts import ClearingAccount
from settlement.payments.store.bank import ImportedFile, NewBankEntry

_KEYS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Import:
    """What taking a file in came to; `again`: its very bytes were taken before."""

    file: ImportedFile
    again: bool
    matched: int
    unmatched: int


def read_bank_file(content: bytes, *, encoding: str = "utf-8") -> BankFile:
    """A bank's file of either kind.

    Raises:
        HubError: `bank_file_invalid`.
    """
    if encoding not in ENCODINGS:
        raise HubError("validation_failed", f"The encoding must be one of {', '.join(ENCODINGS)}.")
    start = content[:200].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\x00", b"")
    if start.startswith(b"<"):
        return read_camt053(content)
    return read_mt940(content, encoding=encoding)


def import_file(
    *,
    connection: Connection,
    name: str,
    content: bytes,
    encoding: str = "utf-8",
    person: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Import:
    """Take a file in and match what it brings; a file or an entry that was taken changes nothing.

    `now` is wall time.

    Raises:
        HubError: `bank_file_invalid`, `bank_file_account_unknown`, `wrong_currency`,
            `bank_entry_conflict`. Then nothing was taken.
    """
    sha256 = hashlib.sha256(content).digest()
    accounts.lock_payments(connection=connection)
    before = bank.read_import(connection=connection, sha256=sha256)
    if before is not None:
        waiting = bank.read_unmatched(connection=connection)
        return Import(file=before, again=True, matched=0, unmatched=len(waiting))
    read = read_bank_file(content, encoding=encoding)
    known = accounts.read_accounts(connection=connection)
    new: list[NewBankEntry] = []
    total = 0
    for statement in _joined(read):
        account = _account_of(statement, known)
        total += len(statement.entries)
        _check_kind(connection, statement, account, read.kind)
        new.extend(_new_entries(connection, statement, account, new_id))
    file = ImportedFile(
        file_id=new_id(),
        sha256=sha256,
        name=name[:200],
        kind=read.kind,
        entries=total,
        new_entries=len(new),
        imported_by=person,
        imported_at=now,
    )
    bank.insert_import(connection=connection, file=file)
    bank.insert_entries(connection=connection, file_id=file.file_id, kind=read.kind, entries=new)
    matched = matching.match_all(connection=connection, now=now)
    waiting = bank.read_unmatched(connection=connection)
    return Import(file=file, again=False, matched=matched, unmatched=len(waiting))


def _joined(read: BankFile) -> list[BankStatement]:
    """The statements of one account as one, so that its entries are told apart together."""
    by_account: dict[tuple[str, str], list[BankStatement]] = {}
    for statement in read.statements:
        by_account.setdefault((statement.account, statement.currency), []).append(statement)
    return [
        BankStatement(
            account=account,
            currency=currency,
            opening_micros=None,
            closing_micros=None,
            entries=tuple(entry for each in found for entry in each.entries),
        )
        for (account, currency), found in by_account.items()
    ]


def _account_of(statement: BankStatement, known: dict[str, ClearingAccount]) -> ClearingAccount:
    for account in known.values():
        if account.is_called(statement.account):
            if account.currency != statement.currency:
                raise HubError(
                    "wrong_currency",
                    f"The account is kept in {account.currency}, the file is in "
                    f"{statement.currency}; nothing of the file was taken.",
                )
            return account
    raise HubError(
        "bank_file_account_unknown",
        f"The account {statement.account[:40]} is not one of the clearing house's; nothing of "
        "the file was taken.",
    )


def _check_kind(
    connection: Connection, statement: BankStatement, account: ClearingAccount, kind: str
) -> None:
    """One span of dates is told by one kind of file: the two give other names to an entry."""
    if not statement.entries:
        return
    dates = [entry.booked_on for entry in statement.entries]
    other = bank.read_other_kind(
        connection=connection,
        account=account.account.iban,
        kind=kind,
        first=min(dates),
        last=max(dates),
    )
    if other is not None:
        raise HubError(
            "bank_entry_conflict",
            f"Entries of {other} came in the other kind of file already; nothing of the file "
            "was taken.",
        )


def _new_entries(
    connection: Connection,
    statement: BankStatement,
    account: ClearingAccount,
    new_id: Callable[[], UUID],
) -> list[NewBankEntry]:
    keys = entry_keys(statement.entries)
    known: dict[str, bytes] = {}
    for at in range(0, len(keys), _KEYS_AT_ONCE):
        known |= bank.read_known(
            connection=connection,
            account=account.account.iban,
            keys=keys[at : at + _KEYS_AT_ONCE],
        )
    new = []
    for key, entry in zip(keys, statement.entries, strict=True):
        if key not in known:
            new.append(NewBankEntry(new_id(), key, account.account.iban, statement.currency, entry))
        elif known[key] != entry.content_sha256:
            raise HubError(
                "bank_entry_conflict",
                f"The entry {entry.bank_reference} of {entry.booked_on} came before and said "
                "something else; nothing of the file was taken.",
            )
    return new
