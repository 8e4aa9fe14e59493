"""`settlement check`: proves the invariants of settlement over the whole database, a query each.

Each check counts what breaks a rule and shows a few examples; all of them empty is the proof. They
read one snapshot. What they prove of a window holds from the moment its statements are planned.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from settlement import hub
from settlement.store.payment_checks import PAYMENT_RULES

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


_PLANNED = "(SELECT DISTINCT business_date FROM settlement.statement)"
# Each line as its own party sees it, of movements and of entries alike.
_ALL_LINES = """
SELECT window_date, party_no, counterparty,
       CASE WHEN settlement_micros IS NULL THEN currency END AS currency,
       COALESCE(settlement_micros, net_micros) AS net_micros
  FROM settlement.line
UNION ALL
SELECT l.window_date, l.party_no,
       CASE WHEN l.party_no = e.creditor THEN e.debtor ELSE e.creditor END,
       NULLIF(e.currency, (SELECT clearing FROM of_the_coalition)),
       CASE WHEN l.party_no = e.creditor THEN e.amount_micros ELSE -e.amount_micros END
  FROM settlement.entry_line l JOIN settlement.entry e ON e.no = l.entry_no"""

CHECKS: tuple[Check, ...] = (
    Check(
        "obligation-on-both-statements",
        "an obligation is on both parties' statements, with opposite signs",
        "SELECT movement_id, seq FROM settlement.line WHERE seq >= 0 GROUP BY movement_id, seq"
        " HAVING count(*) <> 2 OR sum(net_micros) <> 0"
        " OR COALESCE(sum(settlement_micros), 0) <> 0",
    ),
    Check(
        "entry-on-both-statements",
        "an entry is on the statements of both parties, in its own window; the clearing house"
        " has none",
        f"""
SELECT e.no, side.party_no FROM settlement.entry e
 CROSS JOIN LATERAL (VALUES (e.debtor), (e.creditor)) AS side(party_no)
  FULL JOIN settlement.entry_line l ON l.entry_no = e.no AND l.party_no = side.party_no
 WHERE e.no IS NULL
    OR (l.entry_no IS NULL AND side.party_no <> {hub.CLEARING} AND e.window_date IN {_PLANNED})
    OR (l.entry_no IS NOT NULL
        AND (side.party_no = {hub.CLEARING} OR l.window_date <> e.window_date))""",
    ),
    Check(
        "statement-is-its-lines",
        "a statement has the lines that it counts, numbered without a gap",
        """
SELECT s.public_id FROM settlement.statement s
  FULL JOIN (SELECT window_date, party_no, count(*) AS lines, max(line_no) AS last,
                    COALESCE(CASE WHEN settlement_micros IS NULL THEN currency END,
                             (SELECT clearing FROM of_the_coalition)) AS currency
               FROM settlement.line GROUP BY 1, 2, 5) m
    ON (m.window_date, m.party_no, m.currency) = (s.business_date, s.party_no, s.currency)
  FULL JOIN (SELECT window_date, party_no, currency, count(*) AS lines, min(line_no) AS first,
                    max(line_no) AS last
               FROM settlement.entry_line GROUP BY 1, 2, 3) e
    ON (e.window_date, e.party_no, e.currency) = (s.business_date, s.party_no, s.currency)
 WHERE s.public_id IS NULL OR s.lines <> COALESCE(m.lines, 0) OR m.lines <> m.last
    OR s.entry_lines <> COALESCE(e.lines, 0) OR e.first <> s.lines + 1
    OR e.last <> s.lines + s.entry_lines""",
    ),
    Check(
        "statement-goes-on",
        "a statement opens with what the one before it closed with, and is numbered next",
        """
SELECT s.public_id FROM settlement.statement s
  LEFT JOIN settlement.statement before ON before.statement_id = s.previous_id
 WHERE s.opening_micros <> COALESCE(before.closing_micros, 0)
    OR s.no <> COALESCE(before.no, 0) + 1
    OR (before.statement_id IS NOT NULL
        AND ((before.party_no, before.currency) <> (s.party_no, s.currency)
             OR before.business_date >= s.business_date))""",
    ),
    Check(
        "statement-is-its-nets",
        "a statement's net is the sum of its pairs' rounded nets",
        """
