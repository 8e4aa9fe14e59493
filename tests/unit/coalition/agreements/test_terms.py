"""Terms are read strictly, and dates follow the calendar of the coalition."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalition.agreements.domain import (
    Agreement,
    activation_instant,
    add_months,
    expiry_instant,
    version_in_force,
)
from coalition.agreements.reading import parse_terms
from coalition.agreements.terms import APART, Rate, terms_sha256
from coalition.errors import HubError
from tests.coalition_world import terms

KYIV = ZoneInfo("Europe/Kyiv")


def pointers(document: object) -> set[str]:
    with pytest.raises(HubError) as caught:
        parse_terms(document)
    assert caught.value.code == "validation_failed"
    return {error.pointer for error in caught.value.errors}


def test_every_wrong_place_is_named_at_once() -> None:
    document = terms(
        issue_price=0.01,
        redemption_price="-1",
        funding="sometimes",
        expiry={"months": 0, "quarters": 1},
        surprise=1,
        earn={"rules": [{"kind": "per_amount", "points": "0", "per": "1.00"}], "rounding": "up"},
    )
    assert pointers(document) == {
        "/issue_price",
        "/redemption_price",
        "/funding",
        "/expiry/months",
        "/expiry/quarters",
        "/surprise",
        "/earn/rules/0/points",
        "/earn/rounding",
    }


@pytest.mark.parametrize("document", [None, [], "terms", 7])
def test_what_is_no_object_is_refused(document: object) -> None:
    assert "" in pointers(document)


def test_funded_on_issue_the_issue_price_covers_the_redemption_price() -> None:
    assert pointers(terms(funding="issue", issue_price="0.009")) == {"/issue_price"}


def earning(**earn: Any) -> dict[str, Any]:
    return terms(
        earn={
            "rules": [
                {"kind": "per_quantity", "points": "2", "per": "1", "categories": ["fuel"]},
                {"kind": "per_amount", "points": "3", "per": "2.00"},
            ],
            **earn,
        }
    )


def test_a_category_takes_its_first_rule_times_its_first_multiplier() -> None:
    parsed = parse_terms(
        earning(
            multipliers=[{"category": "wine", "factor": "2.5"}, {"category": None, "factor": "2"}],
            exclusions=["tobacco"],
        )
    )
    assert parsed.rate_for("tobacco") is None
    fuel, wine, bread = parsed.rate_for("fuel"), parsed.rate_for("wine"), parsed.rate_for("bread")
    assert fuel == Rate(True, 1, 250_000)
    assert wine is not None
    assert Fraction(wine.numerator, wine.denominator) * 1_000_000 == Fraction(15, 4)
    assert bread == Rate(False, 3, 1_000_000)


def test_a_category_that_no_rule_names_earns_nothing() -> None:
    rules = [{"kind": "per_amount", "points": "1", "per": "1", "categories": ["food"]}]
    assert parse_terms(terms(earn={"rules": rules})).rate_for("fuel") is None


@pytest.mark.parametrize("category", sorted(APART))
def test_what_is_no_goods_earns_by_a_rule_that_names_it_alone(category: str) -> None:
    every = {"kind": "per_amount", "points": "1", "per": "1"}
    named = {"kind": "per_amount", "points": "2", "per": "1", "categories": [category]}
    assert parse_terms(terms(earn={"rules": [every]})).rate_for(category) is None
    rate = parse_terms(terms(earn={"rules": [every, named]})).rate_for(category)
    assert rate == Rate(False, 1, 500_000)


def test_the_hash_of_terms_does_not_depend_on_the_order_of_fields() -> None:
    document = terms()
    assert terms_sha256(document) == terms_sha256(dict(reversed(document.items())))
    assert terms_sha256(document) != terms_sha256(terms(grace_days=31))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 240))
def test_months_later_is_the_same_day_or_the_months_last(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later.day < day.day and add_days(later, 1).day == 1)


def add_days(day: date, days: int) -> date:
    return date.fromordinal(day.toordinal() + days)


@pytest.mark.parametrize(
    ("months", "quarter_end", "expires"),
    [
        # The last day counts whole: points go at the local midnight after it.
        (24, False, datetime(2028, 3, 28, 21, tzinfo=UTC)),
        (24, True, datetime(2028, 3, 31, 21, tzinfo=UTC)),
        (25, True, datetime(2028, 6, 30, 21, tzinfo=UTC)),
    ],
)
def test_points_live_to_the_end_of_their_last_day_or_quarter(
    months: int, quarter_end: bool, expires: datetime
) -> None:
    parsed = parse_terms(terms(expiry={"months": months, "quarter_end": quarter_end}))
    # 23:30 UTC on 27 March is already the 28th in Kyiv.
    occurred_at = datetime(2026, 3, 27, 23, 30, tzinfo=UTC)
    assert expiry_instant(terms=parsed, occurred_at=occurred_at, zone=KYIV) == expires


def test_pending_points_wake_at_local_midnight_also_after_a_night_of_23_hours() -> None:
    parsed = parse_terms(terms(pending_days=2))
    occurred_at = datetime(2026, 3, 28, 12, tzinfo=UTC)
    wakes = activation_instant(terms=parsed, occurred_at=occurred_at, zone=KYIV)
    assert wakes == datetime(2026, 3, 29, 21, tzinfo=UTC)


def version(number: int, start: datetime, end: datetime | None = None) -> Agreement:
    return Agreement(number, uuid4(), 10, number, start, end, parse_terms(terms()), b"")


def test_the_version_in_force_is_the_one_that_began_last_unless_it_has_ended() -> None:
    january, march = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    may = datetime(2026, 5, 1, tzinfo=UTC)
    versions = [version(1, january), version(2, march, may)]
    assert version_in_force(versions, datetime(2025, 12, 31, tzinfo=UTC)) is None
    assert version_in_force(versions, january) is versions[0]
    assert version_in_force(versions, march) is versions[1]
    assert version_in_force(versions, may) is None
