"""Writing a file of orders: its rows, counted, added up and hashed as they are made."""

import hashlib
from typing import Final

from partner_sdk.wire.amounts import format_micros
from partner_sdk.wire.instants import format_instant
from partner_sdk.wire.orders.columns import END, FORMAT, HEADER, FileHeader, row_of
from partner_sdk.wire.orders.stated import Buyer, StatedOrder, money_text

__all__ = ["OrderRows"]


class OrderRows:
    """Makes the bytes of a file: `begin`, `order` for each, `finish`."""

    def __init__(self, header: FileHeader) -> None:
        self.header: Final = header
        self.orders = 0
        self._rows = 0
        self._totals = [0, 0, 0]
        self._hash = hashlib.sha256()

    def begin(self) -> bytes:
        """The row `file`."""
        h = self.header
        dates = (h.first_date.isoformat(), h.last_date.isoformat())
        return self._hashed(
            row_of((HEADER, FORMAT, h.store, str(h.sequence), format_instant(h.created_at), *dates))
        )

    def order(self, order: StatedOrder) -> bytes:
        """The rows of an order."""
        who = order.customer or Buyer()
        store = None if order.store == self.header.store else order.store
        rows: list[tuple[str | None, ...]] = [
            (
                "order", order.id, str(order.revision), order.status,
                format_instant(order.occurred_at), order.currency, store, order.till,
                order.receipt, who.id, who.card, who.phone, who.email,
            )
        ]  # fmt: skip
        for line in order.lines:
            amount = money_text(line.amount)
            rows.append(("line", order.id, line.id, line.category, line.quantity, amount))
            self._totals[0] += line.amount.micros
        for tender in order.tenders:
            amount = money_text(tender.amount)
            rows.append(("tender", order.id, tender.kind, amount, tender.redemption))
            self._totals[1] += tender.amount.micros
        for refund in order.refunds:
            at = None if refund.occurred_at is None else format_instant(refund.occurred_at)
            amount = money_text(refund.amount)
            rows.append(("refund", order.id, refund.id, refund.status, amount, at))
            self._totals[2] += refund.amount.micros
            for part in refund.lines:
                amount = money_text(part.amount)
                rows.append(("refund_line", order.id, refund.id, part.id, amount, part.quantity))
        self.orders += 1
        self._rows += len(rows)
        return self._hashed(b"".join(row_of([f or "" for f in fields]) for fields in rows))

    def finish(self) -> bytes:
        """The row `end`."""
        totals = (format_micros(micros) for micros in self._totals)
        sha256 = self._hash.hexdigest()
        return row_of((END, str(self._rows), str(self.orders), *totals, sha256))

    def _hashed(self, rows: bytes) -> bytes:
        self._hash.update(rows)
        return rows
