"""How many of the points that paid an order come back with its refunds."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from adapters.contract import Line, Order, Refund
from adapters.webshop import Sold, given_back
from coalition.checkouts.spends.domain import points_back

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def order_of(line: Sold, refunds: tuple[Refund, ...]) -> Order:
    return Order(
        id="1",
        revision=1,
        status="paid",
        occurred_at=NOW,
        currency="EUR",
        lines=(line.line(),),
        refunds=refunds,
    )


def refund(line: Sold, money: int, name: int = 0) -> Refund:
    """Money that no line is named for."""
    return given_back(
        id=str(name), status="succeeded", money_micros=money, at=NOW, parts=(), of=(line,)
    )


def test_when_all_the_money_is_given_back_in_whatever_parts_all_the_points_are() -> None:
    random = Random(7)
    for _ in range(300):
        money = [random.randrange(10, 10**6) * 10_000 for _ in range(random.randrange(1, 7))]
        points = random.randrange(1, 10**6)
        line = Sold("1", "goods", 1_000_000, sum(money), points * 10_000)
        given = tuple(refund(line, each, name) for name, each in enumerate(money))
        assert points_back(order=order_of(line, given), used=points) == points
        before = points_back(order=order_of(line, given[:-1]), used=points)
        assert before < points, "they come back with the last refund, and not before"
        assert before <= points * sum(money[:-1]) / sum(money)


def test_a_cent_that_is_kept_keeps_its_share_of_the_points() -> None:
    line = Sold("1", "goods", 1_000_000, 10_000_000, 10_000_000)
    assert points_back(order=order_of(line, (refund(line, 9_990_000),)), used=1000) == 999


def test_what_a_shop_and_its_adapter_round_otherwise_keeps_no_point() -> None:
    # 3.33 of 17.01 are 1.95 and 1.38 to the shop, which gave back 8.05 and 5.63.
    lines = (
        Sold("1", "goods", 1_000_000, 8_042_329, 1_957_671),
        Sold("2", "goods", 1_000_000, 5_637_671, 1_372_329),
    )
    given = tuple(
        given_back(
            id=line.id, status="succeeded", money_micros=money, at=NOW, parts=[(line, money, None)]
        )
        for line, money in zip(lines, (8_050_000, 5_630_000), strict=True)
    )
    whole = Order("1", 1, "paid", NOW, "EUR", tuple(line.line() for line in lines), (), given)
    assert points_back(order=whole, used=333) == 333


def test_no_points_come_back_of_what_was_not_refunded_or_only_failed() -> None:
    line = Sold("1", "goods", 1_000_000, 1_000_000, 1_000_000)
    failed = Refund("1", "failed", 2_000_000)
    assert points_back(order=order_of(line, (failed,)), used=100) == 0
    empty = Order("1", 1, "paid", NOW, "EUR", (Line("1", "goods", 1_000_000, 0),))
    assert points_back(order=empty, used=100) == 0
