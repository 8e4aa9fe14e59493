"""The demo's agreements: dated versions without a gap, and every kind of term in use."""

from datetime import date
from itertools import pairwise

from coalition.demo.brands import AGREED_FROM, BRANDS
from coalition.demo.data import FIRST_DATE, midnight


def test_versions_follow_one_another_without_a_gap_from_before_the_first_purchase() -> None:
    for brand in BRANDS:
        versions = list(brand.agreement())
        assert versions[0].effective_from == midnight(AGREED_FROM) < midnight(FIRST_DATE)
        assert versions[-1].effective_to is None
        for earlier, later in pairwise(versions):
            assert earlier.effective_to == later.effective_from


def test_a_multiplier_week_is_a_version_of_its_own_from_monday_to_monday() -> None:
    grocer = next(brand for brand in BRANDS if brand.slug == "grocer")
    usual, doubled, after = grocer.agreement()
    assert doubled.effective_from == midnight(date(2017, 1, 9))
    assert doubled.effective_to == midnight(date(2017, 1, 16))
    assert doubled.terms["earn"]["multipliers"] == [{"category": None, "factor": "2"}]
    assert usual.terms == after.terms == grocer.terms
    assert usual.terms["earn"]["multipliers"] == []


def test_every_week_begins_on_a_monday() -> None:
    assert all(week.monday.weekday() == 0 for brand in BRANDS for week in brand.weeks)


def test_the_agreements_differ_and_use_both_funding_models_and_every_rounding() -> None:
    terms = [brand.terms for brand in BRANDS]
    assert {each["funding"] for each in terms} == {"redemption", "issue"}
    assert {each["earn"]["rounding"] for each in terms} == {
        "floor",
        "ceiling",
        "half_up",
        "half_even",
    }
    assert {each["earn"]["round_each"] for each in terms} == {"sale", "line"}
    kinds = {rule["kind"] for each in terms for rule in each["earn"]["rules"]}
    assert kinds == {"per_amount", "per_quantity"}
    assert len({str(each) for each in terms}) == len(BRANDS)
