"""The file that tells the bank to pay: written once for a release, the same bytes ever after."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from coalition.errors import HubError
from settlement import hub
from settlement.payments.domain.accounts import Account
from settlement.payments.domain.planning import Instruction
from settlement.payments.files.pain001 import Batch, Transfer, render_pain001
from settlement.payments.store import accounts
from settlement.payments.store import instructions as store
from settlement.payments.store.instructions import StoredFile


def write_payment_file(
    *, connection: Connection, release_id: UUID, message_id: str, person: str, now: datetime
) -> StoredFile:
    """The payment file of an approved release. `now` is wall time.

    Raises:
        HubError: `nothing_to_pay`.
    """
    accounts.lock_payments(connection=connection)
    before = store.read_file(connection=connection, release_id=release_id)
    if before is not None:
        return before
    instructions = store.read_instructions(connection=connection, release_id=release_id)
    if not instructions:
        raise HubError("nothing_to_pay", "The release pays nothing out.")
    content = render_pain001(
        message_id=message_id,
        created_at=now,
        initiator=hub.read_coalition(connection=connection).name,
        batches=_batches(instructions),
    )
    file = StoredFile(message_id=message_id, content=content, made_by=person, made_at=now)
    store.insert_file(
        connection=connection,
        release_id=release_id,
        file=file,
        sha256=hashlib.sha256(content).digest(),
    )
    return file


def _batches(instructions: Sequence[Instruction]) -> list[Batch]:
    """The instructions by the account that is debited."""
    found: dict[tuple[str, Account], list[Instruction]] = {}
    for each in instructions:
        found.setdefault((each.currency, each.from_account), []).append(each)
    return [
        Batch(
            currency=currency,
            from_account=account,
            execution_date=mine[0].on,
            transfers=tuple(
                Transfer(each.reference, each.amount_micros, each.to_account) for each in mine
            ),
        )
        for (currency, account), mine in sorted(found.items(), key=lambda one: one[0][0])
    ]
