"""The SQL of what questions did: the answer kept with its key, and what stands or is undone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select, text, update

from coalition.checkouts.domain import Message
from coalition.checkouts.tables import inbox_message
from coalition.db.locks import ORDER

_UNDONE = text("""
SELECT max((result ->> 'undone')::bigint) FROM inbox_message
 WHERE connection_no = :no AND about = :about AND result ? 'undone'
   AND (result ->> 'told')::bigint = :told
""")
_STANDS = text("""
SELECT EXISTS (
  SELECT FROM inbox_message
   WHERE connection_no = :no AND about = :about AND result ->> 'kind' = 'accrue'
     AND NOT result ? 'undone' AND (result ->> 'told')::bigint = :told AND message_id <> :but
)""")


def lock_order(*, connection: Connection, connection_no: int, about: str) -> None:
    """Let nobody else write down an accrual of that order, or undo one, until this is over."""
    order = func.hashtext(f"{connection_no}/{about}")
    connection.execute(select(func.pg_advisory_xact_lock(ORDER, order)))


def undone_revision(
    *, connection: Connection, connection_no: int, about: str, told: int
) -> int | None:
    """The highest revision by which an accrual was undone of an order in that state of it.

    `told`: the revision that the platform tells of the state.
    """
    found = connection.execute(
        _UNDONE, {"no": connection_no, "about": about, "told": told}
    ).scalar_one()
    return None if found is None else int(found)


def other_accrual_stands(*, connection: Connection, accrual: Message, told: int) -> bool:
    """Whether the same state of its order was accrued by another key, and not undone."""
    values = {"no": accrual.connection_no, "about": accrual.about, "told": told}
    found = connection.execute(_STANDS, {**values, "but": accrual.message_id})
    return bool(found.scalar_one())


def answer_kept(
    *, connection: Connection, message_id: UUID, connection_no: int, result: dict[str, Any]
) -> None:
    """Write down the answer to a question, in the transaction of what it did."""
    connection.execute(
        update(inbox_message)
        .where(
            inbox_message.c.connection_no == connection_no,
            inbox_message.c.message_id == message_id,
        )
        .values(result=result)
    )
