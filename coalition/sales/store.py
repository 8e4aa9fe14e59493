"""Sales in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from coalition.db.writing import Section, WriteSet, insert_section
from coalition.sales.domain import Refund, RefundLine, Sale

_FIELDS = {
    "party_no": "int",
    "external_id": "text",
    "sale_id": "uuid",
    "account_id": "uuid",
    "revision": "bigint",
    "content_sha256": "text",
    "occurred_at": "timestamptz",
    "local_date": "date",
    "store": "text",
    "store_time_zone": "text",
    "till": "text",
    "receipt": "text",
    "currency": "text",
    "agreement_no": "int",
    "document": "jsonb",
    "refunds": "jsonb",
    "points": "bigint",
    "lot_ids": "uuid[]",
    "earn_ids": "uuid[]",
    "day_capped": "boolean",
    "request_id": "uuid",
}
_CHANGING = (
    "account_id",
    "revision",
    "occurred_at",
    "local_date",
    "store",
    "store_time_zone",
    "till",
    "receipt",
    "agreement_no",
    "document",
    "refunds",
    "points",
    "lot_ids",
    "earn_ids",
    "day_capped",
)

SALE_NEW = insert_section(
    "sale_new",
    "sale",
    _FIELDS,
    filled={
        "content_sha256": "decode(r.content_sha256, 'hex')",
        "window_date": "g.window_date",
        "first_posted_at": "g.posted_at",
        "updated_at": "g.posted_at",
    },
)
SALE_CHANGED = Section(
    name="sale_changed",
    columns=_FIELDS,
    template=(
        f"UPDATE sale SET {', '.join(f'{name} = r.{name}' for name in _CHANGING)},"
        " content_sha256 = decode(r.content_sha256, 'hex'), updated_at = g.posted_at"
        " FROM {rows} WHERE sale.party_no = r.party_no AND sale.external_id = r.external_id"
    ),
)

SALE_COLUMNS = (
    "party_no, external_id, sale_id, account_id, revision, content_sha256, occurred_at,"
    " local_date, store, store_time_zone, till, receipt, currency, agreement_no, document,"
    " refunds, points, lot_ids, earn_ids, day_capped, request_id"
)
_BY_ID = f"SELECT {SALE_COLUMNS} FROM sale WHERE party_no = %s AND external_id = ANY(%s::text[])"
_EXISTING = "SELECT external_id FROM sale WHERE party_no = %s AND external_id = ANY(%s::text[])"
_OF_DAYS = (
    f"SELECT {SALE_COLUMNS} FROM sale WHERE party_no = %s AND day_capped"
    " AND (account_id, local_date) IN (SELECT * FROM unnest(%s::uuid[], %s::date[]))"
    " ORDER BY occurred_at, external_id"
)


def existing_ids(
    *, connection: Connection, party_no: int, external_ids: Collection[str]
) -> set[str]:
    """Which of the ids the partner has stated before."""
    rows = connection.exec_driver_sql(_EXISTING, (party_no, list(external_ids)))
    return {row[0] for row in rows}


def load_sales(
    *, connection: Connection, party_no: int, external_ids: Collection[str], lock: bool = False
) -> dict[str, Sale]:
    """The partner's sales of those ids, by id; locked for the transaction where asked."""
    sql = f"{_BY_ID} ORDER BY external_id FOR UPDATE" if lock else _BY_ID
    rows = connection.exec_driver_sql(sql, (party_no, list(external_ids)))
    return {sale.external_id: sale for sale in map(sale_of, rows)}


def load_member_days(
    *, connection: Connection, party_no: int, days: Collection[tuple[UUID, date]]
) -> list[Sale]:
    """The partner's day-capped sales of those (account, local date), in their order."""
    accounts, dates = [day[0] for day in days], [day[1] for day in days]
    return [
        sale_of(row) for row in connection.exec_driver_sql(_OF_DAYS, (party_no, accounts, dates))
    ]


def queue_sales(*, writes: WriteSet, new: Iterable[Sale], changed: Iterable[Sale]) -> None:
    """Queue sales to be written."""
    writes.extend(SALE_NEW, [_row(sale) for sale in new])
    writes.extend(SALE_CHANGED, [_row(sale) for sale in changed])


def _row(sale: Sale) -> dict[str, Any]:
    return {
        "party_no": sale.party_no,
        "external_id": sale.external_id,
        "sale_id": sale.sale_id,
        "account_id": sale.account_id,
        "revision": sale.revision,
        "content_sha256": sale.content_sha256.hex(),
        "occurred_at": sale.occurred_at,
        "local_date": sale.local_date,
        "store": sale.store,
        "store_time_zone": sale.store_time_zone,
        "till": sale.till,
        "receipt": sale.receipt,
        "currency": sale.currency,
        "agreement_no": sale.agreement_no,
        "document": sale.document,
        "refunds": {refund.id: _refund_row(refund) for refund in sale.refunds.values()},
        "points": sale.points,
        "lot_ids": sale.lot_ids,
        "earn_ids": sale.earn_ids,
        "day_capped": sale.day_capped,
        "request_id": sale.request_id,
    }


def _refund_row(refund: Refund) -> list[Any]:
    return [
        refund.status,
        refund.amount_micros,
        [[line.id, line.amount_micros, line.quantity_micros] for line in refund.lines],
        refund.redemption_id,
        refund.points,
    ]


def _refund(refund_id: str, row: list[Any]) -> Refund:
    status, amount, lines, redemption, points = row
    return Refund(
        refund_id,
        status,
        amount,
        tuple(RefundLine(*line) for line in lines),
        None if redemption is None else UUID(redemption),
        points,
    )


def sale_of(row: Any) -> Sale:
    """A sale from a row of `SALE_COLUMNS`."""
    values = list(row)
    values[5] = bytes(values[5])
    values[15] = {key: _refund(key, refund) for key, refund in values[15].items()}
    return Sale(*values)
