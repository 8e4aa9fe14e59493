"""What the bank was told to pay out, and the file that tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from settlement.payments.domain.accounts import Account
from settlement.payments.domain.planning import Instruction, Uninstructed
from settlement.payments.store.items import OPEN
from settlement.payments.tables import (
    payment_file,
    payment_instruction,
    payment_item,
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A payment file as it was written, once."""

    message_id: str
    content: bytes
    made_by: str
    made_at: datetime


def insert_instructions(
    *, connection: Connection, release_id: UUID, instructions: Sequence[Instruction]
) -> None:
    """Write a release's instructions, each to the item of its reference."""
    if not instructions:
        return
    by_reference = {
        row.reference: row.item_id
        for row in connection.execute(
            select(payment_item.c.reference, payment_item.c.item_id).where(
                payment_item.c.reference.in_([each.reference for each in instructions])
            )
        )
    }
    connection.execute(
        insert(payment_instruction),
        [
            {
                "release_id": release_id,
                "item_id": by_reference[each.reference],
                "amount_micros": each.amount_micros,
                "from_iban": each.from_account.iban,
                "from_bic": each.from_account.bic,
                "from_holder": each.from_account.holder,
                "to_iban": each.to_account.iban,
                "to_bic": each.to_account.bic,
                "to_holder": each.to_account.holder,
                "execute_on": each.on,
            }
            for each in instructions
        ],
    )
    for each in instructions:
        connection.execute(
            update(payment_item)
            .where(payment_item.c.reference == each.reference)
            .values(instructed_micros=payment_item.c.instructed_micros + each.amount_micros)
        )


def read_uninstructed(*, connection: Connection) -> tuple[Uninstructed, ...]:
    """What is to be paid out and the bank was not told of."""
    rows = connection.execute(
        select(
            payment_item.c.reference,
            payment_item.c.business_date,
            payment_item.c.party_no,
            payment_item.c.currency,
            payment_item.c.amount_micros
            - func.greatest(payment_item.c.instructed_micros, payment_item.c.paid_micros),
        )
        .where(
            payment_item.c.direction == "pay",
            payment_item.c.instructed_micros < payment_item.c.amount_micros,
            OPEN,
        )
        .order_by(payment_item.c.business_date, payment_item.c.party_no)
    )
    return tuple(Uninstructed(*row) for row in rows)


def read_instructions(*, connection: Connection, release_id: UUID) -> tuple[Instruction, ...]:
    """A release's instructions, in the order of their references."""
    rows = connection.execute(
        select(
            payment_item.c.reference,
            payment_item.c.party_no,
            payment_item.c.currency,
            payment_instruction,
        )
        .join_from(
            payment_instruction,
            payment_item,
            payment_item.c.item_id == payment_instruction.c.item_id,
        )
        .where(payment_instruction.c.release_id == release_id)
        .order_by(payment_item.c.business_date, payment_item.c.party_no, payment_item.c.currency)
    )
    return tuple(
        Instruction(
            reference=row.reference,
            party_no=row.party_no,
            currency=row.currency,
            amount_micros=row.amount_micros,
            from_account=Account(row.from_iban, row.from_bic, row.from_holder),
            to_account=Account(row.to_iban, row.to_bic, row.to_holder),
            on=row.execute_on,
        )
        for row in rows
    )


def read_file(*, connection: Connection, release_id: UUID) -> StoredFile | None:
    """The payment file of a release, if it was written."""
    row = connection.execute(
        select(payment_file).where(payment_file.c.release_id == release_id)
    ).one_or_none()
    if row is None:
        return None
    return StoredFile(row.message_id, bytes(row.content), row.made_by, row.made_at)


def insert_file(
    *, connection: Connection, release_id: UUID, file: StoredFile, sha256: bytes
) -> None:
    """Keep a payment file."""
    connection.execute(
        insert(payment_file).values(
            release_id=release_id,
            message_id=file.message_id,
            content=file.content,
            sha256=sha256,
            made_by=file.made_by,
            made_at=file.made_at,
        )
    )
