"""Discounts are spread to the micro, points are a tender, refunds stay within their money."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import Headers, Settings, Spend
from adapters.webshop import (
    Sold,
    card_named,
    code_of,
    customer,
    given_back,
    money_text,
    next_page,
    paid_with_points,
    revision,
    shares,
    spend_of,
    spread,
    tenders,
)

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
amounts = st.integers(0, 10**9)


@given(st.lists(amounts, min_size=1, max_size=8), amounts)
def test_what_is_spread_comes_off_exactly_and_no_line_falls_below_nothing(
    lines: list[int], off: int
) -> None:
    sold = [Sold(str(i), "goods", 1_000_000, micros) for i, micros in enumerate(lines)]
    left = spread(sold, off)
    assert sum(line.money_micros for line in left) == max(0, sum(lines) - off)
    assert all(line.money_micros >= 0 for line in left)


@given(st.lists(amounts, min_size=1, max_size=8), amounts)
def test_a_whole_is_shared_out_exactly_and_to_what_weighs_nothing_goes_nothing(
    weights: list[int], whole: int
) -> None:
    found = shares(whole, weights)
    assert sum(found) == (whole if any(weights) else 0)
    assert all(share >= 0 for share in found)
    assert all(share == 0 for share, weight in zip(found, weights, strict=True) if not weight)


@given(st.lists(amounts, min_size=1, max_size=8), amounts)
def test_what_points_paid_of_an_order_leaves_its_lines_as_large_as_they_were(
    lines: list[int], points: int
) -> None:
    sold = [Sold(str(i), "goods", 1_000_000, micros) for i, micros in enumerate(lines)]
    paid = paid_with_points(sold, points)
    assert [line.line() for line in paid] == [line.line() for line in sold]
    assert sum(line.points_micros for line in paid) == min(points, sum(lines))


def test_a_line_that_points_paid_in_part_is_given_back_whole_with_its_money() -> None:
    line = Sold("1", "goods", 2_000_000, 80_000_000, 20_000_000)
    refund = given_back(
        id="r",
        status="succeeded",
        money_micros=80_000_000,
        at=NOW,
        parts=[(line, 80_000_000, None)],
    )
    assert refund.amount_micros == line.line().amount_micros == 100_000_000
    assert refund.lines[0].amount_micros == 100_000_000


def test_a_line_that_points_paid_whole_is_given_back_by_its_pieces() -> None:
    line = Sold("1", "goods", 2_000_000, 0, 20_000_000)
    refund = given_back(
        id="r", status="succeeded", money_micros=0, at=NOW, parts=[(line, 0, 1_000_000)]
    )
    assert refund.amount_micros == 10_000_000


def test_a_fee_for_restocking_is_kept_by_the_shop() -> None:
    line = Sold("1", "goods", 1_000_000, 50_000_000)
    refund = given_back(
        id="r",
        status="succeeded",
        money_micros=45_000_000,
        at=NOW,
        parts=[(line, 50_000_000, None)],
    )
    assert refund.amount_micros == refund.lines[0].amount_micros == 45_000_000


def test_a_code_leads_back_to_its_spend_in_whatever_case_a_shop_writes_it() -> None:
    spend = Spend("hld_01h455vb4pex5vsknk084sn02q", 1, "EUR")
    assert spend_of(code_of(spend).upper()) == spend.id
    assert spend_of("SUMMER20") is None
    assert spend_of("points-") is None
    assert spend_of(None) is None


def test_a_later_second_beats_all_that_grew_in_the_one_before() -> None:
    assert revision(NOW + timedelta(seconds=1)) > revision(NOW, 1, 99, 499_000)
    assert revision(NOW, 1) > revision(NOW, 0)


def test_tenders_of_nothing_are_left_out_and_points_name_their_redemption() -> None:
    found = tenders((("card", 5), ("card", 6), ("gift_card", 0)), {"hld_1": 7, "hld_2": 0})
    assert [(t.kind, t.amount_micros, t.redemption) for t in found] == [
        ("card", 11, None),
        ("points", 7, "hld_1"),
    ]


@pytest.mark.parametrize(
    ("micros", "currency", "text"),
    [(3_509_999, "EUR", "3.50"), (3_509_999, "JPY", "3"), (3_509_999, "KWD", "3.509")],
)
def test_money_for_a_shop_is_cut_to_its_currency_and_never_more(
    micros: int, currency: str, text: str
) -> None:
    assert money_text(micros, currency) == text


def test_the_next_page_is_the_one_marked_so_and_decoded() -> None:
    before = '<https://s/o?page_info=a%2Bb&limit=2>; rel="previous"'
    link = f'{before}, <https://s/o?page_info=c%3D>; rel="next"'
    assert next_page(Headers({"Link": link}), "page_info") == "c="
    assert next_page(Headers({"Link": before}), "page_info") is None
    assert next_page(Headers({}), "page") is None


def test_a_guest_is_nobody_and_a_card_is_read_from_the_field_that_is_set() -> None:
    assert customer(id=0, email="", phone=None, card=None) is None
    settings = Settings("EUR", "UTC", options={"card_attribute": "club"})
    fields = [{"name": "gift", "value": "yes"}, {"name": "club", "value": " 4006381333931 "}]
    assert card_named(fields, settings, name="name") == "4006381333931"
