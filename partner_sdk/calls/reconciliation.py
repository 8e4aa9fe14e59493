"""Calls that hold the partner's sales against the hub's: digests of hours, the list of sales."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from partner_sdk.calls.base import Calls, path_of
from partner_sdk.wire._read import optional_text, text, whole
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.digests import DigestAnswer, SaleFigures, StoreDigest, format_hour
from partner_sdk.wire.instants import format_instant, parse_instant

__all__ = ["ReconciliationCalls"]


class ReconciliationCalls(Calls):
    """Digests and lists of sales."""

    def put_digests(
        self, hour: datetime, stores: Iterable[StoreDigest], *, currency: str
    ) -> DigestAnswer:
        """Tell what was sold in an hour, by store; the answer says where the hub differs."""
        body = {"stores": [store.to_wire(currency=currency) for store in stores]}
        return self._put(DigestAnswer.from_wire, path_of("digests", format_hour(hour)), body)

    def get_digests(self, hour: datetime) -> DigestAnswer:
        """Compare an hour again with what was told of it."""
        return self._get(DigestAnswer.from_wire, path_of("digests", format_hour(hour)))

    def iter_sales(self, *, since: datetime, until: datetime) -> Iterator[SaleFigures]:
        """Go through this partner's sales as the hub has them, of ``[since, until)``."""
        query = {"from": format_instant(since), "to": format_instant(until)}
        return self._list(_figures, "/v1/sales", query)


def _figures(value: Any) -> SaleFigures:
    return SaleFigures(
        id=text(value["id"]),
        revision=whole(value["revision"]),
        occurred_at=parse_instant(value["occurred_at"]),
        store=optional_text(value.get("store")),
        amount_micros=Money.from_wire(value["amount"]).micros,
        refunded_micros=Money.from_wire(value["refunded"]).micros,
    )
