"""Filling a ledger with what a day of business leaves in it, set-based.

Every lot of such a day was earned by a sale and spent whole in one redemption at another partner:
two movements a lot, with their sale, redemption, slice and obligations. So balances stay as they
are, and the invariants of the ledger hold.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import psycopg

from tests.bench.bed import Bed

_CHUNK = 250_000
"""Lots at a time: the working table stays in memory."""

_BASE = """
CREATE TEMP TABLE day AS
SELECT i, m.account_id, t.no AS issuer, t.agreement_no, t.funding, t.zone, u.no AS redeemer,
       u.agreement_no AS redeemer_agreement, u.fee_ppm, 20 + i %% 80 AS points,
       x.earned_at, x.earned_at + interval '2 hours' AS spent_at,
       uuidv7(x.earned_at - clock_timestamp()) AS sale_id,
       uuidv7(x.earned_at - clock_timestamp()) AS earn_id,
       uuidv7(x.earned_at + interval '2 hours' - clock_timestamp()) AS redeem_id,
       uuidv7(x.earned_at + interval '2 hours' - clock_timestamp()) AS redemption_id
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) i
  JOIN bench_member m ON m.n = (i * 7919) %% %(members)s
  JOIN bench_partner t ON t.n = i %% %(partners)s
  JOIN bench_partner u
    ON u.n = (i + 1 + (i / %(partners)s) %% (%(partners)s - 1)) %% %(partners)s
 CROSS JOIN LATERAL (SELECT %(from)s::timestamptz + i %% 70000 * interval '1 second' AS earned_at) x
"""
_STEPS = (
    """
INSERT INTO sale (party_no, external_id, sale_id, account_id, revision, content_sha256,
       occurred_at, local_date, store, store_time_zone, till, receipt, currency, agreement_no,
       document, refunds, points, lot_ids, earn_ids, window_date, first_posted_at, updated_at)
SELECT issuer, 'S' || %(date)s || '-' || i, sale_id, account_id, 1, sha256(i::text::bytea),
       earned_at, %(date)s, (i %% 40)::text, zone, (i %% 9)::text, 'R' || i, 'EUR', agreement_no,
       '{"lines": [["1", "dairy", 1000000, 20000000]], "member": null, "tenders": []}', '{}',
       points, ARRAY[sale_id], ARRAY[earn_id], %(date)s, earned_at, earned_at
  FROM day""",
    """
INSERT INTO lot (account_id, lot_id, issuer, funder, funding, issue_price_micros,
       redemption_price_micros, currency, agreement_no, sale_id, granted, spent, occurred_at,
       posted_at, activates_at, expires_at)
SELECT account_id, sale_id, issuer, issuer, funding, 11000, 10000, 'EUR', agreement_no, sale_id,
       points, points, earned_at, earned_at, earned_at, earned_at + interval '720 days' FROM day""",
    """
INSERT INTO movement (account_id, movement_id, lot_id, kind, from_bucket, to_bucket, points,
       window_date, posted_at, party_no, cause_kind, cause_id, reason)
SELECT account_id, earn_id, sale_id, 'earn', 'issued', 'active', points, %(date)s, earned_at,
       issuer, 'sale', sale_id, 'sale' FROM day
UNION ALL
SELECT account_id, redeem_id, sale_id, 'redeem', 'active', 'spent', points, %(date)s, spent_at,
       redeemer, 'redemption', redemption_id, 'redeemed' FROM day""",
    """
INSERT INTO redemption (account_id, redemption_id, party_no, agreement_no, face_micros, currency,
       points, reference, store, till, receipt, created_at)
SELECT account_id, redemption_id, redeemer, redeemer_agreement, 10000, 'EUR', points,
       'T' || i, (i %% 40)::text, (i %% 9)::text, 'B' || i, spent_at FROM day""",
    """
INSERT INTO slice (account_id, redemption_id, lot_id, position, points, movement_id)
SELECT account_id, redemption_id, sale_id, 0, points, redeem_id FROM day""",
    """
INSERT INTO obligation (account_id, movement_id, seq, window_date, kind, debtor, creditor,
       amount_micros, currency)
SELECT account_id, earn_id, 0, %(date)s::date, 'issue', issuer, 1, points * 11000, 'EUR'
  FROM day WHERE funding = 'issue'
UNION ALL
SELECT account_id, redeem_id, 0, %(date)s, 'redemption',
       CASE funding WHEN 'issue' THEN 1 ELSE issuer END, redeemer, points * 10000, 'EUR' FROM day
UNION ALL
SELECT account_id, redeem_id, 1, %(date)s, 'redemption_fee', redeemer, 2,
       points * 10000 * fee_ppm / 1000000, 'EUR' FROM day WHERE fee_ppm > 0""",
    "DROP TABLE day",
)
_LOOK_UPS = (
    "CREATE TEMP TABLE bench_member (n bigint PRIMARY KEY, account_id uuid)",
    """
CREATE TEMP TABLE bench_partner AS
SELECT row_number() OVER (ORDER BY p.no) - 1 AS n, p.no, p.time_zone AS zone,
       a.no AS agreement_no, a.terms->>'funding' AS funding,
       CASE WHEN p.no %% 2 = 0
            THEN ((a.terms->'fees'->>'redemption_share')::numeric * 1000000)::bigint ELSE 0 END
       AS fee_ppm
  FROM party p JOIN agreement a ON a.party_no = p.no WHERE p.kind = 'partner'
""".replace("%%", "%"),
)


def fill_day(*, bed: Bed, date_: date, begins_at: datetime, movements: int, first: int = 1) -> None:
    """Add so many movements to the window of a date; `first` numbers them, never the same twice."""
    with psycopg.connect(bed.address, autocommit=True) as connection:
        _look_ups(connection, bed)
        # It is not what is measured; what has to be durable is after the checkpoint.
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET work_mem = '64MB'")
        lots = movements // 2
        for start in range(0, lots, _CHUNK):
            values: dict[str, Any] = {
                "first": first + start,
                "last": first + min(start + _CHUNK, lots) - 1,
                "members": len(bed.members),
                "partners": len(bed.partners),
                "from": begins_at,
                "date": date_,
            }
            with connection.transaction():
                connection.execute(_BASE.encode(), values)
                for step in _STEPS:
                    connection.execute(step.encode(), values)


def _look_ups(connection: psycopg.Connection[Any], bed: Bed) -> None:
    for statement in _LOOK_UPS:
        connection.execute(statement.encode())
    with connection.cursor().copy("COPY bench_member FROM STDIN") as copy:
        for number, member in enumerate(bed.members):
            copy.write_row((number, member))
    connection.execute("ANALYZE bench_member")
    connection.execute("ANALYZE bench_partner")


def settle_down(*, address: str) -> None:
    """Leave the database as a quiet hour would: vacuumed, analysed, everything on disk."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
