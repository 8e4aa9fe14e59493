"""The year as it is read from the real files: counts, exact amounts, calendar."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from coalition.demo.data import (
    FIRST_DATE,
    LAST_DATE,
    ZONE,
    Sale,
    Year,
    absorb_coupons,
    midnight,
    read_year,
)


@pytest.fixture(scope="module")
def year() -> Year:
    return read_year()


@pytest.fixture(scope="module")
def sales(year: Year) -> list[Sale]:
    return [sale for day in year.dates() for sale in year.sales_of(day)]


def test_all_lines_of_the_year_land_at_a_brand(year: Year, sales: list[Sale]) -> None:
    assert year.line_count == 1_469_307
    assert sum(len(sale.lines) for sale in sales) == 1_469_307
    assert len({sale.basket for sale in sales}) == 155_848
    assert len({sale.household for sale in sales}) == 2_469


def test_a_basket_and_brand_are_one_sale_whose_lines_have_distinct_ids(sales: list[Sale]) -> None:
    assert max(Counter((sale.basket, sale.brand) for sale in sales).values()) == 1
    assert all(len({line.id for line in sale.lines}) == len(sale.lines) for sale in sales)


def test_the_money_is_the_files_sales_less_coupons_but_for_coupons_beyond_their_whole_sale(
    sales: list[Sale],
) -> None:
    # Cents in the files: sales_value 459,603,958, coupon_disc 2,635,990; 52,304 cents of coupons
    # exceed what the household bought of that brand in that basket.
    assert sum(sale.total for sale in sales) == 459_603_958 - 2_635_990 + 52_304
    assert sum(line.coupon for sale in sales for line in sale.lines) == 2_635_990
    assert all(line.amount >= 0 for sale in sales for line in sale.lines)


def test_business_dates_are_those_of_the_shops_and_only_christmas_day_is_empty(
    sales: list[Sale],
) -> None:
    dates = {sale.occurred_at.astimezone(ZONE).date() for sale in sales}
    days = (LAST_DATE - FIRST_DATE).days + 1
    whole = {FIRST_DATE + timedelta(days=day) for day in range(days)}
    assert whole - dates == {date(2017, 12, 25)}
    assert dates <= whole


def test_every_coupon_redemption_falls_on_a_shopping_day_of_its_household(
    year: Year, sales: list[Sale]
) -> None:
    shopping = {(sale.household, sale.occurred_at.astimezone(ZONE).date()) for sale in sales}
    assert len(year.coupon_days) == 1_107
    assert year.coupon_days <= shopping


@pytest.mark.parametrize(("day", "hours"), [(date(2017, 3, 12), 23), (date(2017, 11, 5), 25)])
def test_the_sales_of_a_day_on_which_clocks_change_are_all_in_that_day(
    year: Year, day: date, hours: int
) -> None:
    start, end = midnight(day), midnight(day + timedelta(days=1))
    assert end - start == timedelta(hours=hours)
    found = year.sales_of(day)
    assert len(found) > 500
    assert all(start <= sale.occurred_at < end for sale in found)


def test_fuel_is_in_thousandths_of_a_gallon_and_sold_by_amount_where_no_volume_was_kept(
    sales: list[Sale],
) -> None:
    lines = [line for sale in sales if sale.brand == "fuel" for line in sale.lines]
    metered = [line for line in lines if line.category == "fuel"]
    assert len(metered) == 13_520
    prices = sorted(line.amount * 1000 // line.quantity for line in metered if line.amount > 100)
    assert 150 < prices[0] <= prices[-1] < 350  # cents a gallon
    assert {line.quantity for line in lines if line.category == "fuel-sale"} == {1000}


def test_a_coupon_beyond_its_line_comes_off_the_dearest_other_line() -> None:
    assert absorb_coupons([500, 0, 800], [0, 150, 0]) == [500, 0, 650]


def test_what_no_line_can_bear_of_a_coupon_is_dropped() -> None:
    assert absorb_coupons([100, 0], [0, 250]) == [0, 0]


def test_a_coupon_within_its_line_comes_off_that_line_only() -> None:
    assert absorb_coupons([300, 200], [100, 0]) == [200, 200]


def test_a_date_outside_the_year_has_no_sales(year: Year) -> None:
    assert year.sales_of(FIRST_DATE - timedelta(days=1)) == []
    assert year.sales_of(LAST_DATE + timedelta(days=1)) == []


def test_instants_are_utc(year: Year) -> None:
    first = year.sales_of(FIRST_DATE)[0]
    assert first.occurred_at == datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC)