SELECT s.public_id FROM settlement.statement s
  LEFT JOIN (SELECT n.business_date, n.currency, side.party_no, sum(side.micros) AS micros
               FROM settlement.pair_net n CROSS JOIN LATERAL
                    (VALUES (n.a, n.rounded_micros), (n.b, -n.rounded_micros))
                    AS side(party_no, micros)
              GROUP BY 1, 2, 3) n
    ON (n.business_date, n.currency, n.party_no) = (s.business_date, s.currency, s.party_no)
 WHERE s.net_micros <> COALESCE(n.micros, 0)""",
    ),
    Check(
        "net-is-its-lines",
        "a pair's net is the sum of its lines, on either party's statement",
        f"""
SELECT s.business_date, s.currency, s.party_no, s.other FROM (
  SELECT n.business_date, n.currency, side.party_no, side.other,
         sum(side.micros) AS micros
    FROM settlement.pair_net n CROSS JOIN LATERAL
         (VALUES (n.a, n.b, n.a_receives_micros - n.a_pays_micros),
                 (n.b, n.a, n.a_pays_micros - n.a_receives_micros))
         AS side(party_no, other, micros)
   WHERE side.party_no <> {hub.CLEARING} AND n.business_date IN {_PLANNED}
   GROUP BY 1, 2, 3, 4) s
  FULL JOIN (SELECT window_date, party_no, counterparty, sum(net_micros) AS micros,
                    COALESCE(currency, (SELECT clearing FROM of_the_coalition)) AS currency
               FROM ({_ALL_LINES}) each WHERE counterparty IS NOT NULL GROUP BY 1, 2, 3, 5) l
    ON (l.window_date, l.currency, l.party_no, l.counterparty)
     = (s.business_date, s.currency, s.party_no, s.other)
 WHERE COALESCE(s.micros, 0) <> COALESCE(l.micros, 0)""",
    ),
    Check(
        "position-is-its-nets",
        "what a party is due is the sum of its pairs' nets without the clearing house's",
        f"""
SELECT business_date, party_no FROM settlement.position p FULL JOIN (
  SELECT n.business_date, n.currency, side.party_no, sum(side.micros) AS micros
    FROM settlement.pair_net n CROSS JOIN LATERAL
         (VALUES (n.a, n.rounded_micros), (n.b, -n.rounded_micros)) AS side(party_no, micros)
   WHERE {hub.CLEARING} NOT IN (n.a, n.b) GROUP BY 1, 2, 3) n
 USING (business_date, currency, party_no)
 WHERE COALESCE(p.rounded_micros, 0) <> COALESCE(n.micros, 0)""",
    ),
    Check(
        "zero-sum",
        "per window and currency what all parties are due is zero, exactly and rounded",
        "SELECT business_date, currency FROM settlement.position GROUP BY 1, 2"
        " HAVING sum(exact_micros) <> 0 OR sum(rounded_micros) <> 0",
    ),
    Check(
        "conversion-has-its-line",
        "what converting a pair's net differs from converting its lines is an entry, to the micro",
        """
SELECT c.business_date, c.currency, c.a, c.b FROM settlement.pair_conversion c
  FULL JOIN (SELECT window_date, about->>'currency' AS currency, LEAST(debtor, creditor) AS a,
                    GREATEST(debtor, creditor) AS b,
                    CASE WHEN creditor < debtor THEN amount_micros ELSE -amount_micros END AS micros
               FROM settlement.entry WHERE kind = 'conversion') e
    ON (e.window_date, e.currency, e.a, e.b) = (c.business_date, c.currency, c.a, c.b)
 WHERE c.a IS NULL OR c.converted_micros - c.lines_micros <> COALESCE(e.micros, 0)""",
    ),
    Check(
        "converted-zero-sum",
        "per window a currency sums to zero before it is converted, and after",
        """
SELECT l.window_date, l.currency FROM settlement.line l WHERE l.settlement_micros IS NOT NULL
 GROUP BY 1, 2 HAVING sum(l.net_micros) <> 0 OR sum(l.settlement_micros) <> 0""",
    ),
    Check(
        "residue-is-carried",
        "what rounding left of a pair is carried into its next window",
        """
