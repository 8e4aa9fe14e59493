"""Orders for the tests of their forms."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from partner_sdk.wire.orders import FileHeader, OrderRows, StatedOrder, read_order

HEADER = FileHeader(
    store="store-7",
    sequence=12,
    created_at=datetime(2026, 5, 4, 22, 5, tzinfo=UTC),
    first_date=date(2026, 5, 4),
    last_date=date(2026, 5, 4),
)


def document() -> dict[str, Any]:
    """An order with everything that an order can have."""
    return {
        "id": "A-1001",
        "revision": 3,
        "status": "paid",
        "occurred_at": "2026-05-04T09:30:00.250+03:00",
        "currency": "EUR",
        "store": "store-9",
        "till": "2",
        "receipt": "7/1001",
        "customer": {
            "id": "c-77",
            "card": "2611 0001",
            "phone": "+380441234567",
            "email": "ann@example.com",
        },
        "lines": [
            {"id": "1", "category": "bread, „fresh“", "quantity": "2", "amount": "3.50"},
            {"id": "2", "category": "fuel", "quantity": "30.125", "amount": "45.004567"},
        ],
        "tenders": [
            {"kind": "card", "amount": "47.50"},
            {
                "kind": "points",
                "amount": "1.004567",
                "redemption": "red_01j9q5z8e7f3v6k2m4n8p0r1s5",
            },
        ],
        "refunds": [
            {
                "id": "r-1",
                "status": "succeeded",
                "amount": "5.00",
                "occurred_at": "2026-05-04T10:00:00Z",
                "lines": [{"id": "1", "amount": "1.75", "quantity": "1"}],
            },
            {"id": "r-2", "status": "pending", "amount": "0.50"},
        ],
    }


def order(**changes: Any) -> StatedOrder:
    """That order."""
    return read_order(document() | changes)


def file_of(*orders: StatedOrder, header: FileHeader = HEADER) -> bytes:
    """A file of orders."""
    rows = OrderRows(header)
    begun = rows.begin()
    return begun + b"".join(rows.order(each) for each in orders) + rows.finish()
