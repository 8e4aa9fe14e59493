"""Every line of the year lands at a brand, by a table and never by a guess."""

import pytest

from coalition.demo.brands import BRANDS
from coalition.demo.departments import (
    CATEGORIES,
    DEPARTMENTS,
    TYPES,
    UNLISTED,
    Place,
    UnknownDepartmentError,
    place_of,
)

PLACES = {*DEPARTMENTS.values(), *CATEGORIES.values(), *TYPES.values(), UNLISTED}


def test_there_are_at_least_seven_brands_and_each_sells_something() -> None:
    assert len(BRANDS) >= 7
    assert {place.brand for place in PLACES} == {brand.slug for brand in BRANDS}


def test_a_product_type_goes_before_its_department() -> None:
    place = place_of(
        department="MISCELLANEOUS", category="COUPON/MISC ITEMS", kind="GASOLINE-REG UNLEADED"
    )
    assert place == Place("fuel", "fuel")


def test_wine_in_the_grocery_department_is_the_wine_shop_s() -> None:
    assert place_of(department="GROCERY", category="IMPORTED WINE", kind=None).brand == "wine"
    assert place_of(department="GROCERY", category="SOUP", kind=None).brand == "grocer"


def test_a_product_outside_the_product_table_is_the_grocer_s_as_unlisted() -> None:
    assert place_of(department=None, category=None, kind=None) == UNLISTED


def test_a_department_that_the_table_does_not_know_is_an_error() -> None:
    with pytest.raises(UnknownDepartmentError, match="JEWELLERY"):
        place_of(department="JEWELLERY", category=None, kind=None)


def test_each_category_that_a_rule_or_an_exclusion_names_is_sold_by_that_brand() -> None:
    sold = {(place.brand, place.category) for place in PLACES} | {("fuel", "fuel-sale")}
    for brand in BRANDS:
        earn = brand.terms["earn"]
        named = set(earn["exclusions"])
        for rule in earn["rules"]:
            named |= set(rule["categories"] or ())
        named |= {week.category for week in brand.weeks if week.category}
        assert {(brand.slug, category) for category in named} <= sold
