"""How a window nets, as programs read it."""

from __future__ import annotations

from typing import Any

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import format_micros, format_micros6, minor_digits
from settlement.domain.netting import Compression
from settlement.insight.netting import NettingReport


def report_document(report: NettingReport) -> dict[str, Any]:
    """The report as one JSON object; exact amounts have six decimals, those to pay fewer."""
    digits, slugs = minor_digits(report.currency), report.slugs

    def rounded(micros: int) -> str:
        return format_micros(micros, min_digits=digits)

    sums = report.compression
    return {
        "business_date": report.business_date.isoformat(),
        "window": ids.encode_window(report.business_date),
        "state": "netted" if report.netted else "open",
        "currency": report.currency,
        "other_currencies": list(report.other_currencies),
        "converted": list(report.converted),
        "gross": [
            {
                "debtor": g.debtor,
                "creditor": g.creditor,
                "amount": format_micros6(g.amount_micros),
            }
            for g in report.gross
        ],
        "bilateral": [
            {
                "a": slugs[p.a],
                "b": slugs[p.b],
                "a_receives": format_micros6(p.a_receives_micros),
                "a_pays": format_micros6(p.a_pays_micros),
                "exact": format_micros6(p.exact_micros),
                "residue_in": format_micros6(p.residue_in_micros),
                "rounded": rounded(p.rounded_micros),
                "residue_out": format_micros6(p.residue_out_micros),
            }
            for p in report.pairs
        ],
        "multilateral": [
            {
                "party": slugs[p.party],
                "exact": format_micros6(p.exact_micros),
                "position": rounded(p.rounded_micros),
            }
            for p in report.positions
        ],
        "payments": [
            {
                "debtor": slugs[g.debtor],
                "creditor": slugs[g.creditor],
                "amount": rounded(g.amount_micros),
            }
            for g in report.payments
        ],
        "compression": {
            "gross": format_micros6(sums.gross_micros),
            "bilateral": rounded(sums.bilateral_micros),
            "multilateral": rounded(sums.multilateral_micros),
            "saved_percent": saved_percent(sums),
            "payments_gross": len(report.gross),
            "payments_bilateral": sum(1 for p in report.pairs if p.rounded_micros),
            "payments_multilateral": len(report.payments),
        },
        "proof": [
            {"name": p.name, "rule": p.rule, "found": p.found, "holds": p.holds}
            for p in report.proofs
        ],
    }


def saved_percent(sums: Compression) -> str:
    """How much less is paid net than was owed gross, in per cent with one decimal."""
    if sums.gross_micros == 0:
        return "0.0"
    saved = sums.gross_micros - sums.multilateral_micros
    whole, tenths = divmod(1000 * abs(saved) // sums.gross_micros, 10)
    return f"{'-' if saved < 0 else ''}{whole}.{tenths}"
