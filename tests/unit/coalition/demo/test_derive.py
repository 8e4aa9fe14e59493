"""Returns and spending follow from the purchases alone, by fixed rules."""

from datetime import UTC, date, datetime, timedelta

import pytest

from coalition.demo.brands import BRANDS
from coalition.demo.data import ZONE, Line, Sale, Year, read_year
from coalition.demo.derive import (
    Day,
    Derivation,
    draw,
    points_to_spend,
    return_of,
    spendings_of,
)

BY_SLUG = {brand.slug: brand for brand in BRANDS}


def sale(brand: str, *amounts: int, basket: int = 1, household: int = 7, coupon: int = 0) -> Sale:
    lines = tuple(
        Line(str(number), "any", 1000, amount, coupon if number == 0 else 0)
        for number, amount in enumerate(amounts)
    )
    return Sale(brand, basket, household, 300, datetime(2017, 1, 3, 17, tzinfo=UTC), lines)


@pytest.fixture(scope="module")
def year() -> Year:
    return read_year()


@pytest.fixture(scope="module")
def fortnight(year: Year) -> list[Day]:
    derivation = Derivation(brands=BRANDS, coupon_days=year.coupon_days)
    days = (date(2017, 1, 1) + timedelta(days=number) for number in range(14))
    return [derivation.day(day=day, sales=year.sales_of(day)) for day in days]


def test_the_draw_is_fixed_by_rule_and_ids() -> None:
    assert draw("return", 31198570044, "grocer", below=10_000) == draw(
        "return", 31198570044, "grocer", below=10_000
    )
    assert draw("a", 1, below=10**9) != draw("b", 1, below=10**9)


def test_a_return_is_within_its_sale_by_line_and_in_sum(fortnight: list[Day]) -> None:
    returns = [each for day in fortnight for each in day.returns]
    assert len(returns) > 50
    for each in returns:
        sold = {line.id: line for line in each.sale.lines}
        assert 0 < each.amount <= each.sale.total
        if each.lines:
            assert each.amount == sum(line.amount for line in each.lines)
        for line in each.lines:
            assert 0 < line.amount <= sold[line.id].amount
            assert 0 < line.quantity <= sold[line.id].quantity


def test_returns_are_whole_of_one_line_and_by_amount(fortnight: list[Day]) -> None:
    returns = [each for day in fortnight for each in day.returns]
    assert any(each.amount == each.sale.total and each.lines for each in returns)
    assert any(each.lines and each.amount < each.sale.total for each in returns)
    assert any(not each.lines for each in returns)


def test_a_return_happens_in_opening_hours_within_the_brand_s_days(fortnight: list[Day]) -> None:
    for day in fortnight:
        for each in day.returns:
            local = each.occurred_at.astimezone(ZONE)
            assert local.date() == day.date == each.day
            assert 10 <= local.hour < 18
            first, last = BY_SLUG[each.sale.brand].return_days
            waited = (day.date - each.sale.occurred_at.astimezone(ZONE).date()).days
            assert first <= waited <= last


def test_a_sale_without_a_price_never_comes_back() -> None:
    assert all(
        return_of(sale=sale("home", 0, basket=basket), brand=BY_SLUG["home"]) is None
        for basket in range(500)
    )


def test_a_household_with_a_coupon_spends_at_another_brand_in_its_largest_sale_there() -> None:
    day = [
        sale("grocer", 9000, coupon=100),
        sale("bakery", 700),
        sale("wine", 1200, basket=2),
        sale("wine", 600, household=8),
    ]
    (spending,) = spendings_of(sales=day, coupon_households=frozenset())
    assert spending.sale == day[2]


def test_a_coupon_known_only_from_the_table_counts_as_used_in_the_day_s_largest_sale() -> None:
    day = [sale("grocer", 9000), sale("bakery", 700)]
    (spending,) = spendings_of(sales=day, coupon_households=frozenset({7}))
    assert spending.sale.brand == "bakery"


def test_a_household_that_shopped_nowhere_else_spends_nothing() -> None:
    day = [sale("grocer", 9000, coupon=100)]
    assert list(spendings_of(sales=day, coupon_households=frozenset({7}))) == []


@pytest.mark.parametrize(
    ("available", "due", "points"),
    [(1234, 700, 700), (123, 700, 120), (19, 700, 10), (9, 700, 0), (700, 9, 0), (0, 10, 0)],
)
def test_points_are_whole_tens_of_what_the_balance_covers(
    available: int, due: int, points: int
) -> None:
    assert points_to_spend(available=available, due=due) == points


def test_the_first_fortnight_has_returns_and_spending_on_most_days(fortnight: list[Day]) -> None:
    assert all(day.spendings for day in fortnight)
    assert all(day.returns for day in fortnight[1:])


def test_a_second_walk_through_the_days_derives_the_same(year: Year, fortnight: list[Day]) -> None:
    again = Derivation(brands=BRANDS, coupon_days=year.coupon_days)
    assert [again.day(day=day.date, sales=day.sales) for day in fortnight] == fortnight
