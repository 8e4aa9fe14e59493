"""What a sale is worth: exact, rounded once, in any order of refunds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalition.agreements.reading import parse_terms
from coalition.agreements.terms import Rounding
from coalition.errors import HubError
from coalition.sales.domain import Line, Refund, RefundLine, Sale, Tender, merge_refunds
from coalition.sales.earning import apply_day_cap, points_of_sale, round_fraction
from tests.coalition_world import terms

EUR = 1_000_000


def sale(
    lines: list[Line], tenders: list[Tender] | None = None, refunds: list[Refund] | None = None
) -> Sale:
    return Sale(
        party_no=10,
        external_id="S-1",
        sale_id=uuid4(),
        account_id=None,
        revision=1,
        content_sha256=b"",
        occurred_at=datetime(2026, 3, 2, tzinfo=UTC),
        local_date=date(2026, 3, 2),
        store=None,
        store_time_zone=None,
        till=None,
        receipt=None,
        currency="EUR",
        agreement_no=1,
        document={
            "member": None,
            "lines": [[x.id, x.category, x.quantity_micros, x.amount_micros] for x in lines],
            "tenders": [[t.kind, t.amount_micros, t.redemption] for t in tenders or []],
        },
        refunds={refund.id: refund for refund in refunds or []},
    )


def worth(stated: Sale, **changes: Any) -> int:
    facts = stated.facts(face_micros=10_000)
    return points_of_sale(terms=parse_terms(terms(**changes)), facts=facts)


def line(amount: str, category: str = "food", quantity: int = 1, name: str = "1") -> Line:
    return Line(name, category, quantity * EUR, int(Fraction(amount) * EUR))


def back(amount: str, name: str = "r", **more: Any) -> Refund:
    return Refund(name, "succeeded", int(Fraction(amount) * EUR), **more)


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_rounding_rules_differ_by_less_than_a_point_and_agree_on_whole_ones(
    numerator: int, denominator: int
) -> None:
    exact = Fraction(numerator, denominator)
    rules: tuple[Rounding, ...] = ("floor", "ceiling", "half_up", "half_even")
    found = {rule: round_fraction(numerator, denominator, rule) for rule in rules}
    assert found["floor"] <= exact <= found["ceiling"] <= found["floor"] + 1
    assert found["half_even"] == round(exact)
    assert found["half_up"] == (exact + Fraction(1, 2)).__floor__()


def test_a_sale_is_rounded_once_or_by_line_as_the_terms_say() -> None:
    stated = sale([line("1.60", name="1"), line("1.60", name="2")])
    rules = [{"kind": "per_amount", "points": "1", "per": "1.00"}]
    assert worth(stated, earn={"rules": rules}) == 3
    assert worth(stated, earn={"rules": rules, "round_each": "line"}) == 2


@pytest.mark.parametrize("kind", ["points", "gift_card", "store_credit"])
def test_what_was_paid_with_points_gift_card_or_store_credit_earns_nothing(kind: str) -> None:
    tenders = [Tender(kind, 15 * EUR), Tender("card", 25 * EUR)]
    assert worth(sale([line("40.00")], tenders)) == 25


def test_a_refund_that_names_points_reduces_what_was_paid_with_points() -> None:
    tenders = [Tender("points", 10 * EUR), Tender("card", 30 * EUR)]
    # 10.00 came back, all of it as 1,000 points at 0.01: the 30.00 paid by card still earn.
    refunds = [back("10.00", redemption_id=uuid4(), points=1000)]
    assert worth(sale([line("40.00")], tenders, refunds)) == 30
    # The same 10.00 not named goes back as the sale was paid: a quarter of it as points.
    assert worth(sale([line("40.00")], tenders, [back("10.00")])) == 22


def test_a_minimum_is_of_what_earns() -> None:
    earn = {"rules": [{"kind": "per_amount", "points": "1", "per": "1.00"}], "minimum": "20.00"}
    assert worth(sale([line("20.00")]), earn=earn) == 20
    assert worth(sale([line("20.00")], refunds=[back("0.01")]), earn=earn) == 0


def test_litres_earn_and_litres_go_back() -> None:
    rules = [{"kind": "per_quantity", "points": "2", "per": "1", "categories": ["fuel"]}]
    stated = [line("45.00", "fuel", 30)]
    assert worth(sale(stated), earn={"rules": rules}) == 60
    part = (RefundLine("1", int(22.5 * EUR), 15 * EUR),)
    assert worth(sale(stated, refunds=[back("22.50", lines=part)]), earn={"rules": rules}) == 30
    unnamed = (RefundLine("1", 15 * EUR),)
    assert worth(sale(stated, refunds=[back("15.00", lines=unnamed)]), earn={"rules": rules}) == 40


AMOUNTS = st.lists(st.integers(1, 5_000), min_size=1, max_size=6)


@given(AMOUNTS, st.data())
def test_partial_refunds_that_add_up_to_the_whole_clear_to_zero_in_any_order(
    cents: list[int], data: st.DataObject
) -> None:
    lines = [Line(str(i), "food", (i + 1) * EUR, amount * 10_000) for i, amount in enumerate(cents)]
    refunds: list[Refund] = []
    for one in lines:
        cut = data.draw(st.integers(0, one.amount_micros))
        by_line = (RefundLine(one.id, cut),)
        refunds.append(Refund(f"l{one.id}", "succeeded", cut, by_line))
        refunds.append(Refund(f"a{one.id}", "succeeded", one.amount_micros - cut))
    shuffled = data.draw(st.permutations(refunds))
    rounding = data.draw(st.sampled_from(["floor", "ceiling", "half_up", "half_even"]))
    rules = [{"kind": "per_amount", "points": "7", "per": "3.00"}]
    earn = {"rules": rules, "rounding": rounding}
    assert worth(sale(lines, refunds=shuffled), earn=earn) == 0
    some = data.draw(st.integers(0, len(refunds)))
    assert worth(sale(lines, refunds=shuffled[:some]), earn=earn) == worth(
        sale(lines, refunds=list(reversed(shuffled[:some]))), earn=earn
    )


def test_refunds_beyond_the_sale_are_refused() -> None:
    for refunds in (
        [back("40.01")],
        [back("30.00", "a"), back("10.01", "b")],
        [back("41.00", lines=(RefundLine("1", 41 * EUR),))],
        [back("1.00", lines=(RefundLine("1", EUR, 2 * EUR),))],
    ):
        with pytest.raises(HubError, match="refund_exceeds_sale"):
            sale([line("40.00")], refunds=refunds).facts(face_micros=10_000)


def test_a_refund_of_an_unknown_line_is_refused_with_its_name() -> None:
    stated = sale([line("40.00")], refunds=[back("1.00", lines=(RefundLine("9", EUR),))])
    with pytest.raises(HubError, match="validation_failed") as caught:
        stated.facts(face_micros=10_000)
    assert "9" in caught.value.errors[0].detail


STATUSES = st.sampled_from(["pending", "succeeded", "failed"])


@given(st.lists(st.tuples(st.sampled_from("abc"), STATUSES), max_size=12))
def test_refunds_end_the_same_in_whatever_order_their_statuses_are_told(
    told: list[tuple[str, str]],
) -> None:
    def end(order: list[tuple[str, str]]) -> dict[str, Refund]:
        known: dict[str, Refund] = {}
        for name, status in order:
            merge_refunds(known, [Refund(name, status, EUR)])
        return known

    assert end(told) == end(sorted(told)) == end(told + told)


def test_one_refund_id_with_two_amounts_is_a_conflict() -> None:
    known: dict[str, Refund] = {}
    merge_refunds(known, [Refund("r1", "pending", EUR)])
    with pytest.raises(HubError, match="refund_conflict"):
        merge_refunds(known, [Refund("r1", "succeeded", 2 * EUR)])


@given(st.lists(st.integers(0, 100), max_size=8), st.integers(0, 300))
def test_a_member_day_earns_at_most_its_cap_first_come_first_served(
    worths: list[int], cap: int
) -> None:
    granted = apply_day_cap(worth=worths, cap=cap)
    assert sum(granted) == min(cap, sum(worths))
    assert all(0 <= g <= w for g, w in zip(granted, worths, strict=True))
    short = [i for i, (g, w) in enumerate(zip(granted, worths, strict=True)) if g < w]
    assert all(granted[i] == 0 for i in short[1:])
