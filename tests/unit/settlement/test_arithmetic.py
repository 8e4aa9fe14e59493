"""The formula behind an amount: the rule that gives exactly what was posted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalition.ledger.pricing import share_of as share_as_posted
from settlement.domain.arithmetic import Pricing, explain_amount, share_of

TERMS = {
    "fees": {"issue_per_point": "0.0005", "redemption_share": "0.025"},
    "breakage_issuer_share": "0.6",
}


def pricing(**changes: object) -> Pricing:
    values: dict[str, object] = {
        "points": 30,
        "currency": "EUR",
        "issue_price_micros": 11_000,
        "redemption_price_micros": 12_000,
        "issuer_terms": TERMS,
        "face_micros": 10_000,
        "redemption_points": 70,
        "redeemer_terms": TERMS,
    }
    return Pricing(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "micros", "said"),
    [
        ("issue", 330_000, "30 points × 0.011000 EUR (the issue price) = 0.330000 EUR"),
        ("issue_fee", 15_000, "30 points × 0.000500 EUR (the agreement's fee"),
        ("redemption", 300_000, "the lower of face value 0.010000 and redemption price 0.012000"),
        ("margin", 60_000, "30 points × 0.002000 EUR (what the redemption price is above"),
        ("redemption_fee", 7_500, "0.025 (the redeemer's share) × 30 points × 0.010000 EUR"),
        ("redemption_fee", 17_500, "0.025 (the redeemer's share) × 70 points × 0.010000 EUR"),
        ("breakage", 198_000, "0.6 (the issuer's share) × 30 points × 0.011000 EUR"),
        ("breakage", 132_000, "less the issuer's share of 0.198000 = 0.132000 EUR"),
        ("clawback", 330_000, "(the issue price, undone)"),
        ("clawback", 360_000, "(the redemption price, undone)"),
        ("clawback", 123, "0.000123 EUR, the mirror of a part of what the corrected"),
    ],
)
def test_each_kind_of_obligation_has_its_formula(kind: str, micros: int, said: str) -> None:
    assert said in explain_amount(kind=kind, amount_micros=micros, pricing=pricing())


def test_where_face_value_is_above_the_price_the_operator_adds_the_difference() -> None:
    found = explain_amount(
        kind="subsidy", amount_micros=90_000, pricing=pricing(redemption_price_micros=7_000)
    )
    assert found.startswith("30 points × 0.003000 EUR (what face value is above")


@given(st.integers(0, 10**15), st.integers(0, 1_000_000))
def test_a_share_is_rounded_as_it_was_posted(amount: int, share: int) -> None:
    assert share_of(amount_micros=amount, share_micros=share) == share_as_posted(amount, share)
