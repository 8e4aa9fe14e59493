"""What the data does not hold, derived by fixed rules: returns and the spending of points.

Chance has no part in it. Where a rule needs to choose, it draws a number from SHA-256 of the
rule's name and the ids it is about, so each run, on any machine and in any order, chooses alike.

- **Returns.** Of each brand's sales a fixed share comes back, some days later, between 10:00 and
  18:00 of the shops' time: of ten returns four are whole, four are of one line (half of a quantity
  above one), two are a part of the amount without lines (a quarter or a half).
- **Spending.** A household that used a coupon that day (the table of coupon redemptions, or a
  coupon on a line of its basket) pays with points in its largest sale of the day at a brand where
  it used none; the points are what its balance covers of that sale, down to whole tens. Had it no
  such sale, or fewer than ten points, it spends none.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from coalition.demo.brands import Brand
from coalition.demo.data import ZONE, Line, Sale

__all__ = [
    "Day",
    "Derivation",
    "Return",
    "ReturnedLine",
    "Spending",
    "draw",
    "points_to_spend",
    "return_of",
    "spendings_of",
]

_WHOLE_TENS = 10
_SHARES = 10_000


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """What of one line comes back: quantity in thousandths, amount in cents."""

    id: str
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True)
class Return:
    """Goods of a sale that come back; without lines it is a return by amount (cents)."""

    sale: Sale
    occurred_at: datetime
    day: date
    amount: int
    lines: tuple[ReturnedLine, ...]


@dataclass(frozen=True, slots=True)
class Spending:
    """A household means to pay for this sale with points, as far as its balance goes."""

    sale: Sale


@dataclass(frozen=True, slots=True)
class Day:
    """A business date's events, in the order in which they are told: returns, spending, sales."""

    date: date
    returns: tuple[Return, ...]
    spendings: tuple[Spending, ...]
    sales: tuple[Sale, ...]


def draw(rule: str, *ids: object, below: int) -> int:
    """A number from 0 up to (not) `below`, fixed by the rule's name and the ids."""
    text = ":".join((rule, *map(str, ids)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % below


def points_to_spend(*, available: int, due: int) -> int:
    """How many points (0: none) pay for a sale of `due` cents; a point is worth one cent."""
    return min(available, due) // _WHOLE_TENS * _WHOLE_TENS


def return_of(*, sale: Sale, brand: Brand) -> Return | None:
    """The return of a sale, if the rule says that it comes back."""
    ids = (sale.basket, sale.brand)
    if sale.total == 0 or draw("return", *ids, below=_SHARES) >= brand.returns:
        return None
    first, last = brand.return_days
    days = first + draw("return-day", *ids, below=last - first + 1)
    day = sale.occurred_at.astimezone(ZONE).date() + timedelta(days=days)
    minute = draw("return-minute", *ids, below=8 * 60)
    # 10:00 to 18:00 is never within a change of clocks.
    local = datetime.combine(day, time(10), tzinfo=ZONE) + timedelta(minutes=minute)
    form = draw("return-form", *ids, below=10)
    if form >= 8:
        amount = _half_even(sale.total * (1 if form == 8 else 2), 4)
        lines: tuple[ReturnedLine, ...] = ()
    else:
        lines = _whole(sale) if form < 4 else _one_line(sale)
        amount = sum(line.amount for line in lines)
    if amount == 0:
        return None
    return Return(sale, local.astimezone(UTC), day, amount, lines)


def _whole(sale: Sale) -> tuple[ReturnedLine, ...]:
    return tuple(ReturnedLine(line.id, line.quantity, line.amount) for line in _paid(sale))


def _one_line(sale: Sale) -> tuple[ReturnedLine, ...]:
    lines = _paid(sale)
    if not lines:
        return ()
    line = lines[draw("return-line", sale.basket, sale.brand, below=len(lines))]
    if line.quantity <= 1000:
        return (ReturnedLine(line.id, line.quantity, line.amount),)
    # Half, in whole pieces; fuel, which is measured, to the thousandth.
    step = 1 if line.quantity % 1000 else 1000
    back = line.quantity // 2 // step * step
    return (ReturnedLine(line.id, back, _half_even(line.amount * back, line.quantity)),)


def _paid(sale: Sale) -> list[Line]:
    return [line for line in sale.lines if line.amount > 0 and line.quantity > 0]


def _half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    return whole + (rest * 2 > denominator or (rest * 2 == denominator and whole % 2 == 1))


def spendings_of(*, sales: Sequence[Sale], coupon_households: frozenset[int]) -> Iterator[Spending]:
    """Where the households of a day's sales mean to spend points, in order of household.

    `coupon_households` are those of that day in the data's table of coupon redemptions.
    """
    by_household: defaultdict[int, list[Sale]] = defaultdict(list)
    for sale in sales:
        by_household[sale.household].append(sale)
    for household in sorted(by_household):
        own = sorted(
            by_household[household], key=lambda each: (-each.total, each.basket, each.brand)
        )
        with_coupon = {sale.brand for sale in own if any(line.coupon for line in sale.lines)}
        if not with_coupon and household in coupon_households:
            with_coupon = {own[0].brand}  # the line is not in the basket: the day's largest sale
        if not with_coupon:
            continue
        elsewhere = next((sale for sale in own if sale.brand not in with_coupon), None)
        if elsewhere is not None and elsewhere.total >= _WHOLE_TENS:
            yield Spending(elsewhere)


class Derivation:
    """Walks through the days in order and remembers which returns are still to come."""

    def __init__(
        self, *, brands: Sequence[Brand], coupon_days: frozenset[tuple[int, date]]
    ) -> None:
        """Take the brands (for their rules) and the data's (household, date) of redemptions."""
        self._brands = {brand.slug: brand for brand in brands}
        self._coupons: defaultdict[date, set[int]] = defaultdict(set)
        for household, day in coupon_days:
            self._coupons[day].add(household)
        self._due: defaultdict[date, list[Return]] = defaultdict(list)

    def day(self, *, day: date, sales: Sequence[Sale]) -> Day:
        """The events of the next date, given its sales; call once a date, in order."""
        for sale in sales:
            comes_back = return_of(sale=sale, brand=self._brands[sale.brand])
            if comes_back is not None:
                self._due[comes_back.day].append(comes_back)
        returns = sorted(self._due.pop(day, []), key=lambda each: each.occurred_at)
        households = frozenset(self._coupons.get(day, ()))
        spendings = spendings_of(sales=sales, coupon_households=households)
        return Day(day, tuple(returns), tuple(spendings), tuple(sales))
