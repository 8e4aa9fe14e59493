"""The simulator's digests of sales: what was told of an hour, against the sales that it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from partner_sdk.testing.model import HubModel
from partner_sdk.testing.refusals import Refusal, check_fields, instant_of, invalid
from partner_sdk.testing.sales import SaleState
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.digests import (
    SaleFigures,
    StoreDigest,
    digest_of,
    format_hour,
    hour_of,
    parse_hour,
)
from partner_sdk.wire.ids import encode_window
from partner_sdk.wire.instants import format_instant, parse_instant

__all__ = ["Digests"]

_SUCCEEDED = 1


@dataclass(slots=True)
class Digests:
    """What was told, by hour."""

    model: HubModel
    told: dict[str, list[StoreDigest]] = field(default_factory=dict)

    def answer(
        self, *, method: str, parts: list[str], body: Any, query: Mapping[str, str]
    ) -> tuple[int, Any] | None:
        """Answer a call about digests or the list of sales; None for any other."""
        match (method, *parts):
            case ("PUT", "digests", hour):
                return 200, self._tell(hour, body)
            case ("GET", "digests", hour):
                return 200, self._compare(_hour(hour))
            case ("GET", "digests"):
                return 200, self._hours(query)
            case ("GET", "sales"):
                return 200, {"items": self._sales(query), "next_cursor": None}
            case _:
                return None

    def _tell(self, name: str, body: object) -> dict[str, Any]:
        hour = _hour(name)
        stores = check_fields(body, needed=("stores",))["stores"]
        try:
            self.told[format_hour(hour)] = [StoreDigest.from_wire(each) for each in stores]
        except (ValueError, KeyError, TypeError) as error:
            raise invalid("/stores", "are not digests") from error
        return self._compare(hour)

    def _compare(self, hour: datetime) -> dict[str, Any]:
        held: dict[str | None, list[SaleFigures]] = {}
        for each in map(_figures, self.model.sales.values()):
            if hour_of(each.occurred_at) == hour:
                held.setdefault(each.store, []).append(each)
        ours = {store: digest_of(store=store, sales=sales) for store, sales in held.items()}
        theirs = {each.store: each for each in self.told.get(format_hour(hour), ())}
        stores = [
            {
                "store": store,
                "matches": _alike(theirs.get(store), ours.get(store)),
                "yours": _digest_wire(theirs.get(store), self.model.currency),
                "hub": _digest_wire(ours.get(store), self.model.currency),
            }
            for store in sorted({*ours, *theirs}, key=lambda name: name or "")
        ]
        return {
            "hour": format_hour(hour),
            "window": encode_window(hour.date()),
            "open": True,
            "matches": all(each["matches"] for each in stores),
            "stores": stores,
        }

    def _hours(self, query: Mapping[str, str]) -> dict[str, Any]:
        since = hour_of(instant_of(query.get("from"), at="/query/from"))
        until = instant_of(query.get("to"), at="/query/to")
        names = {*self.told, *(format_hour(hour_of(s.occurred_at)) for s in self._all())}
        hours = []
        for name in sorted(names):
            if since <= parse_hour(name) < until:
                found = self._compare(parse_hour(name))
                differing = [each["store"] for each in found["stores"] if not each["matches"]]
                told = name in self.told
                hours.append(
                    {"hour": name, "told": told, "matches": told and not differing,
                     "differing": differing}
                )  # fmt: skip
        return {"hours": hours}

    def _sales(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        since = instant_of(query.get("from"), at="/query/from")
        until = instant_of(query.get("to"), at="/query/to")
        points = {sale.id: sale.posted for sale in self.model.sales.values()}
        return [
            {
                "id": each.id,
                "revision": each.revision,
                "occurred_at": format_instant(each.occurred_at),
                "store": each.store,
                "amount": Money(each.amount_micros, self.model.currency).to_wire(),
                "refunded": Money(each.refunded_micros, self.model.currency).to_wire(),
                "points": points[each.id],
            }
            for each in sorted(self._all(), key=lambda sale: (sale.occurred_at, sale.id))
            if since <= each.occurred_at < until
        ]

    def _all(self) -> list[SaleFigures]:
        return [_figures(each) for each in self.model.sales.values()]


def _figures(sale: SaleState) -> SaleFigures:
    content = sale.revision.content
    store = content.get("store")
    return SaleFigures(
        id=sale.id,
        revision=sale.revision.revision,
        occurred_at=parse_instant(content["occurred_at"]),
        store=store["id"] if isinstance(store, dict) else None,
        amount_micros=sale.revision.total,
        refunded_micros=sum(a for a, rank, _ in sale.refunds.values() if rank == _SUCCEEDED),
    )


def _alike(yours: StoreDigest | None, hub: StoreDigest | None) -> bool:
    nothing = digest_of(store=None, sales=())
    one, other = yours or nothing, hub or nothing
    return (one.sales, one.sha256) == (other.sales, other.sha256)


def _digest_wire(digest: StoreDigest | None, currency: str) -> dict[str, Any] | None:
    return None if digest is None else digest.to_wire(currency=currency)


def _hour(name: str) -> datetime:
    try:
        return parse_hour(name)
    except ValueError:
        raise Refusal("not_found") from None
