"""What the bank booked: each entry once, whichever files it came in; and what it pays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, tuple_, update

from settlement.payments.domain.matching import Allocation, Booked, Rest
from settlement.payments.domain.references import find_references
from settlement.payments.files.bank import BankEntry
from settlement.payments.tables import allocation, bank_entry, bank_file


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A bank's file that was taken; the hash is of its bytes."""

    file_id: UUID
    sha256: bytes
    name: str
    kind: str
    entries: int
    new_entries: int
    imported_by: str
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class NewBankEntry:
    """An entry that no file brought before."""

    entry_id: UUID
    key: str
    account: str
    currency: str
    entry: BankEntry


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it stands: `how` is None while nobody knows whose it is."""

    booked: Booked
    account: str
    value_on: date
    counterparty_name: str
    end_to_end: str
    details: str
    party_no: int | None
    how: str | None
    reason: str | None
    rest_micros: int


def read_import(*, connection: Connection, sha256: bytes) -> ImportedFile | None:
    """The file of those bytes, if it was taken."""
    row = connection.execute(select(bank_file).where(bank_file.c.sha256 == sha256)).one_or_none()
    return None if row is None else ImportedFile(**row._mapping)


def insert_import(*, connection: Connection, file: ImportedFile) -> None:
    """Note a file that is taken."""
    connection.execute(
        insert(bank_file).values(
            file_id=file.file_id,
            sha256=file.sha256,
            name=file.name,
            kind=file.kind,
            entries=file.entries,
            new_entries=file.new_entries,
            imported_by=file.imported_by,
            imported_at=file.imported_at,
        )
    )


def read_known(*, connection: Connection, account: str, keys: Sequence[str]) -> dict[str, bytes]:
    """Those of the keys that the account has, with the hash of what the bank said."""
    rows = connection.execute(
        select(bank_entry.c.key, bank_entry.c.content_sha256).where(
            bank_entry.c.account == account, bank_entry.c.key.in_(keys)
        )
    )
    return {row.key: bytes(row.content_sha256) for row in rows}


def read_other_kind(
    *, connection: Connection, account: str, kind: str, first: date, last: date
) -> date | None:
    """A booking date in that span for which the account has entries of another kind of file."""
    return connection.execute(
        select(bank_entry.c.booked_on)
        .where(
            bank_entry.c.account == account,
            bank_entry.c.kind != kind,
            bank_entry.c.booked_on.between(first, last),
        )
        .order_by(bank_entry.c.booked_on)
        .limit(1)
    ).scalar_one_or_none()


def insert_entries(
    *, connection: Connection, file_id: UUID, kind: str, entries: Iterable[NewBankEntry]
) -> None:
    """Write entries; nobody knows yet whose they are."""
    rows = [
        {
            "entry_id": each.entry_id,
            "file_id": file_id,
            "account": each.account,
            "key": each.key,
            "content_sha256": each.entry.content_sha256,
            "kind": kind,
            "booked_on": each.entry.booked_on,
            "value_on": each.entry.value_on,
            "amount_micros": each.entry.amount_micros,
            "currency": each.currency,
            "credit": each.entry.credit,
            "end_to_end": each.entry.end_to_end,
            "bank_reference": each.entry.bank_reference,
            "counterparty_name": each.entry.counterparty_name,
            "counterparty_iban": each.entry.counterparty_iban,
            "details": each.entry.details,
            "rest_micros": 0,
        }
        for each in entries
    ]
    if rows:
        connection.execute(insert(bank_entry), rows)


def read_entry(*, connection: Connection, entry_id: UUID) -> StoredEntry | None:
    """One entry."""
    row = connection.execute(
        select(bank_entry).where(bank_entry.c.entry_id == entry_id)
    ).one_or_none()
    return None if row is None else _stored(row)


def read_unmatched(
    *,
    connection: Connection,
    after: tuple[date, UUID] | None = None,
    limit: int | None = None,
) -> tuple[StoredEntry, ...]:
    """Entries of which nobody knows whose they are, oldest first."""
    query = (
        select(bank_entry)
        .where(bank_entry.c.how.is_(None))
        .order_by(bank_entry.c.booked_on, bank_entry.c.entry_id)
    )
    if after is not None:
        query = query.where(
            tuple_(bank_entry.c.booked_on, bank_entry.c.entry_id) > tuple_(after[0], after[1])
        )
    if limit is not None:
        query = query.limit(limit)
    return tuple(_stored(row) for row in connection.execute(query))


def mark_matched(
    *,
    connection: Connection,
    entry_id: UUID,
    party_no: int | None,
    how: str,
    rest_micros: int,
    matched_at: datetime,
    matched_by: str | None = None,
    reason: str | None = None,
) -> None:
    """Note whose an entry is, how that was found out, and what no item was given."""
    connection.execute(
        update(bank_entry)
        .where(bank_entry.c.entry_id == entry_id, bank_entry.c.how.is_(None))
        .values(
            party_no=party_no,
            how=how,
            rest_micros=rest_micros,
            matched_at=matched_at,
            matched_by=matched_by,
            reason=reason,
        )
    )


def read_rests(*, connection: Connection, party_no: int, currency: str) -> tuple[Rest, ...]:
    """What a party has on account, oldest first."""
    rows = connection.execute(
        select(bank_entry.c.entry_id, bank_entry.c.credit, bank_entry.c.rest_micros)
        .where(
            bank_entry.c.party_no == party_no,
            bank_entry.c.currency == currency,
            bank_entry.c.rest_micros > 0,
        )
        .order_by(bank_entry.c.booked_on, bank_entry.c.entry_id)
    )
    return tuple(Rest(*row) for row in rows)


def take_rest(*, connection: Connection, entry_id: UUID, micros: int) -> None:
    """Lessen what an entry has not been given to items."""
    connection.execute(
        update(bank_entry)
        .where(bank_entry.c.entry_id == entry_id)
        .values(rest_micros=bank_entry.c.rest_micros - micros)
    )


def insert_allocations(
    *, connection: Connection, allocations: Sequence[Allocation], allocated_at: datetime
) -> None:
    """Write what entries give to items."""
    if allocations:
        connection.execute(
            insert(allocation),
            [
                {
                    "entry_id": each.entry_id,
                    "item_id": each.item_id,
                    "micros": each.micros,
                    "allocated_at": allocated_at,
                }
                for each in allocations
            ],
        )


def _stored(row: Any) -> StoredEntry:
    return StoredEntry(
        booked=Booked(
            entry_id=row.entry_id,
            booked_on=row.booked_on,
            amount_micros=row.amount_micros,
            currency=row.currency,
            credit=row.credit,
            references=find_references(row.end_to_end, row.details),
            counterparty_iban=row.counterparty_iban or None,
        ),
        account=row.account,
        value_on=row.value_on,
        counterparty_name=row.counterparty_name,
        end_to_end=row.end_to_end,
        details=row.details,
        party_no=row.party_no,
        how=row.how,
        reason=row.reason,
        rest_micros=row.rest_micros,
    )
