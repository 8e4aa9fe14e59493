"""`coalition ledger check`: proves the invariants over the whole database, one query each.

Each check counts what breaks a rule and shows a few examples; all of them empty is the proof. They
read one snapshot, so a hub that goes on posting does not disturb them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Check:
    """A rule and the query whose rows break it."""

    name: str
    rule: str
    query: str


@dataclass(frozen=True, slots=True)
class Finding:
    """How often a rule is broken, with a few examples; never is what is wanted."""

    check: Check
    broken: int
    examples: tuple[str, ...]


_BUCKETS = ("pending", "active", "held", "spent", "expired", "clawed_back", "taken")
_SUMS = ", ".join(
    f"sum(CASE WHEN to_bucket = '{b}' THEN points WHEN from_bucket = '{b}' THEN -points ELSE 0 END)"
    f" AS {b}"
    for b in _BUCKETS
)

CHECKS: tuple[Check, ...] = (
    Check(
        "lot-conserved",
        "a lot's buckets add up to what was granted, none below zero",
        "SELECT account_id, lot_id FROM lot WHERE granted <> pending + active + held + spent"
        " + expired + clawed_back + taken OR LEAST(pending, active, held, spent, expired,"
        " clawed_back, taken) < 0",
    ),
    Check(
        "lot-is-its-movements",
        "a lot's buckets are the sums of its movements",
        f"SELECT account_id, lot_id FROM lot l FULL JOIN (SELECT account_id, lot_id, {_SUMS},"
        " sum(CASE WHEN from_bucket = 'issued' THEN points ELSE 0 END) AS granted"
        " FROM movement GROUP BY account_id, lot_id) m USING (account_id, lot_id)"
        " WHERE (l.granted, "
        + ", ".join(f"l.{b}" for b in _BUCKETS)
        + ") IS DISTINCT FROM (m.granted, "
        + ", ".join(f"m.{b}" for b in _BUCKETS)
        + ")",
    ),
    Check(
        "balance-is-its-lots",
        "a balance is the sum of its account's lots and outstanding debts",
        "SELECT b.account_id FROM balance b LEFT JOIN (SELECT account_id, sum(active) AS active,"
        " sum(pending) AS pending, sum(held) AS held FROM lot GROUP BY account_id) l"
        " USING (account_id) LEFT JOIN (SELECT account_id, sum(outstanding) AS debt FROM debt"
        " GROUP BY account_id) d USING (account_id)"
        " WHERE (b.active, b.pending, b.held, b.debt) IS DISTINCT FROM"
        " (COALESCE(l.active, 0), COALESCE(l.pending, 0), COALESCE(l.held, 0),"
        " COALESCE(d.debt, 0))",
    ),
    Check(
        "lot-has-a-balance",
        "every lot belongs to an account",
        "SELECT l.account_id, l.lot_id FROM lot l LEFT JOIN balance b USING (account_id)"
        " WHERE b.account_id IS NULL",
    ),
    Check(
        "account-has-a-member",
        "every account belongs to a member",
        "SELECT b.account_id FROM balance b LEFT JOIN member m USING (account_id)"
        " WHERE m.account_id IS NULL",
    ),
    Check(
        "closed-position-is-its-obligations",
        "what caps count of closed windows is the sum of their obligations",
        "SELECT party_no, currency FROM closed_position c FULL JOIN (SELECT x.party_no,"
        " o.currency, sum(x.micros) AS micros FROM obligation o CROSS JOIN LATERAL (VALUES"
        " (o.creditor, o.amount_micros), (o.debtor, -o.amount_micros)) AS x (party_no, micros)"
        " WHERE o.window_date <= (SELECT window_date FROM closed_through) GROUP BY 1, 2) o"
        " USING (party_no, currency)"
        " WHERE COALESCE(c.net_micros, 0) <> COALESCE(o.micros, 0)",
    ),
    Check(
        "debt-conserved",
        "a debt is recovered, written off or outstanding",
        "SELECT account_id, debt_id FROM debt WHERE due <> recovered + written_off + outstanding"
        " OR outstanding < 0",
    ),
    Check(
        "closed-account-owes-nothing",
        "a closed account has no points and no outstanding debt",
        "SELECT account_id FROM balance WHERE NOT open AND (active, pending, held, debt)"
        " <> (0, 0, 0, 0)",
    ),
    Check(
        "hold-is-held",
        "points held in lots are the sums of the holds that are held",
        "SELECT account_id, lot_id FROM (SELECT account_id, lot_id, held FROM lot WHERE held > 0) l"
        " FULL JOIN (SELECT h.account_id, u.lot_id, sum(u.points)::bigint AS held FROM hold h,"
        " unnest(h.lot_ids, h.lot_points) AS u(lot_id, points) WHERE h.state = 'held'"
        " GROUP BY 1, 2) h USING (account_id, lot_id) WHERE l.held IS DISTINCT FROM h.held",
    ),
    Check(
        "slice-is-spent",
        "points spent in lots are the sums of the slices of redemptions",
        "SELECT account_id, lot_id FROM (SELECT account_id, lot_id, spent FROM lot WHERE spent > 0)"
        " l FULL JOIN (SELECT account_id, lot_id, sum(points - reversed_points)::bigint AS spent"
        " FROM slice GROUP BY 1, 2 HAVING sum(points - reversed_points) > 0) s"
        " USING (account_id, lot_id) WHERE l.spent IS DISTINCT FROM s.spent",
    ),
    Check(
        "redemption-is-its-slices",
        "a redemption is the sum of its slices, given back or not",
        "SELECT account_id, redemption_id FROM redemption r FULL JOIN (SELECT account_id,"
        " redemption_id, sum(points)::bigint AS points, sum(reversed_points)::bigint AS reversed"
        " FROM slice GROUP BY 1, 2) s USING (account_id, redemption_id)"
        " WHERE (r.points, r.reversed_points) IS DISTINCT FROM (s.points, s.reversed)",
    ),
    Check(
        "sale-is-posted",
        "a sale's points are what its lots were granted less what was clawed back and expired",
        "SELECT s.party_no, s.external_id FROM sale s LEFT JOIN LATERAL (SELECT"
        " sum(l.granted) AS granted, sum(l.expired) AS expired FROM lot l"
        " WHERE l.account_id = s.account_id AND l.lot_id = ANY(s.lot_ids)) l ON true"
        " WHERE s.account_id IS NOT NULL AND (s.points > COALESCE(l.granted, 0)"
        " OR (s.points > 0 AND cardinality(s.lot_ids) = 0))",
    ),
    Check(
        "obligation-has-its-movement",
        "every obligation belongs to a movement of the same window",
        "SELECT o.account_id, o.movement_id FROM obligation o LEFT JOIN movement m"
        " USING (account_id, movement_id) WHERE m.movement_id IS NULL"
        " OR m.window_date <> o.window_date",
    ),
    Check(
        "zero-sum",
        "per window and currency the net positions of all parties are zero",
        "SELECT window_date, currency FROM (SELECT window_date, currency, creditor AS no,"
        " amount_micros AS amount FROM obligation UNION ALL SELECT window_date, currency, debtor,"
        " -amount_micros FROM obligation) x GROUP BY 1, 2 HAVING sum(amount) <> 0",
    ),
    Check(
        "parties-are-known",
        "every obligation is between known parties, and the clearing house owes nothing",
        "SELECT o.account_id, o.movement_id FROM obligation o"
        " LEFT JOIN party d ON d.no = o.debtor LEFT JOIN party c ON c.no = o.creditor"
        " WHERE d.no IS NULL OR c.no IS NULL OR 3 IN (o.debtor, o.creditor)",
    ),
    Check(
        "pool-solvent",
        "the pool's position is the redemption price of all points funded on issue that are"
        " active or held, plus the margin not yet swept, to the micro",
        """
