"""Roll-forwards and accounting entries as CSV: RFC 4180 with LF, amounts with six decimals."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from partner_sdk.wire.amounts import format_micros6
from partner_sdk.wire.ids import encode_window
from settlement.accounting.service import RollRow

ROLL_COLUMNS = (
    "business_date", "window", "partner", "holder", "funding", "currency",
    "opening", "issued", "redeemed", "expired", "clawed_back", "estimate_change", "closing",
    "opening_points", "issued_points", "redeemed_points", "expired_points", "clawed_back_points",
    "closing_points",
)  # fmt: skip
ENTRY_COLUMNS = (
    "business_date", "window", "partner", "holder", "funding", "currency", "event", "debit",
    "credit", "amount",
)  # fmt: skip
_MONEY = (
    "opening", "issued", "redeemed", "expired", "clawed_back", "estimate_change", "closing",
)  # fmt: skip
_POINTS = (
    "opening_points", "issued_points", "redeemed_points", "expired_points", "clawed_back_points",
    "closing_points",
)  # fmt: skip
DEFERRED = "deferred revenue"
#: Event → the account that stands against deferred revenue.
ACCOUNTS: Mapping[str, str] = {
    "issued": "revenue from sales",
    "redeemed": "revenue from points redeemed",
    "expired": "revenue from breakage",
    "clawed_back": "revenue from sales",
    "estimate_change": "revenue from breakage",
}


def roll_csv(*, rows: Iterable[RollRow], slugs: Mapping[int, str]) -> bytes:
    """The roll-forward, a row for each window, partner, funding and currency."""
    return _csv(ROLL_COLUMNS, (_roll_row(row, slugs) for row in rows))


def entries_csv(*, rows: Iterable[RollRow], slugs: Mapping[int, str]) -> bytes:
    """The same as accounting entries: a row for each change that is not zero."""
    return _csv(ENTRY_COLUMNS, (entry for row in rows for entry in _entries(row, slugs)))


def _csv(columns: tuple[str, ...], rows: Iterable[Mapping[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _head(row: RollRow, slugs: Mapping[int, str]) -> dict[str, str]:
    return {
        "business_date": row.business_date.isoformat(),
        "window": encode_window(row.business_date),
        "partner": slugs[row.issuer],
        "holder": slugs[row.holder],
        "funding": row.funding,
        "currency": row.currency,
    }


def _roll_row(row: RollRow, slugs: Mapping[int, str]) -> dict[str, str]:
    return {
        **_head(row, slugs),
        **{name: format_micros6(getattr(row.movement, name)) for name in _MONEY},
        **{name: str(getattr(row.movement, name)) for name in _POINTS},
    }


def _entries(row: RollRow, slugs: Mapping[int, str]) -> Iterator[dict[str, str]]:
    for event, account in ACCOUNTS.items():
        micros = getattr(row.movement, event)
        if micros:
            # What adds to what is deferred is taken from revenue, and the other way round.
            debit, credit = (account, DEFERRED) if micros > 0 else (DEFERRED, account)
            yield {
                **_head(row, slugs),
                "event": event,
                "debit": debit,
                "credit": credit,
                "amount": format_micros6(abs(micros)),
            }
