"""The sales of a period as a stream, each with what became of its points."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from coalition.insights.domain import OwnRedemptions, Spent
from coalition.sales.domain import Sale
from coalition.sales.store import SALE_COLUMNS, sale_of

_FETCH = 500
_PERIOD = "party_no = :party_no AND local_date >= :first AND local_date <= :last"
_SALES = f"""
SELECT {SALE_COLUMNS}, u.expired, u.outstanding, p.spent
  FROM (SELECT * FROM sale WHERE {_PERIOD}) s
  LEFT JOIN LATERAL (
    SELECT sum(l.expired)::bigint AS expired,
           sum(l.pending + l.active + l.held)::bigint AS outstanding
      FROM lot l WHERE l.account_id = s.account_id AND l.lot_id = ANY(s.lot_ids)) u ON true
  LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_array(x.party_no, x.face_micros, x.points)) AS spent FROM (
      SELECT r.party_no, r.face_micros, sum(c.points - c.reversed_points)::bigint AS points
        FROM slice c JOIN redemption r USING (account_id, redemption_id)
       WHERE c.account_id = s.account_id AND c.lot_id = ANY(s.lot_ids)
       GROUP BY 1, 2 HAVING sum(c.points - c.reversed_points) > 0) x) p ON true
 ORDER BY s.account_id, s.local_date, s.occurred_at, s.external_id
"""
_OWN = """
SELECT agreement_no, face_micros, sum(points - reversed_points)::bigint AS points
  FROM redemption
 WHERE party_no = :party_no AND created_at >= :since AND created_at < :until
 GROUP BY 1, 2 HAVING sum(points - reversed_points) > 0 ORDER BY 1, 2
"""


def forbid_writing(*, connection: Connection) -> None:
    """Have the server refuse whatever this transaction would write, and show one state of it."""
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def count_sales(*, connection: Connection, party_no: int, first: date, last: date) -> int:
    """How many sales the period has."""
    found = connection.execute(
        text(f"SELECT count(*) FROM sale WHERE {_PERIOD}"),
        {"party_no": party_no, "first": first, "last": last},
    ).scalar_one()
    return int(found)


def stream_sales(
    *, connection: Connection, party_no: int, first: date, last: date
) -> Iterator[tuple[Sale, int, int, tuple[Spent, ...]]]:
    """The partner's sales of the local dates, by account, date, time and id.

    Each comes with the points of its lots that expired, that are there still, and that were spent.
    """
    rows: Any = connection.execution_options(stream_results=True, yield_per=_FETCH).execute(
        text(_SALES), {"party_no": party_no, "first": first, "last": last}
    )
    for row in rows:
        *columns, expired, outstanding, spent = row
        yield (
            sale_of(columns),
            expired or 0,
            outstanding or 0,
            tuple(Spent(*each) for each in spent or ()),
        )


def read_own_redemptions(
    *, connection: Connection, party_no: int, since: Any, until: Any
) -> tuple[OwnRedemptions, ...]:
    """What the partner accepted at its tills in [since, until), by version and face value."""
    rows = connection.execute(text(_OWN), {"party_no": party_no, "since": since, "until": until})
    return tuple(OwnRedemptions(*row) for row in rows)
