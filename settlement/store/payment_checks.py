"""What `settlement check` proves of payments: items, the bank's entries, and their lines."""

from __future__ import annotations

from settlement import hub

#: Name, rule, and the query whose rows break it.
PAYMENT_RULES: tuple[tuple[str, str, str], ...] = (
    (
        "payment-is-its-window",
        (
            "what a released window asks for and pays out is its statements' nets without the"
            " payments in them"
        ),
        f"""
SELECT business_date, party_no, currency FROM (
  SELECT s.business_date, s.party_no, s.currency, s.net_micros - COALESCE(p.micros, 0) AS micros
    FROM settlement.statement s
    JOIN settlement.release r ON r.business_date = s.business_date AND r.state = 'approved'
    LEFT JOIN (SELECT e.window_date, e.currency, side.party_no, sum(side.micros) AS micros
                 FROM settlement.entry e CROSS JOIN LATERAL
                      (VALUES (e.creditor, e.amount_micros), (e.debtor, -e.amount_micros))
                      AS side(party_no, micros)
                WHERE e.kind = 'payment' AND side.party_no <> {hub.CLEARING} GROUP BY 1, 2, 3) p
      ON (p.window_date, p.currency, p.party_no) = (s.business_date, s.currency, s.party_no)) due
  FULL JOIN (SELECT business_date, party_no, currency,
                    CASE direction WHEN 'pay' THEN amount_micros ELSE -amount_micros END AS micros
               FROM settlement.payment_item) item USING (business_date, party_no, currency)
 WHERE COALESCE(due.micros, 0) <> COALESCE(item.micros, 0)""",
    ),
    (
        "payment-is-its-parts",
        "what was paid of an item is what the bank's entries paid of it and what was set off",
        """
SELECT i.reference FROM settlement.payment_item i
  LEFT JOIN (SELECT item_id, sum(micros) AS micros FROM (
               SELECT item_id, micros FROM settlement.allocation
               UNION ALL SELECT pay_item_id, micros FROM settlement.set_off
               UNION ALL SELECT collect_item_id, micros FROM settlement.set_off) each
              GROUP BY 1) parts USING (item_id)
 WHERE i.paid_micros <> COALESCE(parts.micros, 0)""",
    ),
    (
        "bank-entry-is-its-parts",
        "what an entry of the bank pays of items and what is left on account make up its amount",
        """
SELECT b.entry_id FROM settlement.bank_entry b
  LEFT JOIN (SELECT entry_id, sum(abs(micros)) AS micros FROM settlement.allocation GROUP BY 1) a
       USING (entry_id)
 WHERE CASE WHEN b.party_no IS NULL THEN a.micros IS NOT NULL
            ELSE b.rest_micros + COALESCE(a.micros, 0) <> b.amount_micros END""",
    ),
    (
        "bank-entry-has-its-line",
        "an entry of the bank is one payment of the party that it was matched to, to the micro",
        f"""
SELECT b.entry_id, e.no FROM (SELECT * FROM settlement.bank_entry WHERE party_no IS NOT NULL) b
  FULL JOIN (SELECT *, (about->>'bank_entry')::uuid AS entry_of FROM settlement.entry
              WHERE kind = 'payment' AND about ? 'bank_entry') e ON e.entry_of = b.entry_id
 WHERE b.entry_id IS NULL OR e.no IS NULL
    OR (e.amount_micros, e.currency) <> (b.amount_micros, b.currency)
    OR (e.creditor, e.debtor) <> (CASE WHEN b.credit THEN b.party_no ELSE {hub.CLEARING} END,
                                  CASE WHEN b.credit THEN {hub.CLEARING} ELSE b.party_no END)""",
    ),
    (
        "window-is-settled",
        "a released window is settled when nothing of it is open, and only then",
        """
SELECT w.business_date FROM settlement_window w
 WHERE w.state IN ('released', 'settled')
   AND (w.state = 'settled') = EXISTS (
       SELECT 1 FROM settlement.payment_item i
        WHERE i.business_date = w.business_date AND i.paid_micros < i.amount_micros)""",
    ),
)
