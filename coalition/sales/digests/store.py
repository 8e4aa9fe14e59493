"""The SQL of digests: one statement makes the hub's side of any number of store-hours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, text, tuple_

from coalition.sales.digests.domain import Figures, ListedSale, StoreHour
from coalition.sales.tables import sale_digest

# What a sale amounts to: its lines, and its refunds that succeeded.
_FIGURES = """
  SELECT s.external_id, s.revision, s.occurred_at, s.store, s.currency, s.points,
         (SELECT COALESCE(sum((l ->> 3)::bigint), 0)::bigint
            FROM jsonb_array_elements(s.document -> 'lines') l) AS amount,
         (SELECT COALESCE(sum((r.value ->> 1)::bigint), 0)::bigint
            FROM jsonb_each(s.refunds) r WHERE r.value ->> 0 = 'succeeded') AS refunded
    FROM sale s
   WHERE s.party_no = :party_no AND s.occurred_at >= :since AND s.occurred_at < :until
"""
_COMPARED = f"""
WITH figures AS ({_FIGURES}),
held AS (
  SELECT date_trunc('hour', occurred_at, 'UTC') AS hour, COALESCE(store, '') AS store,
         count(*) AS sales, sum(amount)::bigint AS amount, sum(refunded)::bigint AS refunded,
         sha256(convert_to(string_agg(
           external_id || ' ' || revision || ' ' || amount || ' ' || refunded || E'\\n', ''
           ORDER BY external_id COLLATE "C"), 'UTF8')) AS hash
    FROM figures GROUP BY 1, 2),
told AS (
  SELECT hour, store, sales, amount_micros, refunded_micros, sha256
    FROM sale_digest WHERE party_no = :party_no AND hour >= :since AND hour < :until)
SELECT hour, store, t.sales, t.amount_micros, t.refunded_micros, t.sha256,
       h.sales, h.amount, h.refunded, h.hash
  FROM told t FULL JOIN held h USING (hour, store) ORDER BY hour, store COLLATE "C"
"""
_LISTED = f"""
SELECT external_id, revision, occurred_at, store, currency, amount, refunded, points
  FROM ({_FIGURES}
     AND (s.occurred_at, s.external_id COLLATE "C") > (:after_at, :after_id COLLATE "C")
   ORDER BY s.occurred_at, s.external_id COLLATE "C" LIMIT :limit) x
 ORDER BY occurred_at, external_id COLLATE "C"
"""


def replace_hour(
    *,
    connection: Connection,
    party_no: int,
    hour: datetime,
    told: Iterable[tuple[str, Figures]],
    received_at: datetime,
) -> None:
    """Keep what the partner says of an hour, in place of what it said before."""
    connection.execute(
        delete(sale_digest).where(sale_digest.c.party_no == party_no, sale_digest.c.hour == hour)
    )
    rows = [
        {
            "party_no": party_no,
            "hour": hour,
            "store": store,
            "sales": figures.sales,
            "amount_micros": figures.amount_micros,
            "refunded_micros": figures.refunded_micros,
            "sha256": figures.sha256,
            "received_at": received_at,
        }
        for store, figures in told
    ]
    connection.execute(insert(sale_digest), rows)


def delete_hours(*, connection: Connection, party_no: int, before: datetime, limit: int) -> int:
    """Delete what a partner told of hours before an instant, the oldest first; gives how many."""
    old = (
        select(sale_digest.c.hour, sale_digest.c.store)
        .where(sale_digest.c.party_no == party_no, sale_digest.c.hour < before)
        .order_by(sale_digest.c.hour, sale_digest.c.store)
        .limit(limit)
    )
    found = connection.execute(
        delete(sale_digest).where(
            sale_digest.c.party_no == party_no,
            tuple_(sale_digest.c.hour, sale_digest.c.store).in_(old),
        )
    )
    return int(found.rowcount)


def compare_hours(
    *, connection: Connection, party_no: int, since: datetime, until: datetime
) -> tuple[StoreHour, ...]:
    """Both sides of the store-hours in [since, until), by hour and store."""
    rows = connection.execute(
        text(_COMPARED), {"party_no": party_no, "since": since, "until": until}
    )
    return tuple(StoreHour(row[0], row[1], _figures(row[2:6]), _figures(row[6:10])) for row in rows)


def told_hours(
    *, connection: Connection, party_no: int, since: datetime, until: datetime
) -> frozenset[datetime]:
    """The hours in [since, until) of which the partner told something, be it that nothing sold."""
    rows = connection.scalars(
        select(sale_digest.c.hour)
        .distinct()
        .where(
            sale_digest.c.party_no == party_no,
            sale_digest.c.hour >= since,
            sale_digest.c.hour < until,
        )
    )
    return frozenset(rows)


def list_sales(
    *,
    connection: Connection,
    party_no: int,
    since: datetime,
    until: datetime,
    after: tuple[datetime, str],
    limit: int,
) -> list[ListedSale]:
    """The partner's sales that occurred in [since, until), by time and id, behind `after`."""
    rows = connection.execute(
        text(_LISTED),
        {
            "party_no": party_no,
            "since": since,
            "until": until,
            "after_at": after[0],
            "after_id": after[1],
            "limit": limit,
        },
    )
    return [ListedSale(*row) for row in rows]


def _figures(columns: Any) -> Figures | None:
    sales, amount, refunded, sha256 = columns
    return None if sales is None else Figures(sales, amount, refunded, bytes(sha256))
