"""What the hub is told of an order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.conformance.points import points_of_sale
from adapters.contract import Line, Malformed, Order, Refund, RefundLine, Settings
from adapters.sale import to_sale, wire_id
from partner_sdk.wire.sales import MemberRef, Sale

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SETTINGS = Settings("EUR", "Europe/Kyiv", categories={"sku-1": "fuel"})
MICROS = 1_000_000


def order(**kwargs: object) -> Order:
    lines = (Line("L1", "goods", MICROS, 10 * MICROS), Line("L2", "goods", MICROS, 5 * MICROS))
    facts: dict[str, object] = {"lines": lines, **kwargs}
    return Order("7", 1, facts.pop("status", "paid"), AT, "EUR", **facts)  # type: ignore[arg-type]  # by name


def sale_of(found: Order) -> Sale:
    sale = to_sale(order=found, settings=SETTINGS, member=MemberRef(reference="77"))
    assert sale is not None
    return sale


def test_an_open_order_is_not_stated_and_a_cancelled_one_says_so() -> None:
    assert to_sale(order=order(status="open"), settings=SETTINGS, member=None) is None
    assert sale_of(order(status="cancelled")).cancelled


def test_a_category_that_is_mapped_is_the_agreements() -> None:
    lines = (Line("L1", "sku-1", MICROS, MICROS), Line("L2", "sku-2", MICROS, MICROS))
    assert [line.category for line in sale_of(order(lines=lines)).lines] == ["fuel", "sku-2"]


def test_an_order_without_lines_or_with_one_below_zero_is_malformed() -> None:
    for lines in ((), (Line("L1", "goods", MICROS, -1),), (Line("L1", "goods", -1, 1),)):
        with pytest.raises(Malformed):
            sale_of(order(lines=lines))


def test_more_given_back_than_sold_leaves_a_sale_of_which_nothing_is_kept() -> None:
    by_amount = Refund("r1", "succeeded", 20 * MICROS)
    assert points_of_sale(sale_of(order(refunds=(by_amount,)))) == 0
    of_line = Refund(
        "r2", "succeeded", 12 * MICROS, lines=(RefundLine("L1", 12 * MICROS, 2 * MICROS),)
    )
    assert points_of_sale(sale_of(order(refunds=(of_line,)))) == 5


def test_a_refund_that_failed_makes_no_line_larger() -> None:
    failed = Refund("r1", "failed", 20 * MICROS)
    assert points_of_sale(sale_of(order(refunds=(failed,)))) == 15


@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=200))
def test_ids_fit_what_sales_allow_and_stay_apart(one: str, other: str) -> None:
    for text in (one, other):
        assert len(wire_id(text)) <= 64
        assert wire_id(text) == wire_id(text)
    assert (wire_id(one) == wire_id(other)) == (one == other)


def test_an_id_that_fits_stays_as_it_is() -> None:
    assert wire_id("pi_3Abc.D~e-f") == "pi_3Abc.D~e-f"
    assert wire_id("x" * 65) != "x" * 64
