"""The SQL of refused deliveries: the last ones of each connection."""

from __future__ import annotations

from sqlalchemy import Connection, select

from coalition.checkouts.domain import Rejection
from coalition.checkouts.tables import inbox_rejection
from coalition.db.prepared import run_prepared

_REJECT = """
WITH put AS (
  INSERT INTO inbox_rejection (connection_no, rejected_at, reason, detail, bytes)
  VALUES ($1::int, $2::timestamptz, $3, $4, $5::int) RETURNING no)
DELETE FROM inbox_rejection WHERE connection_no = $1::int AND no <= (
  SELECT no FROM inbox_rejection WHERE connection_no = $1::int
   ORDER BY no DESC OFFSET $6::int LIMIT 1)
RETURNING no
"""


def reject(*, connection: Connection, rejection: Rejection, keep_at_most: int) -> None:
    """Note a refused delivery, and forget the oldest beyond so many of the connection."""
    run_prepared(
        connection=connection,
        statement=_REJECT,
        parameters=(
            str(rejection.connection_no),
            rejection.rejected_at.isoformat(),
            rejection.reason,
            rejection.detail,
            str(rejection.bytes),
            str(keep_at_most - 1),
        ),
    )


def list_rejections(
    *, connection: Connection, connection_no: int, before: int | None, limit: int
) -> list[tuple[int, Rejection]]:
    """Refused deliveries of a connection, newest first, each with its number."""
    found = select(inbox_rejection).where(inbox_rejection.c.connection_no == connection_no)
    if before is not None:
        found = found.where(inbox_rejection.c.no < before)
    rows = connection.execute(found.order_by(inbox_rejection.c.no.desc()).limit(limit))
    return [
        (row.no, Rejection(row.connection_no, row.rejected_at, row.reason, row.detail, row.bytes))
        for row in rows
    ]