WITH position AS (
  SELECT currency, sum(CASE WHEN creditor = 1 THEN amount_micros ELSE -amount_micros END) AS pool
    FROM obligation WHERE 1 IN (debtor, creditor) GROUP BY currency),
lots AS (
  SELECT currency, sum((active + held) * redemption_price_micros)
       + sum((active + held + spent + taken) * (issue_price_micros - redemption_price_micros))
         AS due
    FROM lot WHERE funding = 'issue' GROUP BY currency),
undone AS (
  -- Margin given back with points that were taken elsewhere for a return of these lots' sales.
  SELECT o.currency, sum(m.points * (origin.issue_price_micros - origin.redemption_price_micros))
         AS margin
    FROM movement m
    JOIN movement earned ON earned.account_id = m.account_id AND earned.movement_id = m.adjusts
    JOIN lot origin ON origin.account_id = earned.account_id AND origin.lot_id = earned.lot_id
    CROSS JOIN LATERAL (SELECT origin.currency) o
   WHERE m.kind = 'take' AND origin.funding = 'issue' GROUP BY o.currency)
SELECT currency, p.pool, l.due, u.margin FROM position p FULL JOIN lots l USING (currency)
  LEFT JOIN undone u USING (currency)
 WHERE COALESCE(p.pool, 0) <> COALESCE(l.due, 0) - COALESCE(u.margin, 0)""",
    ),
    Check(
        "window-in-order",
        "windows are closed one after the other, without gap or overlap",
        "SELECT business_date FROM (SELECT business_date, starts_at,"
        " lag(ends_at) OVER (ORDER BY business_date) AS before,"
        " lag(business_date) OVER (ORDER BY business_date) AS day FROM settlement_window) w"
        " WHERE before IS NOT NULL AND (before <> starts_at OR business_date <> day + 1)",
    ),
)


def run_checks(*, connection: Connection) -> list[Finding]:
    """Run every check in one snapshot; give a connection that has no transaction yet."""
    connection = connection.execution_options(isolation_level="REPEATABLE READ")
    return [_run(connection, check) for check in CHECKS]


def _run(connection: Connection, check: Check) -> Finding:
    rows = connection.exec_driver_sql(
        f"SELECT count(*) OVER () AS broken, x.* FROM ({check.query}) x LIMIT {EXAMPLES}"
    ).all()
    return Finding(
        check,
        rows[0][0] if rows else 0,
        tuple(" ".join(str(value) for value in row[1:]) for row in rows),
    )
