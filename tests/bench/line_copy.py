"""COPY of a night's statement lines to a file: the same rows, with the same 33 columns, as CSV.

The rows come of the same tables as the night's own; nothing is numbered, hashed, pseudonymised or
signed. The order is the statements'.
"""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

_QUERY = """
SELECT 1 AS schema_version, st.no AS statement_no, l.line_no, m.movement_id,
       l.adjusts_date AS adjusts_statement, l.adjusts_line,
       CASE m.cause_kind WHEN 'sale' THEN 'sale' WHEN 'redemption' THEN 'redemption' ELSE 'lot' END
         AS document_kind,
       CASE WHEN l.own THEN COALESCE(sale.external_id, m.cause_id::text) END AS document_id,
       COALESCE(sale.external_id, redemption.reference) AS partner_ref,
       COALESCE(sale.store, redemption.store) AS store,
       COALESCE(sale.till, redemption.till) AS till,
       COALESCE(sale.receipt, redemption.receipt) AS receipt,
       m.account_id AS member, l.kind, m.reason,
       CASE WHEN l.own THEN COALESCE(sale.occurred_at, redemption.created_at) END AS occurred_at,
       CASE WHEN l.own THEN COALESCE(sale.occurred_at, redemption.created_at)
            AT TIME ZONE at_party.time_zone END AS occurred_local,
       CASE WHEN l.own THEN m.posted_at END AS posted_at, l.window_date AS value_date,
       issuer.slug AS issuer,
       CASE WHEN m.cause_kind = 'redemption' THEN at_party.slug END AS redeemer,
       other.slug AS counterparty, lot.campaign, agreement.id AS agreement,
       agreement.version AS agreement_version, lot.lot_id AS lot, m.points,
       (abs(l.net_micros) / 1000000.0 / m.points)::numeric(20, 6) AS price,
       (CASE WHEN l.kind LIKE '%_fee' THEN 0 ELSE l.net_micros END / 1000000.0)::numeric(20, 6)
         AS gross,
       (CASE WHEN l.kind LIKE '%_fee' THEN -l.net_micros ELSE 0 END / 1000000.0)::numeric(20, 6)
         AS fee,
       (l.net_micros / 1000000.0)::numeric(20, 6) AS net, 'EUR' AS currency, '1' AS fx_rate,
       (l.net_micros / 1000000.0)::numeric(20, 6) AS settlement_net, NULL AS dispute
  FROM settlement.line l
  JOIN movement m ON m.account_id = l.account_id AND m.movement_id = l.movement_id
   AND m.window_date = DATE '{day}'
  JOIN lot ON lot.account_id = m.account_id AND lot.lot_id = m.lot_id
  JOIN settlement.statement st ON st.business_date = l.window_date AND st.party_no = l.party_no
  JOIN party issuer ON issuer.no = lot.issuer
  JOIN party at_party ON at_party.no = m.party_no
  JOIN agreement ON agreement.no = lot.agreement_no
  LEFT JOIN party other ON other.no = l.counterparty
  LEFT JOIN sale ON l.own AND m.cause_kind = 'sale' AND sale.sale_id = m.cause_id
  LEFT JOIN redemption ON l.own AND m.cause_kind = 'redemption'
   AND redemption.account_id = m.account_id AND redemption.redemption_id = m.cause_id
 WHERE l.window_date = DATE '{day}'
 ORDER BY l.party_no, l.line_no
"""


def copy_lines(*, address: str, day: date, path: Path) -> tuple[float, float]:
    """COPY the lines of a date into the file: the seconds that it took, and those of a flat COPY.

    The flat one reads the same rows from a table of their own, joined and in order already.
    """
    query = _QUERY.format(day=day.isoformat())
    with psycopg.connect(address, autocommit=True) as connection:
        # The best that the planner has for it: all of a window is read, so joins are by hash.
        connection.execute("ANALYZE settlement.line, settlement.statement")
        for setting in ("jit = off", "enable_nestloop = off", "work_mem = '256MB'"):
            connection.execute(f"SET {setting}".encode())
        joined = _copy(connection, f"({query})", path)
        connection.execute(f"CREATE TEMP TABLE flat_line AS {query}".encode())
        return joined, _copy(connection, "flat_line", path)


def _copy(connection: psycopg.Connection[Any], source: str, path: Path) -> float:
    began = time.perf_counter()
    with (
        path.open("wb") as file,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {source} TO STDOUT (FORMAT csv)".encode()) as copy,
    ):
        for block in copy:
            file.write(block)
    return time.perf_counter() - began
