"""What the shops of a month tell the hub: a slice of the demo's purchases, through the SDK."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from coalition.demo.brands import BRANDS, CURRENCY, Brand
from coalition.demo.data import FIRST_DATE, ZONE, Sale, Year
from coalition.demo.derive import Day, Return, Spending, draw
from partner_sdk.client import PartnerClient
from partner_sdk.wire import sales as wire
from partner_sdk.wire.amounts import Money, format_micros6, parse_decimal
from partner_sdk.wire.messages import Quote

LEI = "wine"
"""The brand that prices in lei; its leu is worth a fifth of the dollar of its prices."""
_AT_RATE = 5
_MICROS = 1_000_000


def brands() -> tuple[Brand, ...]:
    """The demo's brands, one of them in lei."""
    return tuple(_in_lei(brand) if brand.slug == LEI else brand for brand in BRANDS)


def _in_lei(brand: Brand) -> Brand:
    terms = dict(brand.terms)
    for name in ("issue_price", "redemption_price"):
        terms[name] = _times(terms[name])
    fees = {**terms["fees"], "issue_per_point": _times(terms["fees"]["issue_per_point"])}
    return replace(brand, terms={**terms, "currency": "RON", "fees": fees}, weeks=())


def _times(price: str) -> str:
    return format_micros6(parse_decimal(price) * _AT_RATE)


@dataclass(frozen=True, slots=True)
class Till:
    """A brand's client as the demo's replay uses it; one in lei relabels what the demo prices."""

    client: PartnerClient
    currency: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def put_sales(self, messages: Iterable[wire.Sale]) -> Any:
        """State sales in the brand's currency."""
        return self.client.put_sales([self._told(each) for each in messages])

    def quote(self, member: wire.MemberRef, *, amount: Money) -> Quote:
        """Ask what could be spent."""
        return self.client.quote(member, amount=self._told(amount))

    def _told(self, value: Any) -> Any:
        if isinstance(value, Money):
            return Money(value.micros, self.currency)
        if isinstance(value, tuple):
            return tuple(self._told(each) for each in value)
        if is_dataclass(value) and not isinstance(value, type):
            told = replace(
                value, **{f.name: self._told(getattr(value, f.name)) for f in fields(value)}
            )
            # Points that paid are not told by the till in lei: what they are worth is in dollars.
            if isinstance(told, wire.Sale) and self.currency != CURRENCY:
                refunds = tuple(replace(each, points=None) for each in told.refunds)
                return replace(told, currency=self.currency, tenders=(), refunds=refunds)
            return told
        return value


def days(*, year: Year, households: int, count: int) -> Iterator[Day]:
    """The days of some households: their purchases, returns of them, and spending.

    Of each household's shops the ones with most brands are taken. Every seventh sale comes back
    three to nine days later, whole or in part; of every third one a part is paid with points.
    """
    dates = [FIRST_DATE + timedelta(days=number) for number in range(count)]
    everything = {day: year.sales_of(day) for day in dates}
    chosen = _households(everything, households)
    due: dict[date, list[Return]] = {}
    for day in dates:
        sales = tuple(sale for sale in everything[day] if sale.household in chosen and sale.total)
        for sale in sales:
            back = _return_of(sale, day)
            if back is not None:
                due.setdefault(back.day, []).append(back)
        spendings = {
            sale.household: Spending(sale)
            for sale in sales
            if sale.total >= 100 and draw("month-spend", sale.basket, sale.brand, below=2) == 0
        }
        yield Day(day, tuple(due.pop(day, ())), tuple(spendings.values()), sales)


def _households(everything: Mapping[date, list[Sale]], count: int) -> frozenset[int]:
    brands_of: dict[int, set[str]] = {}
    baskets: dict[int, int] = {}
    for sales in everything.values():
        for sale in sales:
            brands_of.setdefault(sale.household, set()).add(sale.brand)
            baskets[sale.household] = baskets.get(sale.household, 0) + 1
    ordered = sorted(brands_of, key=lambda each: (-len(brands_of[each]), -baskets[each], each))
    return frozenset(ordered[:count])


def _return_of(sale: Sale, day: date) -> Return | None:
    if draw("month-return", sale.basket, sale.brand, below=7):
        return None
    back_on = day + timedelta(days=3 + draw("month-return-day", sale.basket, below=7))
    at = datetime.combine(back_on, time(11), tzinfo=ZONE).astimezone(UTC)
    amount = sale.total if draw("month-whole", sale.basket, below=2) else max(sale.total // 2, 1)
    return Return(sale, at, back_on, amount, ())