SELECT business_date, currency, a, b FROM (
  SELECT n.*, lag(residue_out_micros, 1, 0::bigint)
              OVER (PARTITION BY currency, a, b ORDER BY business_date) AS brought
    FROM settlement.pair_net n) n
 WHERE residue_in_micros <> brought""",
    ),
    Check(
        "dispute-is-its-entries",
        "a disputed amount is withheld while the dispute lives; then it is all released, and what"
        " was upheld is ruled",
        """
SELECT l.dispute_id, l.place FROM settlement.dispute d
  JOIN settlement.dispute_line l USING (dispute_id)
  LEFT JOIN (SELECT about->>'dispute_uuid' AS id, seq,
                    sum(amount_micros) FILTER (WHERE kind = 'dispute_withheld') AS withheld,
                    sum(amount_micros) FILTER (WHERE kind = 'dispute_released') AS released,
                    sum(amount_micros) FILTER (WHERE kind = 'ruling') AS ruled
               FROM settlement.entry WHERE starts_with(cause, 'dispute:') GROUP BY 1, 2) e
    ON (e.id, e.seq) = (l.dispute_id::text, l.place)
 WHERE e.withheld IS DISTINCT FROM l.withheld_micros
    OR COALESCE(e.released, 0) <> CASE d.state WHEN 'closed' THEN l.withheld_micros ELSE 0 END
    OR COALESCE(e.ruled, 0) <> COALESCE(l.upheld_micros, 0)
    OR (d.state = 'closed') <> (l.upheld_micros IS NOT NULL)""",
    ),
    Check(
        "cover-is-its-entries",
        "what caps count beside obligations is the sum of the partners' entries, and what was"
        " converted, in both currencies",
        f"""
SELECT party_no, currency FROM entered_position p FULL JOIN (
  SELECT side.party_no, e.currency,
         COALESCE(sum(side.micros) FILTER (WHERE NOT e.own), 0) AS covering,
         COALESCE(-sum(side.micros) FILTER (WHERE e.own), 0) AS held
    FROM (SELECT *, kind IN ('collateral', 'default_cover')
                    AND COALESCE(about->>'purpose', '') IN ('collateral', 'prefunding') AS own
            FROM (SELECT kind, about, creditor, debtor, amount_micros, currency
                    FROM settlement.entry WHERE kind <> 'conversion'
                  UNION ALL
                  SELECT 'conversion', '{{}}', b, a, net_micros, currency
                    FROM settlement.pair_conversion
                  UNION ALL
                  SELECT 'conversion', '{{}}', a, b, converted_micros, clearing
                    FROM settlement.pair_conversion JOIN settlement.window_rate
                         USING (business_date, currency)) made) e
   CROSS JOIN LATERAL (VALUES (e.creditor, e.amount_micros), (e.debtor, -e.amount_micros))
         AS side(party_no, micros)
   WHERE side.party_no NOT IN ({hub.POOL}, {hub.OPERATOR}, {hub.CLEARING})
   GROUP BY 1, 2) e
 USING (party_no, currency)
 WHERE COALESCE(p.covering_micros, 0) <> COALESCE(e.covering, 0)
    OR COALESCE(p.collateral_micros, 0) <> COALESCE(e.held, 0)""",
    ),
    *(Check(name, rule, query) for name, rule, query in PAYMENT_RULES),
)


def run_checks(*, connection: Connection) -> list[Finding]:
    """Run every check in one snapshot; give a connection that has no transaction yet."""
    connection = connection.execution_options(isolation_level="REPEATABLE READ")
    clearing = hub.read_coalition(connection=connection).currency
    return [_run(connection, check, clearing) for check in CHECKS]


def _run(connection: Connection, check: Check, clearing: str) -> Finding:
    rows = connection.exec_driver_sql(
        "WITH of_the_coalition AS (SELECT %(clearing)s::text AS clearing)"
        f" SELECT count(*) OVER () AS broken, x.* FROM ({check.query}) x LIMIT {EXAMPLES}",
        {"clearing": clearing},
    ).all()
    return Finding(
        check,
        rows[0][0] if rows else 0,
        tuple(" ".join(str(value) for value in row[1:]) for row in rows),
    )
