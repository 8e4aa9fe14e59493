"""A reconciliation as a table, as CSV, or as JSON."""

import csv
import io
from typing import Any

from partner_sdk.reconcile.compare import Finding, Reconciliation
from partner_sdk.wire.amounts import format_micros
from partner_sdk.wire.digests import SaleFigures, format_hour, hour_of
from partner_sdk.wire.instants import format_instant

__all__ = ["COLUMNS", "as_csv", "as_document", "as_table"]

COLUMNS = (
    "kind", "sale", "hour", "store", "your_amount", "hub_amount", "your_refunded", "hub_refunded",
    "your_time", "hub_time", "your_revision", "hub_revision", "note",
)  # fmt: skip


def as_table(found: Reconciliation) -> str:
    """Write the report for people."""
    lines = [
        f"{format_instant(found.since)} … {format_instant(found.until)}: {found.matched} matched"
        + "".join(f", {count} {kind}" for kind, count in found.counts().items() if count)
    ]
    if found.closed_hours:
        lines.append(
            f"{len(found.closed_hours)} hours that differ are of windows that are closed: what is "
            "sent now goes into the open window"
        )
    shown = ("kind", "sale", "hour", "store", "your_amount", "hub_amount", "note")
    rows = [shown, *([_row(f)[name] for name in shown] for f in found.findings)]
    if found.findings:
        widths = [max(len(row[at]) for row in rows) for at in range(len(shown))]
        for row in rows:
            cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def as_csv(found: Reconciliation) -> str:
    """Write the findings as CSV (RFC 4180 with LF), a row a sale."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for finding in found.findings:
        writer.writerow(_row(finding))
    return out.getvalue().rstrip("\n")


def as_document(found: Reconciliation) -> dict[str, Any]:
    """Return the report as one JSON object."""
    return {
        "from": format_instant(found.since),
        "to": format_instant(found.until),
        "matched": found.matched,
        "hours": found.hours,
        **found.counts(),
        "differing_hours": found.differing_hours,
        "closed_hours": found.closed_hours,
        "findings": [
            {name: value or None for name, value in _row(finding).items()}
            for finding in found.findings
        ],
    }


def _row(finding: Finding) -> dict[str, str]:
    either = finding.yours or finding.hub
    hour = "" if either is None else format_hour(hour_of(either.occurred_at))
    store = "" if either is None else either.store or ""
    yours, hub = _side(finding.yours), _side(finding.hub)
    values = (
        finding.kind, finding.sale, hour, store, yours[0], hub[0], yours[1], hub[1], yours[2],
        hub[2], yours[3], hub[3], finding.note,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _side(figures: SaleFigures | None) -> tuple[str, str, str, str]:
    if figures is None:
        return ("", "", "", "")
    return (
        format_micros(figures.amount_micros),
        format_micros(figures.refunded_micros),
        format_instant(figures.occurred_at),
        str(figures.revision),
    )
